"""Greedy colouring of graphs. A graph is the neighbours of each vertex, in the order of its edges.

Ties are broken as in the reference, so that the same groups come out.
"""

from collections.abc import Callable, Iterable
from typing import Final

Graph = dict[int, list[int]]
Colours = dict[int, int]


def graph(chosen: Iterable[int], edges: Iterable[tuple[int, int]]) -> Graph:
    """Build a graph of all vertices between the first and the last of *chosen*.

    Edges that end at others are left out, so those are free; equal edges count each.
    """
    known = set(chosen)
    found: Graph = {vertex: [] for vertex in range(min(known), max(known) + 1)}
    for one, two in edges:
        if one in known and two in known:
            # The newest edge comes first.
            found[one].insert(0, two)
    return found


def _free_colour(around: Iterable[int], colours: Colours) -> int:
    taken = {colours[vertex] for vertex in around if vertex in colours}
    colour = 0
    while colour in taken:
        colour += 1
    return colour


def largest_first(of: Graph) -> Colours:
    """Colour the vertices with the most neighbours first; of equals the last."""
    colours: Colours = {}
    for vertex in sorted(of, key=lambda vertex: (len(of[vertex]), vertex), reverse=True):
        colours[vertex] = _free_colour(of[vertex], colours)
    return colours


def _dynamic(of: Graph, rank: Callable[[list[int]], int]) -> Colours:
    """Colour the vertex with the highest rank next, again and again; of equals the last."""
    colours: Colours = {}
    left = sorted(of)
    while left:
        order = [
            (rank([colours[v] for v in of[vertex] if v in colours]), len(of[vertex]))
            for vertex in left
        ]
        best = max(order)
        at = len(order) - 1 - order[::-1].index(best)
        vertex = left.pop(at)
        colours[vertex] = _free_colour(of[vertex], colours)
    return colours


def saturation(of: Graph) -> Colours:
    """Colour by the number of different colours around a vertex."""
    return _dynamic(of, lambda around: len(set(around)))


def coloured_neighbours(of: Graph) -> Colours:
    """Colour by the number of coloured neighbours."""
    return _dynamic(of, len)


ALGORITHMS: Final = (
    ("LF", largest_first),
    ("Dsatur", saturation),
    ("Dcolor", coloured_neighbours),
)


def classes(colours: Colours) -> list[list[int]]:
    """Return the vertices of each colour, colours and vertices in order."""
    found: dict[int, list[int]] = {}
    for vertex in sorted(colours):
        found.setdefault(colours[vertex], []).append(vertex)
    return [found[colour] for colour in sorted(found)]

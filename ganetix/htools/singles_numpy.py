"""The scores of one new instance on all single nodes at once, in NumPy."""

import numpy as np

from ganetix.htools.limits import Floats
from ganetix.htools.model import Instance, Node, Nodes
from ganetix.htools.placement import with_primary
from ganetix.htools.score import COMPONENTS, doubled_pairs, in_order, node_values


class SingleScan:
    """All single nodes of a cluster for one size of instance."""

    def __init__(self, inst: Instance) -> None:
        self._inst = inst
        self._known: dict[int, tuple[Node, tuple[float, ...], tuple[float, ...]]] = {}

    def _values(self, node: Node) -> tuple[tuple[float, ...], tuple[float, ...]]:
        known = self._known.get(node.idx)
        if known is None or known[0] is not node:
            new = node_values(with_primary(node, self._inst))
            known = self._known[node.idx] = (node, node_values(node), new)
        return known[1], known[2]

    def scores(self, nodes: Nodes, places: list[int]) -> list[float]:
        """Return the score with the instance on each of *places*, which are online."""
        ordered = in_order(nodes)
        online = [node for node in ordered if not node.offline]
        position = {node.idx: at for at, node in enumerate(online)}
        old = np.array([self._values(node)[0] for node in online])
        away = [node_values(node) for node in ordered if node.offline]
        pairs = self._pairs(online, places)
        results: list[float] = []
        size = max(1, (1 << 20) // max(1, old.size))
        for at in range(0, len(places), size):
            chunk = places[at : at + size]
            cube = np.repeat(old[None], len(chunk), axis=0)
            for row, idx in enumerate(chunk):
                cube[row, position[idx]] = self._values(nodes[idx])[1]
            results += self._weigh(cube, away, pairs[at : at + size])
        return results

    def _pairs(self, online: list[Node], places: list[int]) -> list[float]:
        if not self._inst.exclusion:
            return [doubled_pairs(online)] * len(places)
        found = []
        for idx in places:
            own = next(node for node in online if node.idx == idx)
            others = [node for node in online if node.idx != idx]
            found.append(doubled_pairs([*others, with_primary(own, self._inst)]))
        return found

    @staticmethod
    def _weigh(cube: Floats, away: list[tuple[float, ...]], pairs: list[float]) -> list[float]:
        sums = np.add.accumulate(cube, axis=1)[:, -1]
        count = float(cube.shape[1])
        distance = cube - (sums / count)[:, None]
        spread = np.add.accumulate(distance * distance, axis=1)[:, -1]
        deviations = np.sqrt(spread / count)
        total = np.zeros(len(cube))
        for place, (_name, weight, kind) in enumerate(COMPONENTS):
            if kind == "dev":
                value: Floats = deviations[:, place]
            elif kind == "off":
                value = np.full(len(cube), float(sum(row[place] for row in away)))
            elif kind == "map":
                value = np.array(pairs)
            else:
                value = sums[:, place]
            total = total + value * weight
        found: list[float] = total.tolist()
        return found

"""What looking for a place found: the place, how many there were, why the others failed."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from ganetix.htools.faults import FailMode
from ganetix.htools.fixed import fixed
from ganetix.htools.model import Group, Instance, Instances, Node, Nodes

M = TypeVar("M", bound=float | tuple[tuple[int, ...], int])
Metric = float | tuple[tuple[int, ...], int]


class Place(NamedTuple):
    """One place for an instance: the nodes with it (primary first), and the metric there."""

    inst: Instance
    nodes: tuple[Node, ...]
    metric: Metric


class Solution(NamedTuple):
    """The best place, the number of good places, the number of failures of each kind."""

    place: Place | None
    good: int
    failures: dict[FailMode, int]
    log: tuple[str, ...] = ()


def merge(counts: dict[FailMode, int], fault: FailMode, number: int = 1) -> None:
    """Count *number* failures more, in place."""
    if number:
        counts[fault] = counts.get(fault, 0) + number


def total(counts: dict[FailMode, int]) -> int:
    """Return the number of all failures."""
    return sum(counts.values())


def ranked(places: Sequence[Place]) -> list[Place]:
    """Sort by metric; of equals, the last found comes first."""
    backwards = list(places)[::-1]
    return sorted(backwards, key=lambda place: place.metric)


def choose(
    places: Sequence[Place], failures: dict[FailMode, int], accept: Callable[[Place], bool]
) -> Solution:
    """Take the best of *places* that *accept* takes; those before it failed N+1."""
    dropped = 0
    counts = dict(failures)
    for place in ranked(places):
        if accept(place):
            merge(counts, FailMode.FailN1, dropped)
            return Solution(place, len(places) - dropped, counts)
        dropped += 1
    merge(counts, FailMode.FailN1, dropped)
    return Solution(None, len(places) - dropped, counts)


def best_of(solutions: Iterable[Solution]) -> Solution:
    """Put partial solutions together; of equal places the last wins."""
    best: Place | None = None
    good = 0
    counts: dict[FailMode, int] = {}
    for part in solutions:
        good += part.good
        for fault, number in part.failures.items():
            merge(counts, fault, number)
        if part.place is not None and (best is None or not best.metric < part.place.metric):  # type: ignore[operator] # metrics of one run are of one type
            best = part.place
    return Solution(best, good, counts)


def show_metric(metric: Metric) -> str:
    """Write a metric for messages."""
    if isinstance(metric, float):
        return fixed(metric, 8)
    lost, disk = metric
    return f"([{','.join(str(value) for value in lost)}],{disk})"


def describe(solution: Solution) -> str:
    """Describe a solution in one sentence."""
    counts = sorted(solution.failures.items())
    reasons = ", ".join(f"{fault.name}: {number}" for fault, number in counts)
    if solution.place is None:
        return f"No valid allocation solutions, failure reasons: {reasons or 'unknown reasons'}"
    names = "/".join(node.name for node in solution.place.nodes)
    return (
        f"score: {show_metric(solution.place.metric)}, successes {solution.good},"
        f" failures {total(solution.failures)} ({reasons}) for node(s) {names}"
    )


def annotated(solution: Solution) -> Solution:
    """Put the description of *solution* at the start of its log."""
    return solution._replace(log=(describe(solution), *solution.log))


def group_log(group: Group, found: Solution | str) -> list[str]:
    """Return the messages of looking in *group*; a text is an error."""
    if isinstance(found, str):
        return [f"Group {group.name}: error {found}"]
    return [f"Group {group.name} ({group.alloc_policy}): {line}" for line in found.log]


def settle(nodes: Nodes, instances: Instances, place: Place) -> tuple[Nodes, Instances]:
    """Return the cluster with the instance at its place, under the next free number."""
    new = len(instances)
    old = place.inst.idx

    def renumber(members: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(new if idx == old and idx < 0 else idx for idx in members)

    changed = {
        node.idx: node._replace(
            primaries=renumber(node.primaries), secondaries=renumber(node.secondaries)
        )
        for node in place.nodes
    }
    return {**nodes, **changed}, {**instances, new: place.inst._replace(idx=new)}

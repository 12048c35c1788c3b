"""How plans are shown: tables and sentences for people, plain values for programs."""

from collections.abc import Iterable, Sequence
from typing import Any

from ganetix.cli.table import Column, Style, render
from ganetix.htools.fixed import fixed
from ganetix.htools.plans import Candidate
from ganetix.htools.proposals import Proposal

_SHIFTS = (Column("Instance"), Column("From"), Column("To"))


def proposal_lines(found: Proposal) -> Iterable[str]:
    """Return the lines of a proposal."""
    if found.shifts:
        rows = [[one.instance, _homes(one.old), _homes(one.new)] for one in found.shifts]
        yield from render(_SHIFTS, rows, Style())
    else:
        yield "Nothing would move."
    for name, why in found.failed:
        yield f"Instance {name} can't be moved: {why}."
    yield (
        f"Score: {fixed(found.before, 8)} now, {fixed(found.after, 8)} afterwards; lower is better."
    )
    yield survival(redundant=(found.redundant_before, found.redundant_after))
    for name in found.unhappy_after:
        yield f"Node {name} could not take over what it holds mirrors for."


def survival(*, redundant: tuple[bool, bool]) -> str:
    """Say whether the loss of a node would be survived, before and after."""
    return {
        (True, True): "N+1: the cluster survives the loss of any one node, now and afterwards.",
        (True, False): "N+1: the cluster would not survive the loss of any one node any more.",
        (False, True): "N+1: the cluster would survive the loss of any one node again.",
        (False, False): "N+1: the cluster does not survive the loss of any one node, "
        "neither now nor afterwards.",
    }[redundant]


def _homes(names: Sequence[str]) -> str:
    return ":".join(names) or "-"


def proposal_values(found: Proposal) -> dict[str, Any]:
    """Return a proposal for programs."""
    return {
        "moves": [
            {"instance": one.instance, "from": list(one.old), "to": list(one.new)}
            for one in found.shifts
        ],
        "failed": [{"instance": name, "reason": why} for name, why in found.failed],
        "score_before": found.before,
        "score_after": found.after,
        "n1_before": found.redundant_before,
        "n1_after": found.redundant_after,
        "unhappy_nodes_before": list(found.unhappy_before),
        "unhappy_nodes_after": list(found.unhappy_after),
    }


def candidate_values(one: Candidate) -> dict[str, Any]:
    """Return a place for programs."""
    return {"nodes": list(one.nodes), "score": one.score, "lacks": one.lacks}

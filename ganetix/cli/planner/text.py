"""How plans are shown: tables and sentences for people, plain values for programs."""

from collections.abc import Iterable, Sequence
from typing import Any

from ganetix.cli.table import Column, Style, render
from ganetix.htools.fixed import fixed
from ganetix.htools.plans import Candidate, Outcome
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
        f"Score: {fixed(found.before.score, 8)} now, {fixed(found.after.score, 8)} afterwards; "
        "lower is better."
    )
    yield survival(found.before, found.after)
    for name in found.after.unhappy:
        yield f"Node {name} could not take over what it holds mirrors for."


def survival(before: Outcome, after: Outcome) -> str:
    """Say whether the loss of a node would be survived, before and after."""
    return {
        (True, True): "N+1: the cluster survives the loss of any one node, now and afterwards.",
        (True, False): "N+1: the cluster would not survive the loss of any one node any more.",
        (False, True): "N+1: the cluster would survive the loss of any one node again.",
        (False, False): "N+1: the cluster does not survive the loss of any one node, "
        "neither now nor afterwards.",
    }[before.redundant, after.redundant]


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
        **outcome_values(found.before, found.after),
        "unhappy_nodes_before": list(found.before.unhappy),
        "unhappy_nodes_after": list(found.after.unhappy),
    }


def outcome_values(before: Outcome, after: Outcome) -> dict[str, Any]:
    """Return scores and N+1 before and after for programs."""
    return {
        "score_before": before.score,
        "score_after": after.score,
        "n1_before": before.redundant,
        "n1_after": after.redundant,
    }


def candidate_values(one: Candidate) -> dict[str, Any]:
    """Return a place for programs."""
    return {"nodes": list(one.nodes), "score": one.score, "lacks": one.lacks}

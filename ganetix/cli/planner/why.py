"""gnt-instance why."""

from argparse import Namespace
from collections.abc import Iterable
from typing import Any, Final

from ganetix import errors
from ganetix.cli import output
from ganetix.cli.context import Context
from ganetix.cli.planner import model, text
from ganetix.htools.fixed import fixed
from ganetix.htools.model import DRBD, MIRROR_EXTERNAL
from ganetix.htools.plans import Candidate
from ganetix.htools.reasons import lacking
from ganetix.htools.why import Elsewhere, Why, find_instance, why

SHOWN: Final = 10
"""Places that are told one by one; programs get all."""


def explain(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Say why an instance is where it is, and what moving it would give."""
    cluster = model.load(context)
    inst = model.planned(lambda: find_instance(cluster, arguments[0]), errors.NOENT)
    found = model.planned(lambda: why(cluster, inst))
    output.show(context, options, _values(found), lambda: _lines(found))
    return 0


def _lines(found: Why) -> Iterable[str]:
    home = ":".join(found.nodes)
    yield f"Instance {found.inst.name} is on {home} in group {found.group}."
    yield f"The cluster's score is {fixed(found.score, 8)} now; lower is better."
    if found.lacks is not None:
        yield f"It would not be put there anew: not enough {found.lacks}."
    possible = [one for one in found.others if one.score is not None]
    if not possible:
        yield "There is no other place for it in its group."
    elif found.better:
        yield f"Of the {len(possible)} other possible places {len(found.better)} would be better."
    else:
        yield f"None of the {len(possible)} other possible places would be better."
    yield from (f"  {_place(one, found.score)}" for one in possible[:SHOWN])
    yield from (f"  {line}" for line in lacking([one for one in found.others if one.lacks]))
    yield from (_group(one, found.score) for one in found.elsewhere)
    yield _how(found)


def _place(one: Candidate, now: float) -> str:
    reached = one.score or 0.0
    names = ":".join(one.nodes)
    if reached == now:
        return f"{names}: the same score."
    word = "better" if reached < now else "worse"
    return f"{names}: score {fixed(reached, 8)}, {word} by {fixed(abs(reached - now), 8)}."


def _group(one: Elsewhere, now: float) -> str:
    possible = [place for place in one.places if place.score is not None]
    if possible:
        return f"In group {one.group} the best place is {_place(possible[0], now)}"
    told = " ".join(lacking([place for place in one.places if place.lacks])) or "it has no nodes."
    return f"In group {one.group} there is no place: {told}"


def _how(found: Why) -> str:
    """Say which command moves such an instance."""
    name, template = found.inst.name, found.inst.template
    if template == DRBD:
        return (
            f"'gnt-instance migrate {name}' swaps its nodes, 'gnt-instance replace-disks -n NODE "
            f"{name}' gives its mirror another one."
        )
    if template in MIRROR_EXTERNAL:
        return f"'gnt-instance migrate -n NODE {name}' moves it."
    return (
        f"Its disks of template {template} are on its node alone: 'gnt-instance move -n NODE "
        f"{name}' stops it and copies them."
    )


def _values(found: Why) -> dict[str, Any]:
    return {
        "instance": found.inst.name,
        "nodes": list(found.nodes),
        "group": found.group,
        "disk_template": found.inst.template,
        "score": found.score,
        "lacks": found.lacks,
        "others": [text.candidate_values(one) for one in found.others],
        "elsewhere": [
            {"group": one.group, "places": [text.candidate_values(at) for at in one.places]}
            for one in found.elsewhere
        ],
    }

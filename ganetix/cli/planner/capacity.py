"""gnt-cluster capacity."""

from argparse import Namespace
from collections.abc import Iterable
from typing import Any, Final

from ganetix import errors
from ganetix.cli import output
from ganetix.cli.context import Context
from ganetix.cli.planner import model
from ganetix.cli.units import format_size
from ganetix.htools import room
from ganetix.htools.capacity import Size
from ganetix.htools.model import LOCAL_STORAGE, Cluster
from ganetix.htools.room import Capacity, Fill
from ganetix.htools.totals import Totals

WIDTH: Final = 40
"""Characters of a bar."""


def capacity(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Say how many more instances fit, and what runs out first."""
    cluster = model.load(context)
    template = _template(context, cluster, options.disk_template)
    size, first = room.standard_size(cluster), room.largest_sizes(cluster)
    found = model.planned(lambda: room.room(cluster, size, first, template))
    chart = context.world.stdout.isatty()
    output.show(
        context,
        options,
        _values(found, size, template),
        lambda: lines(found, size, template, chart=chart),
    )
    return 0


def _template(context: Context, cluster: Cluster, given: str | None) -> str:
    """Return the disk template of the instances to count: the first that is allowed."""
    enabled: list[str] = context.call("QueryClusterInfo")["enabled_disk_templates"]
    allowed = [name for name in enabled if name in cluster.policy.templates]
    if given is not None and given not in enabled:
        raise errors.OpPrereqError(
            f"Disk template {given} is not enabled in this cluster (enabled: "
            f"{', '.join(enabled)}).",
            errors.INVAL,
        )
    if given is None and not allowed:
        raise errors.OpPrereqError(
            "The cluster's instance policy allows none of the enabled disk templates.",
            errors.STATE,
        )
    return given or allowed[0]


def lines(found: Capacity, size: Size, template: str, *, chart: bool) -> Iterable[str]:
    """Return what is said of *found*, with the chart where it can be seen."""
    for name in found.unhappy:
        yield f"Node {name} fails N+1 already; mend that first, nothing fits before."
    yield (
        f"Standard instances of {_shown(size)}, disk template {template}: {found.standard.total} "
        f"more fit{_limit(found.standard)}."
    )
    yield f"Instances that shrink when no more fit: {found.tiered.total} more fit" + (
        f"{_limit(found.tiered)}{':' if found.tiered.total else '.'}"
    )
    for one, count in found.tiered.sizes:
        yield f"  {count:5d} of {_shown(one)}"
    if template not in LOCAL_STORAGE:
        yield f"Room for disks is counted for drbd and plain alone, not for {template}."
    if chart:
        yield from _chart(found)


def _shown(size: Size) -> str:
    return (
        f"{size.cpus} CPU{'' if size.cpus == 1 else 's'}, {format_size(size.memory, 'h')} memory, "
        f"{format_size(size.disk, 'h')} disk"
    )


def _limit(fill: Fill) -> str:
    return "" if fill.limit is None else f"; first to run out: {fill.limit}"


def _chart(found: Capacity) -> Iterable[str]:
    """Draw what is used now, and what standard instances would use of the rest."""
    yield ""
    for name, total, now, then in _rows(found.before, found.standard.after):
        used = round(WIDTH * now / total) if total else 0
        more = round(WIDTH * then / total) - used if total else 0
        rest = max(0, WIDTH - used - more)
        share = 100 * now / total if total else 0.0
        yield f"{name:>6} {'█' * used}{'▒' * more}{'·' * rest} {share:3.0f}% used"
    yield "       █ used now   ▒ standard instances   · left over"


def _rows(before: Totals, after: Totals) -> list[tuple[str, float, float, float]]:
    return [
        ("memory", before.t_mem, before.t_mem - before.f_mem, before.t_mem - after.f_mem),
        ("disk", before.t_disk, before.i_disk, after.i_disk),
        ("CPUs", before.v_cpu, before.i_cpu, after.i_cpu),
    ]


def _values(found: Capacity, size: Size, template: str) -> dict[str, Any]:
    return {
        "disk_template": template,
        "standard": {"size": size._asdict(), "count": found.standard.total,
                     "runs_out_first": found.standard.limit},
        "tiered": {
            "sizes": [{"size": one._asdict(), "count": n} for one, n in found.tiered.sizes],
            "count": found.tiered.total,
            "runs_out_first": found.tiered.limit,
        },
        "resources": {
            name: {"total": total, "used": now, "used_with_standard": then}
            for name, total, now, then in _rows(found.before, found.standard.after)
        },
        "unhappy_nodes": list(found.unhappy),
    }  # fmt: skip

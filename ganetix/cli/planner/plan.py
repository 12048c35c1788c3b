"""--plan: what an operation would move where, before it is done."""

from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from ganetix import errors
from ganetix.cli import output
from ganetix.cli.context import Context
from ganetix.cli.planner import model, text
from ganetix.htools import proposals
from ganetix.htools.allocate import Wanted
from ganetix.htools.build import marks
from ganetix.htools.model import MOVABLE, Cluster, Disk, Instance, required_nodes
from ganetix.htools.options import DEFAULT_OPTIONS
from ganetix.htools.proposals import Proposal
from ganetix.htools.reasons import places, sentences

DRBD_META = 128
"""MiB that a mirrored disk has beside its data."""


def evacuate_node(context: Context, options: Namespace, name: str, mode: str) -> int:
    """Show what the evacuation of the node *name* would move."""
    _require_hail(options)
    cluster = model.load(context)
    chosen = DEFAULT_OPTIONS._replace(ignore_soft_errors=options.ignore_soft_errors)
    node = model.node(cluster, name)

    def work() -> Proposal:
        if options.dst_node is None:
            return proposals.evacuation(cluster, node, mode, chosen)
        target = model.node(cluster, options.dst_node)
        return proposals.mirrors_to(cluster, node, target, chosen)

    return _show(context, options, model.planned(work))


def evacuate_group(context: Context, options: Namespace, name: str) -> int:
    """Show what the evacuation of the group *name* would move."""
    _require_hail(options)
    cluster = model.load(context)
    group = _group(cluster, name)
    goals = [_group(cluster, one) for one in options.to or ()]
    if group in goals or len(cluster.groups) == 1:
        raise errors.OpPrereqError(f"Group {name} has no other group to go to.", errors.INVAL)
    found = model.planned(lambda: proposals.group_evacuation(cluster, group, goals))
    return _show(context, options, found)


def _group(cluster: Cluster, name: str) -> int:
    for idx, group in cluster.groups.items():
        if name in (group.name, group.uuid):
            return idx
    raise errors.OpPrereqError(f"There is no group {name}. See: gnt-group list", errors.NOENT)


def create(context: Context, options: Namespace, op: dict[str, Any]) -> int:
    """Show where the instance that *op* creates would go."""
    _require_hail(options)
    cluster = model.load(context)
    inst = _instance(context, cluster, op)
    wanted = Wanted(inst, required_nodes(inst.template), op.get("group_name"))
    given = [name for name in (op.get("pnode"), op.get("snode")) if name]

    def work() -> Proposal:
        if not given:
            return proposals.creation(cluster, wanted)
        homes = [model.node(cluster, name) for name in given]
        return proposals.creation_at(cluster, inst, homes)

    found = model.planned(work)
    chosen = found.shifts[0].new
    why = sentences(places(DEFAULT_OPTIONS, cluster, wanted, chosen), found.before.score)
    return _show(context, options, found, why)


def _instance(context: Context, cluster: Cluster, op: dict[str, Any]) -> Instance:
    """Return the new instance as the planner counts it."""
    info = context.call("QueryClusterInfo")
    template = op.get("disk_template") or info["enabled_disk_templates"][0]
    backend = {**info["beparams"]["default"], **_memory(op.get("beparams") or {})}
    sizes = [int(disk.get("size", 0)) for disk in op["disks"]]
    meta = DRBD_META * len(sizes) if template == "drbd" else 0
    inst = Instance(
        -1, op["instance_name"], op["instance_name"], mem=int(backend["maxmem"]),
        disk=sum(sizes) + meta, disks=tuple(Disk(size, None) for size in sizes),
        vcpus=int(backend["vcpus"]), status="running", primary=0, secondary=0,
        template=template, tags=tuple(op.get("tags") or ()),
        spindle_use=int(backend["spindle_use"]), movable=template in MOVABLE,
    )  # fmt: skip
    return marks(cluster.tags).apply(inst)


def _memory(given: dict[str, Any]) -> dict[str, Any]:
    """Return backend parameters in which ``memory`` is what it stands for."""
    named = {"maxmem": given["memory"]} if "memory" in given else {}
    return {**given, **named}


def _require_hail(options: Namespace) -> None:
    if options.iallocator not in {None, ".", "hail"}:
        raise errors.OpPrereqError(
            f"--plan shows what hail would choose, not what {options.iallocator} would; leave -I "
            "out.",
            errors.INVAL,
        )


def _show(context: Context, options: Namespace, found: Proposal, why: Sequence[str] = ()) -> int:
    """Print the plan and its reasons; return 1 if something can't be moved."""
    values = {**text.proposal_values(found), "reasons": list(why)}
    output.show(context, options, values, lambda: [*text.proposal_lines(found), *why])
    return int(bool(found.failed))

"""Clusters as the master daemon and the remote API describe them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ganetix.htools.build import Raw, RawNode
from ganetix.htools.faults import PlanError
from ganetix.htools.fields import item
from ganetix.htools.iallocator import policy
from ganetix.htools.model import (
    ALLOC_POLICIES,
    DRBD,
    MOVABLE,
    NO_NODE,
    STATUSES,
    TEMPLATES,
    Disk,
    Group,
    Instance,
    NodeSpec,
)

Json = Mapping[str, Any]
Call = Callable[..., Any]
Get = Callable[[str], Any]

GROUP_FIELDS: Final = ("uuid", "name", "alloc_policy", "ipolicy", "tags")
NODE_FIELDS: Final = (
    "name", "mtotal", "mnode", "mfree", "dtotal", "dfree", "ctotal", "cnos", "offline", "drained",
    "vm_capable", "ndp/spindle_count", "group.uuid", "tags", "ndp/exclusive_storage", "sptotal",
    "spfree", "ndp/cpu_speed",
)  # fmt: skip
INSTANCE_FIELDS: Final = (
    "name", "disk_usage", "be/memory", "be/vcpus", "status", "pnode", "snodes", "tags",
    "be/auto_balance", "disk_template", "be/spindle_use", "disk.sizes", "disk.spindles",
    "forthcoming",
)  # fmt: skip
NORMAL: Final = 0


def _rows(call: Call, what: str, fields: Sequence[str]) -> list[dict[str, Any]]:
    """Query *what*; fields without data are left out of the rows."""
    answer = call("Query", what, list(fields), None)
    return [
        {
            field: value
            for field, (status, value) in zip(fields, row, strict=True)
            if status == NORMAL and value is not None
        }
        for row in item(answer, "data", list, f"the answer to the query of {what}s")
    ]


def _group(idx: int, row: Json) -> Group:
    what = f"group {row.get('name')}"
    alloc = item(row, "alloc_policy", str, what)
    if alloc not in ALLOC_POLICIES:
        raise PlanError(f"{what}, field alloc_policy: {alloc!r} is not known")
    return Group(
        idx, item(row, "name", str, what), item(row, "uuid", str, what), alloc, (),
        policy(item(row, "ipolicy", dict, what), what), tuple(item(row, "tags", list, what)),
    )  # fmt: skip


def _node(idx: int, row: Json, groups: Mapping[str, int], master: str, *, kvm: bool) -> RawNode:
    name = item(row, "name", str, "a node")
    what = f"node {name}"
    uuid = item(row, "group.uuid", str, what)
    if uuid not in groups:
        raise PlanError(f"Unknown group '{uuid}' for node {name}")
    live = not row.get("offline") and row.get("vm_capable") is not False
    exclusive = row.get("ndp/exclusive_storage") is True

    def number(key: str, *, needed: bool = True) -> Any:
        if not live:
            return 0
        return item(row, key, (int, float), what) if needed else row.get(key) or 0

    spindles = number("sptotal") if exclusive else row.get("ndp/spindle_count") or 0
    spec = NodeSpec(
        idx, name, name, float(number("mtotal")), int(number("mnode")), int(number("mfree")),
        float(number("dtotal", needed=False)), float(number("ctotal")), int(number("cnos")),
        float(row.get("ndp/cpu_speed") or 1.0), int(spindles), groups[uuid],
        offline=not live or bool(row.get("drained")), master=name == master, exclusive=exclusive,
        tags=tuple(row.get("tags") or ()),
    )  # fmt: skip
    free = int(number("dfree", needed=False))
    return RawNode(spec, free, int(number("spfree", needed=False)), kvm)


def _instance(idx: int, row: Json, nodes: Mapping[str, int]) -> Instance:
    name = item(row, "name", str, "an instance")
    what = f"instance {name}"
    homes = [item(row, "pnode", str, what), *row.get("snodes", ())]
    for home in homes[:2]:
        if home not in nodes:
            raise PlanError(f"Unknown node '{home}' for instance {name}")
    template, status = item(row, "disk_template", str, what), item(row, "status", str, what)
    if template not in TEMPLATES or status not in STATUSES:
        raise PlanError(f"{what}: disk template {template!r} or status {status!r} is not known")
    sizes = row.get("disk.sizes") or []
    spindles = row.get("disk.spindles") or [None] * len(sizes)
    mirrored = template == DRBD and len(homes) > 1
    return Instance(
        idx, name, name, mem=item(row, "be/memory", int, what),
        disk=int(row.get("disk_usage") or 0),
        disks=tuple(Disk(size, count) for size, count in zip(sizes, spindles, strict=True)),
        vcpus=item(row, "be/vcpus", int, what), status=status, primary=nodes[homes[0]],
        secondary=nodes[homes[1]] if mirrored else NO_NODE, template=template,
        tags=tuple(row.get("tags") or ()), spindle_use=int(row.get("be/spindle_use") or 0),
        auto_balance=row.get("be/auto_balance") is not False, movable=template in MOVABLE,
        forthcoming=row.get("forthcoming") is True,
    )  # fmt: skip


def _raw(
    groups: Sequence[Json], nodes: Sequence[Json], instances: Sequence[Json], info: Json
) -> Raw:
    found = {idx: _group(idx, row) for idx, row in enumerate(groups)}
    by_uuid = {group.uuid: idx for idx, group in found.items()}
    what = "the information on the cluster"
    master = item(info, "master", str, what)
    kvm = info.get("default_hypervisor") == "kvm"
    specs = [_node(idx, row, by_uuid, master, kvm=kvm) for idx, row in enumerate(nodes)]
    by_name = {node.spec.name: node.spec.idx for node in specs}
    if master not in by_name:
        raise PlanError(f"Master node {master} unknown")
    placed = [_instance(idx, row, by_name) for idx, row in enumerate(instances)]
    tags = tuple(item(info, "tags", list, what))
    return Raw(found, specs, placed, tags, policy(item(info, "ipolicy", dict, what), what))


def from_luxi(call: Call) -> Raw:
    """Ask the master daemon through *call* (method, arguments); raises `PlanError`."""
    return _raw(
        _rows(call, "group", GROUP_FIELDS),
        _rows(call, "node", NODE_FIELDS),
        _rows(call, "instance", INSTANCE_FIELDS),
        call("QueryClusterInfo"),
    )


def _remote_node(row: Json) -> dict[str, Any]:
    params = row.get("ndparams") or {}
    return {**row, **{f"ndp/{key}": value for key, value in params.items()}}


def _remote_instance(row: Json) -> dict[str, Any]:
    params = row.get("beparams") or {}
    memory = row.get("oper_ram")
    if not isinstance(memory, int):
        memory = params.get("memory", params.get("maxmem"))
    values = {**row, **{f"be/{key}": value for key, value in params.items()}}
    return values | {"be/memory": memory}


def from_rapi(get: Get) -> Raw:
    """Read from the remote API through *get* (resource); raises `PlanError`."""
    return _raw(
        get("groups"),
        [_remote_node(row) for row in get("nodes")],
        [_remote_instance(row) for row in get("instances")],
        get("info"),
    )

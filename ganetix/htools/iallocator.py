"""The iallocator request: a cluster as JSON, and what shall be done on it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ganetix.htools.allocate import Wanted
from ganetix.htools.build import Marks, Raw, RawNode
from ganetix.htools.faults import PlanError
from ganetix.htools.fields import Json, all_words, item, optional, words
from ganetix.htools.model import (
    ALLOC_POLICIES,
    DEFAULT_POLICY,
    DRBD,
    MOVABLE,
    NO_NODE,
    OFFLINE,
    RUNNING,
    TEMPLATES,
    Cluster,
    Disk,
    Group,
    Instance,
    NodeSpec,
    Policy,
    Spec,
)

STATES = {"up": RUNNING, "down": "ADMIN_down", "offline": OFFLINE}


def _spec(obj: Json, what: str) -> Spec:
    keys = ("memory-size", "cpu-count", "disk-size", "disk-count", "nic-count", "spindle-use")
    return Spec(*(int(item(obj, key, (int, float), what)) for key in keys))


def policy(obj: Json, what: str) -> Policy:
    """Read an instance policy."""
    pairs = [
        (_spec(item(pair, "min", dict, what), what), _spec(item(pair, "max", dict, what), what))
        for pair in item(obj, "minmax", list, what)
    ]
    return Policy(
        tuple(pairs),
        _spec(item(obj, "std", dict, what), what),
        words(obj, "disk-templates", what),
        float(item(obj, "vcpu-ratio", (int, float), what)),
        float(item(obj, "spindle-ratio", (int, float), what)),
    )


def _group(idx: int, uuid: str, obj: Json) -> Group:
    what = f"invalid data for group '{uuid}'"
    alloc = item(obj, "alloc_policy", str, what)
    if alloc not in ALLOC_POLICIES:
        raise PlanError(f"{what}, field alloc_policy: {alloc!r} is not known")
    return Group(
        idx,
        item(obj, "name", str, what),
        uuid,
        alloc,
        words(obj, "networks", what),
        policy(item(obj, "ipolicy", dict, what), what),
        words(obj, "tags", what),
    )


class _NodeReader(NamedTuple):
    """Reads the nodes of a message."""

    groups: Mapping[str, int]
    kvm: bool

    def read(self, idx: int, name: str, obj: Json) -> RawNode:
        """Read one node."""
        what = f"invalid data for node '{name}'"
        offline = item(obj, "offline", bool, what)
        drained = item(obj, "drained", bool, what)
        uuid = item(obj, "group", str, what)
        if uuid not in self.groups:
            raise PlanError(f"Unknown group '{uuid}' for node {name}")
        params = item(obj, "ndparams", dict, what)
        exclusive = item(params, "exclusive_storage", bool, what)
        live = not offline and optional(obj, "vm_capable", bool, True, what)

        def number(key: str) -> Any:
            return item(obj, key, (int, float), what) if live else 0

        if exclusive:
            spindles = number("total_spindles")
        else:
            spindles = item(params, "spindle_count", int, what)
        spec = NodeSpec(
            idx, name, name,
            t_mem=float(number("total_memory")), n_mem=int(number("reserved_memory")),
            f_mem=int(number("free_memory")), t_disk=float(number("total_disk")),
            t_cpu=float(number("total_cpus")), n_cpu=int(number("reserved_cpus")),
            cpu_speed=1.0, t_spindles=int(spindles), group=self.groups[uuid],
            offline=not live or drained, master=False, exclusive=exclusive,
            tags=() if obj.get("tags") is None else words(obj, "tags", what),
        )  # fmt: skip
        return RawNode(spec, int(number("free_disk")), int(number("free_spindles")), self.kvm)


def _disk(disk: Any, name: str) -> Disk:
    what = f"invalid data for instance '{name}', field disks"
    size = item(disk, "size", int, what)
    return Disk(size, optional(disk, "spindles", int, None, what))


def _disks(disks: list[Any], name: str) -> tuple[Disk, ...]:
    found = []
    for disk in disks:
        if type(disk) is dict and type(disk.get("size")) is int:
            spindles = disk.get("spindles")
            if spindles is None or type(spindles) is int:  # checked fast, there are many
                found.append(Disk(disk["size"], spindles))
                continue
        found.append(_disk(disk, name))
    return tuple(found)


def _networks(nics: list[Any], name: str) -> tuple[str | None, ...]:
    """Return the network of each interface, None for one that has none."""
    what = f"invalid data for instance '{name}', field nics"
    return tuple([optional(nic, "network", str, None, what) for nic in nics])


_INTEGERS = ("memory", "disk_space_total", "vcpus", "spindle_use")


def _usual(obj: Json) -> bool:
    """Whether an instance has all fields, of the usual types: checked fast, there are many."""
    try:
        return (
            type(obj["memory"]) is type(obj["disk_space_total"]) is type(obj["vcpus"]) is int
            and type(obj["spindle_use"]) is int
            and obj["disk_template"] in TEMPLATES
            and type(obj["disks"]) is type(obj["tags"]) is type(obj["nics"]) is list
        )
    except KeyError:
        return False


def _check(obj: Json, what: str) -> None:
    """Raise `PlanError` for the first field of an instance that is not as it should be."""
    template = item(obj, "disk_template", str, what)
    if template not in TEMPLATES:
        raise PlanError(f"{what}, field disk_template: {template!r} is not known")
    for key in _INTEGERS:
        item(obj, key, int, what)
    for key in ("disks", "tags", "nics"):
        item(obj, key, list, what)


def instance(idx: int, name: str, obj: Json, primary: int, secondary: int) -> Instance:
    """Read an instance, of the cluster or of a request."""
    if not _usual(obj):
        _check(obj, f"invalid data for instance '{name}'")
    template, nics, tags = obj["disk_template"], obj["nics"], obj["tags"]
    state = obj.get("admin_state")
    return Instance(
        idx,
        name,
        name,
        obj["memory"],
        obj["disk_space_total"],
        _disks(obj["disks"], name),
        obj["vcpus"],
        STATES.get(state, RUNNING) if type(state) is str else RUNNING,
        primary,
        secondary,
        template,
        all_words(tags, "tags", f"invalid data for instance '{name}'") if tags else (),
        obj["spindle_use"],
        movable=template in MOVABLE,
        forthcoming=obj.get("forthcoming") is True,
        networks=_networks(nics, name) if nics else (),
    )


def _placed(idx: int, name: str, obj: Json, nodes: Mapping[str, int]) -> Instance:
    homes = obj.get("nodes") if type(obj) is dict else None
    if type(homes) is not list:
        homes = item(obj, "nodes", list, f"invalid data for instance '{name}'")
    if not homes:
        raise PlanError(f"empty node list for instance {name}")
    for home in homes[:2]:
        if home not in nodes:
            raise PlanError(f"Unknown node '{home}' for instance {name}")
    secondary = nodes[homes[1]] if len(homes) > 1 else NO_NODE
    return instance(idx, name, obj, nodes[homes[0]], secondary)


def cluster(message: Json) -> Raw:
    """Read the cluster of a request; raises `PlanError`."""
    what = "invalid iallocator message"
    groups = {
        idx: _group(idx, uuid, obj)
        for idx, (uuid, obj) in enumerate(item(message, "nodegroups", dict, what).items())
    }
    hypervisors = words(message, "enabled_hypervisors", what)
    by_uuid = {group.uuid: idx for idx, group in groups.items()}
    reader = _NodeReader(by_uuid, hypervisors[:1] == ("kvm",))
    nodes = [
        reader.read(idx, name, obj)
        for idx, (name, obj) in enumerate(item(message, "nodes", dict, what).items())
    ]
    by_name = {node.spec.name: node.spec.idx for node in nodes}
    instances = [
        _placed(idx, name, obj, by_name)
        for idx, (name, obj) in enumerate(item(message, "instances", dict, what).items())
    ]
    tags = words(message, "cluster_tags", what)
    return Raw(groups, nodes, instances, tags, DEFAULT_POLICY)


class Allocate(NamedTuple):
    """Place one new instance."""

    wanted: Wanted
    restrict: tuple[str, ...] | None


class AllocateMany(NamedTuple):
    """Place several new instances, one after the other."""

    wanted: tuple[Wanted, ...]


class AllocateSecondary(NamedTuple):
    """Find a secondary for an instance that gets a mirror."""

    instance: int


class Relocate(NamedTuple):
    """Find another node for one instance."""

    instance: int
    needed: int
    leaving: tuple[int, ...]


class Evacuate(NamedTuple):
    """Move instances off their nodes."""

    instances: tuple[int, ...]
    mode: str


class ChangeGroup(NamedTuple):
    """Move instances to other groups."""

    instances: tuple[int, ...]
    groups: tuple[int, ...]


Request = Allocate | AllocateMany | AllocateSecondary | Relocate | Evacuate | ChangeGroup


class _RequestReader:
    """Reads what is to be done, against the cluster that it is to be done on."""

    def __init__(self, message: Json, on: Cluster, marks: Marks) -> None:
        self.request: Json = item(message, "request", dict, "invalid iallocator message")
        self._on = on
        self._marks = marks

    def field(self, key: str, kind: type) -> Any:
        """Return a field of the request."""
        return item(self.request, key, kind, "invalid request")

    def _words(self, key: str) -> tuple[str, ...]:
        return words(self.request, key, "invalid request")

    def _numbers(
        self, objects: Mapping[int, Any], wanted: Sequence[str], what: str
    ) -> tuple[int, ...]:
        known = {obj.name: idx for idx, obj in objects.items()}
        for name in wanted:
            if name not in known:
                raise PlanError(f"Unknown {what} '{name}'")
        return tuple(known[name] for name in wanted)

    def instances(self, wanted: Sequence[str]) -> tuple[int, ...]:
        """Return the numbers of instances."""
        return self._numbers(self._on.instances, wanted, "instance")

    def _wanted(self, obj: Json) -> Wanted:
        name = item(obj, "name", str, "invalid request")
        inst = self._marks.apply(instance(-1, name, obj, 0, 0))
        count = item(obj, "required_nodes", int, "invalid request")
        if inst.template == DRBD and count == 1:
            raise PlanError(
                "invalid request, field required_nodes: an instance of disk template drbd needs"
                " 2 nodes"
            )
        group = optional(self.request, "group_name", str, None, "invalid request")
        return Wanted(inst, count, group)

    def allocate(self) -> Request:
        """Read a request for one instance."""
        wanted = self._wanted(self.request)
        if self.request.get("restrict-to-nodes") is None:
            return Allocate(wanted, None)
        return Allocate(wanted, self._words("restrict-to-nodes"))

    def allocate_many(self) -> Request:
        """Read a request for several instances."""
        return AllocateMany(tuple(self._wanted(obj) for obj in self.field("instances", list)))

    def allocate_secondary(self) -> Request:
        """Read a request for a secondary."""
        return AllocateSecondary(self.instances([self.field("name", str)])[0])

    def relocate(self) -> Request:
        """Read a request for another node."""
        inst = self.instances([self.field("name", str)])[0]
        leaving = self._numbers(self._on.nodes, self._words("relocate_from"), "node")
        return Relocate(inst, self.field("required_nodes", int), leaving)

    def evacuate(self) -> Request:
        """Read a request to empty nodes."""
        mode = self.field("evac_mode", str)
        if mode not in ("primary-only", "secondary-only", "all"):
            raise PlanError(f"invalid request, field evac_mode: {mode!r} is not known")
        return Evacuate(self.instances(self._words("instances")), mode)

    def change_group(self) -> Request:
        """Read a request to change groups."""
        known = {group.uuid: idx for idx, group in self._on.groups.items()}
        wanted = self._words("target_groups")
        for uuid in wanted:
            if uuid not in known:
                raise PlanError(f"Unknown group '{uuid}'")
        groups = tuple(known[uuid] for uuid in wanted)
        return ChangeGroup(self.instances(self._words("instances")), groups)


READERS: dict[str, Callable[[_RequestReader], Request]] = {
    "allocate": _RequestReader.allocate,
    "multi-allocate": _RequestReader.allocate_many,
    "allocate-secondary": _RequestReader.allocate_secondary,
    "relocate": _RequestReader.relocate,
    "node-evacuate": _RequestReader.evacuate,
    "change-group": _RequestReader.change_group,
}


def request(message: Json, on: Cluster, marks: Marks) -> Request:
    """Read what *message* asks for; raises `PlanError`."""
    reader = _RequestReader(message, on, marks)
    kind = reader.field("type", str)
    if kind not in READERS:
        raise PlanError(f"Invalid request type '{kind}'")
    return READERS[kind](reader)

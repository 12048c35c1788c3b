"""The text format (``.data``): five sections of lines with columns, between single empty lines."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from ganetix.htools.build import Raw, RawNode
from ganetix.htools.faults import PlanError
from ganetix.htools.model import (
    ALLOC_POLICIES,
    DEFAULT_POLICY,
    DRBD,
    MOVABLE,
    NO_NODE,
    STATUSES,
    TEMPLATES,
    Cluster,
    Disk,
    Group,
    Instance,
    Node,
    NodeSpec,
    Policy,
    Spec,
)

T = TypeVar("T")
NODE_DEFAULTS = ("1", "", "N", "0", "1", "1.0")
INSTANCE_DEFAULTS = ("1", "-", "N")


class Place(NamedTuple):
    """Where in a file something was read, for messages: file name and line number from 1."""

    file: str
    line: int

    def fault(self, field: str, problem: str) -> PlanError:
        """Return the error that *field* of this line has *problem*."""
        return PlanError(f"{self.file}, line {self.line}, field {field}: {problem}")

    def number(self, field: str, value: str, convert: Callable[[str], T]) -> T:
        """Convert *value* with *convert*, or say where it is wrong."""
        try:
            return convert(value)
        except ValueError:
            raise self.fault(field, f"{value!r} is not a number") from None

    def choice(self, field: str, value: str, allowed: Sequence[str] | frozenset[str]) -> str:
        """Return *value* if it is one of *allowed*, or say where it is wrong."""
        if value not in allowed:
            known = ", ".join(sorted(allowed) if isinstance(allowed, frozenset) else allowed)
            raise self.fault(field, f"{value!r} is not one of {known}")
        return value

    def flag(self, field: str, value: str) -> bool:
        """Read a ``Y`` or ``N``."""
        return self.choice(field, value, ("Y", "N")) == "Y"

    def known(self, field: str, numbers: dict[str, int], name: str) -> int:
        """Return the number of the object called *name*."""
        if name not in numbers:
            raise self.fault(field, f"{name!r} was not declared before")
        return numbers[name]


Line = tuple[Place, str]


def tag_list(text: str) -> tuple[str, ...]:
    """Split a comma-separated list; an empty text is an empty list."""
    return tuple(text.split(",")) if text else ()


def sections(text: str, file: str) -> list[list[Line]]:
    """Cut *text* at its empty lines."""
    parts: list[list[Line]] = [[]]
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    for number, line in enumerate(lines, 1):
        if line == "":
            parts.append([])
        else:
            parts[-1].append((Place(file, number), line))
    if len(parts) < 4:
        raise PlanError(
            f"{file}: a cluster has 4 or more sections between empty lines, this file has"
            f" {len(parts)}"
        )
    return parts


def _columns(
    place: Place, line: str, least: int, defaults: tuple[str, ...], what: str
) -> list[str]:
    columns = line.split("|")
    if len(columns) < least:
        raise PlanError(
            f"{place.file}, line {place.line}: a line for {what} has at least {least} columns,"
            f" this one has {len(columns)}"
        )
    return columns + list(defaults[len(columns) - least :])


def _group(place: Place, line: str, idx: int) -> Group:
    columns = _columns(place, line, 4, ("",), "a group")
    return Group(
        idx,
        columns[0],
        columns[1],
        place.choice("alloc_policy", columns[2], ALLOC_POLICIES),
        tag_list(columns[4]),
        DEFAULT_POLICY,
        tag_list(columns[3]),
    )


def _node(place: Place, line: str, idx: int, groups: dict[str, int]) -> RawNode:
    col = _columns(place, line, 9, NODE_DEFAULTS, "a node")
    group = place.known("group_uuid", groups, col[8])
    if "?" in col[1:7]:
        unknown = NodeSpec(
            idx, col[0], col[0], 0.0, 0, 0, 0.0, 0.0, 0, 1.0, 0, group, offline=True,
            master=False, exclusive=False, tags=(),
        )  # fmt: skip
        return RawNode(unknown, 0, 0)
    spec = NodeSpec(
        idx,
        col[0],
        col[0],
        t_mem=place.number("total_mem", col[1], float),
        n_mem=place.number("node_mem", col[2], int),
        f_mem=place.number("free_mem", col[3], int),
        t_disk=place.number("total_disk", col[4], float),
        t_cpu=place.number("total_cpu", col[6], float),
        n_cpu=place.number("node_cpus", col[13], int),
        cpu_speed=place.number("cpu_speed", col[14], float),
        t_spindles=place.number("spindles", col[9], int),
        group=group,
        offline=col[7] == "Y",
        master=col[7] == "M",
        exclusive=place.flag("exclusive_storage", col[11]),
        tags=tag_list(col[10]),
    )
    free = place.number("free_disk", col[5], int)
    return RawNode(spec, free, place.number("free_spindles", col[12], int))


def _instance(place: Place, line: str, idx: int, nodes: dict[str, int]) -> Instance:
    col = _columns(place, line, 10, INSTANCE_DEFAULTS, "an instance")
    primary = place.known("pnode", nodes, col[6])
    secondary = place.known("snode", nodes, col[7]) if col[7] else NO_NODE
    template = place.choice("disk_template", col[8], TEMPLATES)
    if template == DRBD and primary == secondary:
        raise place.fault("snode", f"instance {col[0]} has {col[6]} as primary and secondary node")
    spindles = None if col[11] == "-" else place.number("spindles", col[11], int)
    disk = place.number("disk", col[2], int)
    return Instance(
        idx,
        col[0],
        col[0],
        mem=place.number("mem", col[1], int),
        disk=disk,
        disks=(Disk(disk, spindles),),
        vcpus=place.number("vcpus", col[3], int),
        status=place.choice("status", col[4], STATUSES),
        primary=primary,
        secondary=secondary,
        template=template,
        tags=tag_list(col[9]),
        spindle_use=place.number("spindle_use", col[10], int),
        auto_balance=place.flag("auto_balance", col[5]),
        movable=template in MOVABLE,
        forthcoming=place.flag("forthcoming", col[12]),
    )


def _spec(place: Place, field: str, text: str) -> Spec:
    values = text.split(",")
    if len(values) < 6:
        raise place.fault(field, f"{text!r} is not memory,cpus,disk,disks,nics,spindles")
    return Spec(*(place.number(field, value, int) for value in values[:6]))


def _policy(place: Place, line: str) -> tuple[str, Policy]:
    col = _columns(place, line, 6, (), "an instance policy")
    specs = [_spec(place, "minmax", text) for text in col[2].split(";") if col[2]]
    if len(specs) % 2:
        raise place.fault("minmax", "a minimum is without its maximum (the number is odd)")
    policy = Policy(
        tuple(zip(specs[::2], specs[1::2], strict=True)),
        _spec(place, "std", col[1]),
        tuple(place.choice("templates", item, TEMPLATES) for item in tag_list(col[3])),
        place.number("vcpu_ratio", col[4], float),
        place.number("spindle_ratio", col[5], float),
    )
    return col[0], policy


def _policies(lines: list[Line], groups: dict[int, Group]) -> tuple[Policy, dict[int, Group]]:
    """Give each group its policy; return the cluster's and the groups."""
    own = DEFAULT_POLICY
    numbers = {group.name: idx for idx, group in groups.items()}
    done = dict(groups)
    for place, line in lines:
        owner, policy = _policy(place, line)
        if owner == "":
            own = policy
        else:
            idx = place.known("owner", numbers, owner)
            done[idx] = done[idx]._replace(policy=policy)
    return own, done


def _check_names(lines: list[Line], groups: dict[int, Group]) -> None:
    """Raise `PlanError` when two groups have one name: policies are given by names."""
    known: set[str] = set()
    for (place, _line), group in zip(lines, groups.values(), strict=True):
        if group.name in known:
            raise place.fault("name", f"{group.name!r} is the name of a group before it")
        known.add(group.name)


def parse(text: str, file: str = "input") -> Raw:
    """Read *text*; raises `PlanError` with file, line and field where it is malformed."""
    parts = sections(text, file)
    groups = {idx: _group(place, line, idx) for idx, (place, line) in enumerate(parts[0])}
    _check_names(parts[0], groups)
    by_uuid = {group.uuid: idx for idx, group in groups.items()}
    nodes = [_node(place, line, idx, by_uuid) for idx, (place, line) in enumerate(parts[1])]
    by_name = {node.spec.name: node.spec.idx for node in nodes}
    instances = [_instance(place, line, idx, by_name) for idx, (place, line) in enumerate(parts[2])]
    tags = tuple(line for _place, line in parts[3])
    policy, groups = _policies(parts[4] if len(parts) > 4 else [], groups)
    return Raw(groups, nodes, instances, tags, policy)


def short_float(value: float) -> str:
    """Write a ratio with the fewest digits, always with a decimal point."""
    return repr(float(value))


def _spec_text(spec: Spec) -> str:
    return ",".join(str(value) for value in spec)


def policy_text(owner: str, policy: Policy) -> str:
    """Return the line of an instance policy."""
    pairs = ";".join(_spec_text(spec) for pair in policy.minmax for spec in pair)
    columns = (
        owner,
        _spec_text(policy.std),
        pairs,
        ",".join(policy.templates),
        short_float(policy.vcpu_ratio),
        short_float(policy.spindle_ratio),
    )
    return "|".join(columns)


def _role(node: Node) -> str:
    return "Y" if node.spec.offline else "M" if node.spec.master else "N"


def _node_text(node: Node, groups: dict[int, Group]) -> str:
    spec = node.spec
    return "|".join(
        str(value)
        for value in (
            spec.name, f"{spec.t_mem:.0f}", spec.n_mem, spec.f_mem, f"{spec.t_disk:.0f}",
            node.f_disk, f"{spec.t_cpu:.0f}", _role(node), groups[spec.group].uuid,
            spec.t_spindles, ",".join(spec.tags), "Y" if spec.exclusive else "N",
            node.f_spindles, spec.n_cpu, short_float(spec.cpu_speed),
        )
    )  # fmt: skip


def _instance_text(inst: Instance, cluster: Cluster) -> str:
    names = {NO_NODE: ""} | {idx: node.name for idx, node in cluster.nodes.items()}
    spindles = inst.spindles
    return "|".join(
        str(value)
        for value in (
            inst.name, inst.mem, inst.disk, inst.vcpus, inst.status,
            "Y" if inst.auto_balance else "N", names[inst.primary], names[inst.secondary],
            inst.template, ",".join(inst.tags), inst.spindle_use,
            "-" if spindles is None else spindles, "Y" if inst.forthcoming else "N",
        )
    )  # fmt: skip


def serialize(cluster: Cluster) -> str:
    """Write *cluster* in this format."""
    groups = [cluster.groups[idx] for idx in sorted(cluster.groups)]
    parts = (
        [
            "|".join((g.name, g.uuid, g.alloc_policy, ",".join(g.tags), ",".join(g.networks)))
            for g in groups
        ],
        [_node_text(cluster.nodes[idx], cluster.groups) for idx in sorted(cluster.nodes)],
        [_instance_text(cluster.instances[i], cluster) for i in sorted(cluster.instances)],
        list(cluster.tags),
        [policy_text("", cluster.policy), *(policy_text(g.name, g.policy) for g in groups)],
    )
    return "\n".join("".join(line + "\n" for line in lines) for lines in parts)

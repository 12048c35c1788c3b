"""Simulated clusters: empty groups of equal nodes, from a line of text for each group."""

from collections.abc import Sequence

from ganetix.htools.build import Raw, RawNode
from ganetix.htools.faults import PlanError
from ganetix.htools.model import ALLOC_POLICIES, DEFAULT_POLICY, Group, NodeSpec
from ganetix.htools.units import size

POLICIES = {"p": "preferred", "a": "last_resort", "u": "unallocable"}
FIELDS = ("policy", "nodes", "disk", "memory", "cpus", "spindles", "exclusive")


def _fault(spec: str, field: str, value: str) -> PlanError:
    return PlanError(f"--simulate {spec}, field {field}: {value!r} cannot be understood")


def _numbers(spec: str, parts: Sequence[str]) -> tuple[int, int, int, int, int]:
    """Return the numbers of nodes, MiB of disk and memory, CPUs and spindles."""
    found = []
    for field, value in zip(FIELDS[1:6], parts[1:6], strict=True):
        try:
            found.append(size(value) if field in ("disk", "memory") else int(value))
        except ValueError:
            raise _fault(spec, field, value) from None
    count, disk, memory, cpus, spindles = found
    return count, disk, memory, cpus, spindles


def _group(number: int, spec: str) -> tuple[Group, list[NodeSpec]]:
    parts = spec.split(",")
    if not 5 <= len(parts) <= 7:
        raise PlanError(f"--simulate {spec}: a group is {','.join(FIELDS)}; the last two may lack")
    parts += ["1", "False"][len(parts) - 5 :]
    policy = POLICIES.get(parts[0], parts[0])
    if policy not in ALLOC_POLICIES:
        raise _fault(spec, "policy", parts[0])
    if parts[6] not in ("True", "False"):
        raise _fault(spec, "exclusive", parts[6])
    count, disk, memory, cpus, spindles = _numbers(spec, parts)
    group = Group(
        number, f"group-{number:02d}", f"fake-uuid-{number:02d}", policy, (), DEFAULT_POLICY, ()
    )
    nodes = [
        NodeSpec(
            -1, name, name, float(memory), 0, memory, float(disk), float(cpus), 1, 1.0, spindles,
            number, offline=False, master=(number, at) == (1, 1), exclusive=parts[6] == "True",
            tags=(),
        )
        for at in range(1, count + 1)
        for name in (f"node-{number:02d}-{at:03d}",)
    ]  # fmt: skip
    return group, nodes


def parse(specs: Sequence[str]) -> Raw:
    """Build the groups that *specs* describe; raises `PlanError`. Numbers start at 1."""
    groups: dict[int, Group] = {}
    nodes: list[RawNode] = []
    for number, spec in enumerate(specs, 1):
        group, members = _group(number, spec)
        groups[number] = group
        for member in members:
            numbered = member._replace(idx=len(nodes) + 1)
            nodes.append(RawNode(numbered, int(member.t_disk), 0))
    return Raw(groups, nodes, [], (), DEFAULT_POLICY)

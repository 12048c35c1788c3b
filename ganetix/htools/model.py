"""The planner's cluster: groups, nodes, instances, policies. Memory and disk are MiB.

Everything here is an immutable tuple. Named tuples and not attrs classes because these programs are
judged with their start-up time, and importing attrs costs as much as reading a cluster of a
thousand instances. `NodeSpec` is what moves never change; `Node` adds what they do.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

DRBD: Final = "drbd"
DISKLESS: Final = "diskless"
LOCAL_STORAGE: Final = frozenset({"drbd", "plain"})
MIRROR_EXTERNAL: Final = frozenset({"diskless", "sharedfile", "gluster", "blockdev", "rbd", "ext"})
MOVABLE: Final = frozenset({"drbd", "sharedfile", "gluster", "blockdev", "rbd", "ext"})
TEMPLATES: Final = (
    "diskless", "file", "sharedfile", "plain", "blockdev", "drbd", "rbd", "ext", "gluster",
)  # fmt: skip
ALLOC_POLICIES: Final = ("preferred", "last_resort", "unallocable")

OFFLINE: Final = "ADMIN_offline"
RUNNING: Final = "running"
STATUSES: Final = frozenset(
    {
        RUNNING, "ADMIN_down", OFFLINE, "ERROR_up", "ERROR_down", "ERROR_nodedown",
        "ERROR_nodeoffline", "ERROR_wrongnode", "USER_down",
    }
)  # fmt: skip
USING_MEMORY: Final = frozenset(
    {RUNNING, "ERROR_up", "ERROR_nodedown", "ERROR_nodeoffline", "ERROR_wrongnode"}
)
NO_NODE: Final = -1


class Spec(NamedTuple):
    """The size of an instance as policies state it."""

    memory: int
    cpus: int
    disk: int
    disks: int
    nics: int
    spindle_use: int


class Policy(NamedTuple):
    """An instance policy: allowed ranges, the standard size, templates, ratios."""

    minmax: tuple[tuple[Spec, Spec], ...]
    std: Spec
    templates: tuple[str, ...]
    vcpu_ratio: float
    spindle_ratio: float


DEFAULT_POLICY: Final = Policy(
    ((Spec(128, 1, 1024, 1, 1, 1), Spec(32768, 8, 1048576, 16, 8, 12)),),
    Spec(128, 1, 1024, 1, 1, 1),
    TEMPLATES,
    4.0,
    32.0,
)


class Group(NamedTuple):
    """A node group."""

    idx: int
    name: str
    uuid: str
    alloc_policy: str
    networks: tuple[str, ...]
    policy: Policy
    tags: tuple[str, ...]

    @property
    def allocable(self) -> bool:
        """Whether new instances may come here."""
        return self.alloc_policy != "unallocable"


class Load(NamedTuple):
    """The dynamic load of an instance, or the sum of it on a node."""

    cpu: float
    mem: float
    disk: float
    net: float


ONE_LOAD: Final = Load(1.0, 1.0, 1.0, 1.0)
NO_LOAD: Final = Load(0.0, 0.0, 0.0, 0.0)


class Disk(NamedTuple):
    """A disk: size in MiB, spindles if known."""

    size: int
    spindles: int | None


class Instance(NamedTuple):
    """An instance, where it is and what it needs."""

    idx: int
    name: str
    alias: str
    mem: int
    disk: int
    disks: tuple[Disk, ...]
    vcpus: int
    status: str
    primary: int
    secondary: int
    template: str
    tags: tuple[str, ...] = ()
    spindle_use: int = 1
    auto_balance: bool = True
    movable: bool = True
    forthcoming: bool = False
    load: Load = ONE_LOAD
    exclusion: tuple[str, ...] = ()
    wished: frozenset[str] = frozenset()
    location_score: int = 0
    networks: tuple[str | None, ...] = ()

    @property
    def uses_memory(self) -> bool:
        """Whether it takes memory on its primary node now."""
        return self.status in USING_MEMORY and not self.forthcoming

    @property
    def needs_reserve(self) -> bool:
        """Whether its secondary node must be able to take it over."""
        return self.auto_balance and self.status != OFFLINE and not self.forthcoming

    @property
    def online(self) -> bool:
        """Whether its virtual CPUs count."""
        return self.status != OFFLINE

    @property
    def local_storage(self) -> bool:
        """Whether its disks are on its nodes."""
        return self.template in LOCAL_STORAGE

    @property
    def spindles(self) -> int | None:
        """The sum of its disks' spindles, None when one of them is not known."""
        total = 0
        for disk in self.disks:
            if disk.spindles is None:
                return None
            total += disk.spindles
        return total

    @property
    def nodes(self) -> tuple[int, ...]:
        """Its nodes, primary first."""
        if self.template == DRBD:
            return (self.primary, self.secondary)
        return (self.primary,)


class NodeSpec(NamedTuple):
    """The part of a node that moves never change."""

    idx: int
    name: str
    alias: str
    t_mem: float
    n_mem: int
    f_mem: int
    t_disk: float
    t_cpu: float
    n_cpu: int
    cpu_speed: float
    t_spindles: int
    group: int
    offline: bool
    master: bool
    exclusive: bool
    tags: tuple[str, ...]
    policy: Policy = DEFAULT_POLICY
    x_mem: int = 0
    # Memory that instances may use: total less the node's own and less what nobody accounts for.
    pool_mem: int = 0
    lo_disk: int = 0
    hi_cpu: int = 0
    hi_spindles: float = 0.0
    migration: frozenset[str] = frozenset()
    receives: frozenset[str] = frozenset()
    locations: frozenset[str] = frozenset()


class Node(NamedTuple):
    """A node with what lives on it. Values that end in ``_forth`` count forthcoming instances."""

    spec: NodeSpec
    i_mem: int
    f_disk: int
    f_spindles: int
    u_cpu: int
    inst_spindles: float
    load: Load
    primaries: tuple[int, ...]
    secondaries: tuple[int, ...]
    peers: Mapping[int, int]
    r_mem: int
    fail_n1: bool
    exclusion: Mapping[str, int]
    location_score: int
    pairs: Mapping[tuple[str, str], int]
    f_mem_forth: int
    f_disk_forth: int
    f_spindles_forth: int
    u_cpu_forth: int
    inst_spindles_forth: float

    @property
    def idx(self) -> int:
        """The number of the node."""
        return self.spec.idx

    @property
    def name(self) -> str:
        """The full name of the node."""
        return self.spec.name

    @property
    def offline(self) -> bool:
        """Whether the node takes no part."""
        return self.spec.offline

    @property
    def u_mem(self) -> int:
        """Memory that is not allocated."""
        return self.spec.pool_mem - self.i_mem

    @property
    def conflicts(self) -> int:
        """How many primaries share an exclusion tag with an earlier one."""
        return sum(self.exclusion.values()) - len(self.exclusion)


Nodes = dict[int, Node]
Instances = dict[int, Instance]


class Cluster(NamedTuple):
    """A whole cluster. Its dicts are never changed in place: a change makes a new dict."""

    groups: dict[int, Group]
    nodes: Nodes
    instances: Instances
    tags: tuple[str, ...]
    policy: Policy


def required_nodes(template: str) -> int:
    """Return how many nodes an instance of *template* needs."""
    return 2 if template == DRBD else 1


def by_group(cluster_nodes: Nodes) -> dict[int, list[Node]]:
    """Return the nodes of each group, by the group's number, in the order of their numbers."""
    groups: dict[int, list[Node]] = {}
    for idx in sorted(cluster_nodes):
        node = cluster_nodes[idx]
        groups.setdefault(node.spec.group, []).append(node)
    return {group: groups[group] for group in sorted(groups)}


def split(nodes: Nodes, instances: Instances) -> dict[int, tuple[Nodes, Instances]]:
    """Cut a cluster into its groups; an instance belongs to the group of its primary node."""
    parts: dict[int, tuple[Nodes, Instances]] = {
        group: ({node.idx: node for node in members}, {})
        for group, members in by_group(nodes).items()
    }
    for idx, inst in instances.items():
        parts[nodes[inst.primary].spec.group][1][idx] = inst
    return parts

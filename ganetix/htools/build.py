"""From what a loader read to a cluster: tags understood, derived values computed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from ganetix.htools import names
from ganetix.htools.model import (
    LOCAL_STORAGE,
    NO_LOAD,
    NO_NODE,
    OFFLINE,
    Cluster,
    Group,
    Instance,
    Instances,
    Load,
    Node,
    NodeSpec,
    Policy,
)
from ganetix.htools.placement import counted, tag_pairs, unmet_wishes

EXCLUSION_PREFIX = "htools:iextags:"
WISH_PREFIX = "htools:desiredlocation:"
MIGRATION_PREFIX = "htools:migration:"
ALLOW_PREFIX = "htools:allowmigration:"
LOCATION_PREFIX = "htools:nlocation:"
STANDBY_PREFIX = "htools:standby:"


UNKNOWN = "Unknown instance(s)"


class RawNode(NamedTuple):
    """A node as a loader read it."""

    spec: NodeSpec
    f_disk: int
    f_spindles: int
    kvm: bool = False


class Raw(NamedTuple):
    """A cluster as a loader read it; numbers of groups, nodes and instances are set already."""

    groups: dict[int, Group]
    nodes: Sequence[RawNode]
    instances: Sequence[Instance]
    tags: tuple[str, ...]
    policy: Policy


class Wishes(NamedTuple):
    """What the command line adds to the data."""

    loads: Mapping[str, Load] = {}
    ignore_loads: bool = False
    exclusion: tuple[str, ...] = ()
    selected: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    kvm_memory: int = 4096


NO_WISHES = Wishes()


def stripped(tags: Iterable[str], prefix: str) -> list[str]:
    """Return what follows *prefix* in those of *tags* that start with it and go on."""
    at = len(prefix)
    return [tag[at:] for tag in tags if tag.startswith(prefix) and len(tag) > at]


def marked(cluster_tags: Iterable[str], node_tags: Sequence[str], prefix: str) -> frozenset[str]:
    """Return the *node_tags* that the cluster tags with *prefix* give a meaning to."""
    at = len(prefix)
    starts = tuple(tag[at:] + ":" for tag in cluster_tags if tag.startswith(prefix))
    return frozenset(tag for tag in node_tags if starts and tag.startswith(starts))


def _allowed_migrations(tags: Iterable[str]) -> list[tuple[str, str]]:
    """Return the (source tag, target tag) pairs that the cluster allows beside equal ones."""
    pairs = []
    for tag in tags:
        if tag.startswith(ALLOW_PREFIX):
            source, colons, target = tag[len(ALLOW_PREFIX) :].partition("::")
            if colons and "::" not in target:
                pairs.append((source, target))
    return pairs


def _received(own: frozenset[str], allowed: Iterable[tuple[str, str]]) -> frozenset[str]:
    return own | {source for source, target in allowed if target in own}


def _spec(raw: Raw, suffix: str, kvm_memory: int) -> Callable[[RawNode], NodeSpec]:
    """Return the function that completes a node's fixed part with policy and tags."""
    allowed = _allowed_migrations(raw.tags)

    def complete(node: RawNode) -> NodeSpec:
        spec = node.spec
        policy = raw.groups[spec.group].policy
        migration = marked(raw.tags, spec.tags, MIGRATION_PREFIX)
        return spec._replace(
            alias=names.alias(spec.name, suffix),
            n_mem=kvm_memory if node.kvm and kvm_memory > 0 else spec.n_mem,
            policy=policy,
            hi_cpu=int(policy.vcpu_ratio * spec.t_cpu // 1),
            hi_spindles=policy.spindle_ratio * spec.t_spindles,
            migration=migration,
            receives=_received(migration, allowed),
            locations=marked(raw.tags, spec.tags, LOCATION_PREFIX),
        )

    return complete


class Marks(NamedTuple):
    """The prefixes of instance tags that have a meaning on this cluster."""

    exclusion: tuple[str, ...]
    wished: tuple[str, ...]

    def apply(self, inst: Instance) -> Instance:
        """Return *inst* with those of its tags set apart that have a meaning."""
        if not inst.tags or not (self.exclusion or self.wished):
            return inst
        exclusion = tuple(tag for tag in inst.tags if tag.startswith(self.exclusion))
        wished = frozenset(tag for tag in inst.tags if tag.startswith(self.wished))
        return inst._replace(exclusion=exclusion, wished=wished)


def marks(tags: Sequence[str], more: Sequence[str] = ()) -> Marks:
    """Return the prefixes that the cluster's *tags*, and *more* exclusion prefixes, declare."""
    return Marks((*more, *stripped(tags, EXCLUSION_PREFIX)), tuple(stripped(tags, WISH_PREFIX)))


def _instances(raw: Raw, specs: Mapping[int, NodeSpec], wishes: Wishes, suffix: str) -> Instances:
    """Complete the instances with what tags and options say."""
    known = [inst.name for inst in raw.instances]
    selected = names.lookup_all(known, wishes.selected, UNKNOWN)
    excluded = names.lookup_all(known, wishes.excluded, UNKNOWN)
    mark = marks(raw.tags, wishes.exclusion)
    loads, ignore = wishes.loads, wishes.ignore_loads
    done = {}
    for inst in raw.instances:
        name = inst.name
        home = specs[inst.primary]
        away = specs[inst.secondary] if inst.secondary != NO_NODE else None
        movable = inst.movable and name not in excluded and (not selected or name in selected)
        score = 0
        if away is not None:
            movable = movable and home.group == away.group
            if home.locations:
                score = len(home.locations & away.locations)
        done[inst.idx] = _completed(
            mark.apply(inst) if inst.tags else inst,
            names.alias(name, suffix) if suffix else name,
            NO_LOAD if ignore else loads.get(name, inst.load) if loads else inst.load,
            movable=movable,
            location_score=score,
        )
    return done


def _completed(
    inst: Instance, alias: str, load: Load, *, movable: bool, location_score: int
) -> Instance:
    """Return *inst* with these fields; `_replace` takes three times as long, for each instance."""
    if not (location_score or inst.location_score) and (
        alias == inst.alias and load is inst.load and movable == inst.movable
    ):
        return inst
    return Instance(
        inst.idx, inst.name, alias, inst.mem, inst.disk, inst.disks, inst.vcpus, inst.status,
        inst.primary, inst.secondary, inst.template, inst.tags, inst.spindle_use,
        inst.auto_balance, movable, inst.forthcoming, load, inst.exclusion, inst.wished,
        location_score, inst.networks,
    )  # fmt: skip


class _Tally:
    """What the instances of one node add up to, while a cluster is built."""

    def __init__(self, raw: RawNode) -> None:
        spec = raw.spec
        self.primaries: list[int] = []
        self.secondaries: list[int] = []
        self.disk = 0
        self.i_mem = 0
        self.cpus = spec.n_cpu
        self.cpus_forth = spec.n_cpu
        self.spindles = 0.0
        self.spindles_forth = 0.0
        self.load = [0.0, 0.0, 0.0, 0.0]
        self.peers: dict[int, int] = {}
        self.exclusion: Mapping[str, int] = {}
        self.location_score = 0
        self.pairs: Mapping[tuple[str, str], int] = {}
        self.f_mem_forth = spec.f_mem
        self.f_disk_forth = raw.f_disk
        self.f_spindles_forth = raw.f_spindles

    def _forthcoming(self, spec: NodeSpec, inst: Instance) -> None:
        """Count what only forthcoming instances change: space that is not taken yet."""
        if inst.local_storage:
            self.f_disk_forth -= inst.disk
        if spec.exclusive:
            need = inst.spindles
            self.f_spindles_forth = -1 if need is None else self.f_spindles_forth - need
        else:
            self.f_spindles_forth = 0

    def _used_spindles(self, inst: Instance) -> None:
        self.spindles_forth += inst.spindle_use
        if not inst.forthcoming:
            self.spindles += inst.spindle_use

    def add_primary(self, spec: NodeSpec, inst: Instance) -> None:
        """Count a primary."""
        cpus = inst.vcpus if inst.online else 0
        self.cpus_forth += cpus
        uses = inst.uses_memory
        if not uses:
            self.f_mem_forth -= inst.mem
        if inst.exclusion:
            self.exclusion = counted(self.exclusion, inst.exclusion)
        if not spec.exclusive and inst.template in LOCAL_STORAGE:
            self._used_spindles(inst)
        if inst.forthcoming:
            self._forthcoming(spec, inst)
            return
        self.primaries.append(inst.idx)
        self.disk += inst.disk
        self.cpus += cpus
        if uses:
            self.i_mem += inst.mem
        load, total = inst.load, self.load
        total[0] += load[0]
        total[1] += load[1]
        total[2] += load[2]
        total[3] += load[3]
        self.location_score += inst.location_score
        if inst.wished:
            self.location_score += unmet_wishes(spec, inst)
        if inst.exclusion:
            self.pairs = counted(self.pairs, tag_pairs(spec, inst))

    def add_secondary(self, spec: NodeSpec, inst: Instance) -> None:
        """Count a secondary."""
        if not spec.exclusive and inst.template in LOCAL_STORAGE:
            self._used_spindles(inst)
        if inst.forthcoming:
            self._forthcoming(spec, inst)
            return
        self.secondaries.append(inst.idx)
        self.disk += inst.disk
        self.load[2] += inst.load[2]
        need = inst.mem if inst.auto_balance and inst.status != OFFLINE else 0
        self.peers[inst.primary] = self.peers.get(inst.primary, 0) + need

    def node(self, raw: RawNode, spec: NodeSpec) -> tuple[Node, str | None]:
        """Return the finished node, and a warning when its figures contradict each other."""
        recorded = int(spec.t_mem) - spec.n_mem - self.i_mem
        x_mem = recorded - spec.f_mem
        x_disk = int(spec.t_disk) - raw.f_disk - self.disk
        warning = None
        if x_mem > 512 or x_disk > 1024:
            warning = f"node {spec.name} is missing {x_mem} MB ram and {x_disk // 1024} GB disk"
        pool = int(spec.t_mem) - spec.n_mem - max(0, x_mem)
        r_mem = max(self.peers.values(), default=0)
        node = Node(
            spec._replace(x_mem=x_mem, pool_mem=pool),
            self.i_mem,
            raw.f_disk,
            raw.f_spindles,
            self.cpus,
            self.spindles,
            Load(*self.load),
            tuple(reversed(self.primaries)),
            tuple(reversed(self.secondaries)),
            self.peers,
            r_mem,
            spec.f_mem < r_mem,
            self.exclusion,
            self.location_score,
            self.pairs,
            self.f_mem_forth,
            self.f_disk_forth,
            self.f_spindles_forth,
            self.cpus_forth,
            self.spindles_forth,
        )
        return node, warning


def assemble(raw: Raw, wishes: Wishes = NO_WISHES) -> tuple[Cluster, list[str]]:
    """Build the cluster; also return warnings about data that contradicts itself.

    Raises `PlanError` for selected or excluded instances that do not exist.
    """
    known = [node.spec.name for node in raw.nodes] + [inst.name for inst in raw.instances]
    suffix = names.common_suffix(known)
    complete = _spec(raw, suffix, wishes.kvm_memory)
    specs = {node.spec.idx: complete(node) for node in raw.nodes}
    instances = _instances(raw, specs, wishes, suffix)
    tallies = {node.spec.idx: _Tally(node) for node in raw.nodes}
    for inst in instances.values():
        tallies[inst.primary].add_primary(specs[inst.primary], inst)
        if inst.secondary != NO_NODE:
            tallies[inst.secondary].add_secondary(specs[inst.secondary], inst)
    nodes = {}
    warnings: list[str] = []
    for raw_node in raw.nodes:
        idx = raw_node.spec.idx
        nodes[idx], warning = tallies[idx].node(raw_node, specs[idx])
        if warning is not None:
            warnings.insert(0, warning)
    return Cluster(raw.groups, nodes, instances, raw.tags, raw.policy), warnings

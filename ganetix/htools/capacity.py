"""Capacity: how many more instances fit, of one size or of shrinking ones."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from ganetix.htools.faults import FAULTS, FailMode
from ganetix.htools.filling import Filled, PairFiller
from ganetix.htools.finder import Finder, Targets, acceptance, always
from ganetix.htools.model import DRBD, Disk, Instance, Instances, Node, Nodes
from ganetix.htools.options import Options
from ganetix.htools.redundancy import redundant
from ganetix.htools.solution import Solution, settle

UNIT_MEMORY: Final = 64
UNIT_DISK: Final = 256
UNIT_CPU: Final = 1
UNIT_SPINDLE: Final = 1
BIG_STEP: Final = 10
# How many sizes are looked at ahead, at first and at most.
FIRST_BATCH: Final = 8
LAST_BATCH: Final = 128


class Size(NamedTuple):
    """The size of new instances: MiB of disk and memory, CPUs, spindles."""

    disk: int
    memory: int
    cpus: int
    spindles: int


def new_instance(size: Size, template: str, spindle_use: int) -> Instance:
    """Return an instance of *size* that is nowhere yet."""
    return Instance(
        -1, "new", "new", size.memory, size.disk, (Disk(size.disk, size.spindles),), size.cpus,
        "running", -1, -1, template, spindle_use=spindle_use,
    )  # fmt: skip


def size_of(inst: Instance) -> Size:
    """Return the size of *inst*."""
    spindles = inst.disks[0].spindles or 0 if len(inst.disks) == 1 else 0
    return Size(inst.disk, inst.mem, inst.vcpus, spindles)


def shrunk(inst: Instance, fault: FailMode) -> Instance | None:
    """Return *inst* with one unit less of what *fault* lacks; None when it cannot be less."""
    if fault is FailMode.FailMem:
        less = inst.mem - UNIT_MEMORY
        return inst._replace(mem=less) if less >= UNIT_MEMORY else None
    if fault is FailMode.FailDisk:
        disks = tuple(disk._replace(size=disk.size - UNIT_DISK) for disk in inst.disks)
        if any(disk.size < UNIT_DISK for disk in disks):
            return None
        return inst._replace(disk=inst.disk - len(disks) * UNIT_DISK, disks=disks)
    if fault is FailMode.FailCPU:
        return inst._replace(vcpus=inst.vcpus - UNIT_CPU) if inst.vcpus > UNIT_CPU else None
    if fault is FailMode.FailSpindles and len(inst.disks) == 1:
        spindles = inst.disks[0].spindles
        if spindles is not None and spindles > UNIT_SPINDLE:
            return inst._replace(disks=(inst.disks[0]._replace(spindles=spindles - UNIT_SPINDLE),))
    return None


def shrinking(inst: Instance, fault: FailMode) -> Iterator[Instance]:
    """Yield *inst* and smaller and smaller ones, but for the smallest, as the reference does."""
    smaller = shrunk(inst, fault)
    while smaller is not None:
        yield inst
        inst, smaller = smaller, shrunk(smaller, fault)


class Filler:
    """Fills a cluster with new instances."""

    def __init__(self, options: Options, where: Targets) -> None:
        self._options = options
        self._where = where
        self._pairs = PairFiller(options, where.pairs) if where.pairs else None

    def look(
        self, nodes: Nodes, instances: Instances, inst: Instance, *, check: bool = True
    ) -> Solution:
        """Find a place for one instance, with global N+1 if *check* and the options ask for it."""
        accept = acceptance(self._options, nodes, instances) if check else always
        return Finder(self._options, inst, often=True).find(nodes, self._where, accept)

    def _small_steps(
        self, start: Filled, inst: Instance, limit: int | None, *, check: bool
    ) -> Filled:
        """Place one instance after the other."""
        if self._pairs is not None and not check:
            return self._pairs.fill(start, inst, limit)
        nodes, instances, new, _failures = start
        placed = list(new)
        finder = Finder(self._options, inst, often=True)
        while True:
            accept = acceptance(self._options, nodes, instances) if check else always
            found = finder.find(nodes, self._where, accept)
            if found.place is None or limit == 0:
                return Filled(nodes, instances, tuple(placed), found.failures)
            name = f"new-{len(placed)}"
            named = found.place.inst._replace(name=name, alias=name)
            nodes, instances = settle(nodes, instances, found.place._replace(inst=named))
            placed.append(instances[len(instances) - 1])
            limit = None if limit is None else limit - 1

    def fill(self, start: Filled, inst: Instance, limit: int | None) -> Filled:
        """Place instances like *inst* until none fits; at most *limit*.

        Many are placed at once and global N+1 is tested then; only when that fails the steps are
        smaller. The result is the same as with one test for each.
        """
        if not self._options.capacity or inst.template == DRBD:
            return self._small_steps(start, inst, limit, check=False)
        return self._big_steps(start, inst, limit, _guess(start.nodes, inst))

    def _big_steps(self, start: Filled, inst: Instance, limit: int | None, step: int) -> Filled:
        now = start
        while True:
            here = step if limit is None else min(step, limit)
            after = self._small_steps(now, inst, here, check=False)
            if not redundant(after.nodes, after.instances, self._options):
                if step > BIG_STEP:
                    step = BIG_STEP
                    continue
                return self._small_steps(now, inst, limit, check=True)
            limit = None if limit is None else max(0, limit - here)
            if limit == 0 or len(after.new) == len(now.new):
                return after
            now = after

    def fill_tiered(self, start: Filled, inst: Instance, limit: int | None) -> Filled:
        """Place instances like *inst*, then smaller and smaller ones, until none fits.

        At most *limit* of all sizes.
        """
        most = None if limit is None else len(start.new) + limit
        now = self.fill(start, inst, limit)
        while most is None or len(now.new) < most:
            smaller = self._next_size(now, inst)
            if smaller is None:
                break
            left = None if most is None else most - len(now.new)
            inst, now = smaller, self.fill(now, smaller, left)
        return now

    def _next_size(self, now: Filled, inst: Instance) -> Instance | None:
        """Find the next smaller instance that fits.

        Shrink what fails most, one unit after the other. Where that ends without success, go back
        the same way and see at each size whether shrinking one resource alone is enough.
        """
        tried = [(inst, now.failures)]
        ahead: Iterator[tuple[Instance, dict[FailMode, int] | None]] = iter(())
        fault: FailMode | None = None
        while True:
            most = _ascending(tried[-1][1])[-1]
            if most is not fault:
                fault, ahead = most, self._ahead(now, tried[-1][0], most)
            smaller, failures = next(ahead, (None, None))
            if smaller is None:
                break
            if failures is None:
                return smaller
            tried.append((smaller, failures))
        known: dict[Instance, Solution] = {}
        for one, failures in reversed(tried):
            for fault in reversed(_ascending(failures)):
                fitting = self._suffices(now, one, fault, known)
                if fitting is not None:
                    return fitting
        return None

    def _ahead(
        self, now: Filled, inst: Instance, fault: FailMode
    ) -> Iterator[tuple[Instance, dict[FailMode, int] | None]]:
        """Yield smaller and smaller instances, and why they do not fit (None if they do)."""
        smaller = shrunk(inst, fault)
        if self._pairs is not None:
            yield from self._many_ahead(self._pairs, now, smaller, fault)
            return
        while smaller is not None:
            found = self.look(now.nodes, now.instances, smaller, check=inst.template != DRBD)
            yield smaller, found.failures if found.place is None else None
            smaller = shrunk(smaller, fault)

    def _many_ahead(
        self, pairs: PairFiller, now: Filled, smaller: Instance | None, fault: FailMode
    ) -> Iterator[tuple[Instance, dict[FailMode, int] | None]]:
        """Do the same for pairs, for more and more sizes at once."""
        batch = FIRST_BATCH
        while smaller is not None:
            sizes: list[Instance] = []
            while smaller is not None and len(sizes) < batch:
                sizes.append(smaller)
                smaller = shrunk(smaller, fault)
            yield from zip(sizes, pairs.failures(now.nodes, sizes), strict=True)
            batch = min(2 * batch, LAST_BATCH)

    def _suffices(
        self, now: Filled, inst: Instance, fault: FailMode, known: dict[Instance, Solution]
    ) -> Instance | None:
        """Return the biggest shrunk instance that fits, if shrinking one resource can do it."""
        for smaller in shrinking(inst, fault):
            if smaller not in known:
                known[smaller] = self._look_twice(now, smaller)
            if known[smaller].place is not None:
                return smaller
            if fault not in known[smaller].failures:
                return None
        return None

    def _look_twice(self, now: Filled, inst: Instance) -> Solution:
        """Look for a place, with global N+1 only if there is one without."""
        if self._pairs is not None:
            found = self._pairs.failures(now.nodes, [inst])[0]
            if found is not None:
                return Solution(None, 0, found)
        return self.look(now.nodes, now.instances, inst)


def _ascending(failures: dict[FailMode, int]) -> list[FailMode]:
    """Return all kinds of failures, the least frequent first."""
    return sorted(FAULTS, key=lambda fault: failures.get(fault, 0))


def _guess(nodes: Nodes, inst: Instance) -> int:
    """Guess how many instances may be placed before global N+1 need be tested."""
    free = sum(node.u_mem for node in nodes.values())
    reserved = round(max((node.spec.t_mem for node in nodes.values()), default=0.0))
    guess = (free - reserved) // inst.mem - len(nodes) if inst.mem else 0
    return max(20, guess)


def unhappy(nodes: Nodes) -> list[Node]:
    """Return the online nodes that fail N+1."""
    return [node for _i, node in sorted(nodes.items()) if node.fail_n1 and not node.offline]

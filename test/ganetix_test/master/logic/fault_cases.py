"""Letting each node call of an operation fail, and seeing what is left and who names it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import attrs
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from ganetix import errors
from ganetix.master.verify import config
from ganetix.model.cluster import Cluster
from ganetix.model.codec import decode_data, encode_config, indexed
from ganetix.model.objects import Disk
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.verify import OpClusterVerifyGroup
from ganetix.rpc.tables.verify import DrbdFacts, Inspected, VolumeFacts
from ganetix.testing.logic import LogicContext, node_uuid, run
from ganetix.testing.nodes import FakeHandler
from ganetix_test.master.logic.cases import UnitTestCase

DONE: Final = ("already", "There is no disk", "is not known", "it does not run")
"""Words with which an operation says that there is nothing to do any more."""
FAULTS: Final = ("refused", "answer lost", "node lost", "node lost after it")
NODES: Final = tuple(node_uuid(number) for number in (1, 2, 3))


@attrs.define(eq=False)
class Fault:
    """Fails call *number* (from 1) in the way of *kind*; lost nodes answer again when it is over.

    Minors of mirrors that are up are kept beside: the world only knows their volumes.
    """

    kind: str
    number: int
    begun: int = 0
    lost: str = ""
    over: bool = False

    def around(self, handlers: Mapping[str, FakeHandler]) -> dict[str, FakeHandler]:
        """Return *handlers* with the fault."""
        return {name: self._wrapped(name, handler) for name, handler in handlers.items()}

    def _wrapped(self, name: str, handler: FakeHandler) -> FakeHandler:
        async def faulty(node: str, request: Any) -> Any:
            if self.over:
                return await handler(node, request)
            self.begun += 1
            hit = self.begun == self.number
            if hit and self.kind.startswith("node lost"):
                self.lost = node
            if node == self.lost and not (hit and self.kind.endswith("after it")):
                raise errors.RemoteError(f"Node {node} can't be reached.")
            if hit and self.kind == "refused":
                raise errors.OpExecError(f"Call {name} failed.")
            answer = await handler(node, request)
            if hit:
                raise errors.RemoteError(f"Nobody knows whether call {name} was done.")
            return answer

        return faulty


@attrs.frozen
class Outcome:
    """How one run of *calls* node calls ended: the *failure* or None, and its *context*."""

    title: str
    failure: Failure | None
    context: LogicContext
    calls: int

    @property
    def told(self) -> str:
        """Everything that the administrator was told."""
        error = "" if self.failure is None else str(self.failure.value)
        return "\n".join([error, *self.context.logged])


class FaultCase(UnitTestCase):
    """Runs operations with faults."""

    def fresh(self) -> LogicContext:
        """Return a context with everything that the operation needs."""
        return LogicContext(self.cluster())

    def outcomes(self, op: OpCode, make: Callable[[], LogicContext]) -> Iterator[Outcome]:
        """Run *op* with each fault at each of its calls; nodes are well again after each."""
        counted = make()
        whole = self._played(op, counted, Fault("none", 0))
        self.assertIsNone(whole.failure, whole.told)
        for number in range(1, whole.calls + 1):
            for kind in FAULTS:
                yield self._played(op, make(), Fault(kind, number))

    def _played(self, op: OpCode, context: LogicContext, fault: Fault) -> Outcome:
        context.fake.handlers = fault.around(context.fake.handlers)
        ended: list[Any] = []
        work = Deferred.fromCoroutine(run(self.unit(op), op, context)).addBoth(ended.append)
        for _ in range(200):
            if not ended:
                context.reactor.advance(1.0)
        self.assertEqual(len(ended), 1, work)
        fault.over = True
        failure = ended[0] if isinstance(ended[0], Failure) else None
        made = context.fake.made[fault.number - 1] if fault.number else None
        title = f"{fault.kind} at call {fault.number} {made and made.call} on {made and made.node}"
        return Outcome(title, failure, context, fault.begun)

    def check(self, outcome: Outcome) -> None:
        """Raise unless the error is a sentence and the configuration whole and readable."""
        if outcome.failure is not None:
            error = outcome.failure.value
            self.assertIsInstance(error, errors.GanetiError, outcome.title)
            self.assertNotIsInstance(error, CancelledError)
            words = str(error)
            self.assertTrue(words.endswith((".", ")")), f"{outcome.title}: {words}")
        cluster = outcome.context.cluster
        raw = encode_config(cluster)
        self.assertEqual(encode_config(indexed(decode_data(raw, "it"))), raw)
        found = [row.line(False) for row in config.findings(cluster)]
        self.assertEqual(found, [], outcome.title)
        leftovers = set(left(outcome.context))
        if leftovers:
            named = "\n".join(self.verified(outcome.context))
            for node, thing in sorted(leftovers):
                name = cluster.nodes[node].name
                lines = [row for row in named.splitlines() if name in row and thing in row]
                self.assertTrue(
                    lines, f"{outcome.title}: {thing} on {name} is not in\n{named}\n{outcome.told}"
                )

    def verified(self, context: LogicContext) -> list[str]:
        """Return what verify says of the nodes as they are."""
        look(context)
        before = len(context.entries)
        op = OpClusterVerifyGroup(group_name="default")
        self.successResultOf(Deferred.fromCoroutine(run(self.unit(op), op, context)))
        return [str(row) for _, rows in context.entries[before:] for row in rows]

    def again(self, op: OpCode, outcome: Outcome) -> None:
        """Mend what is named, and run *op* once more: it works, or says that it is done."""
        mend(outcome.context, outcome.told)
        ended = self._played(op, outcome.context, Fault("none", 0))
        if ended.failure is not None:
            self.assertIsInstance(ended.failure.value, errors.OpPrereqError, outcome.title)
            words = str(ended.failure.value)
            self.assertTrue(any(done in words for done in DONE), f"{outcome.title}: {words}")


def minors(context: LogicContext) -> dict[tuple[str, str], int]:
    """Return the minors of the mirrors that were ever assembled, by node and data volume."""
    found = {}
    for made in context.fake.made:
        disk = getattr(made.request, "disk", None)
        if made.call == "blockdev_assemble" and disk is not None and disk.children:
            first = disk.logical_id[0] == made.node
            place = (made.node, str(disk.children[0].logical_id[1]))
            found[place] = int(disk.logical_id[3 if first else 4])
    return found


def look(context: LogicContext) -> None:
    """Let the nodes tell verify of their volumes, mirrors and directories as they are."""
    world, known = context.world, minors(context)
    for node in NODES:
        volumes = sorted(name for where, name in world.disks if where == node and "/" not in name)
        up = sorted({known[place] for place in world.assembled & known.keys() if place[0] == node})
        world.inspected[node] = Inspected(
            volumes=VolumeFacts(size=100000, volumes=volumes), drbd=DrbdFacts("8.4", "", up)
        )


def left(context: LogicContext) -> Iterator[tuple[str, str]]:
    """Yield node and words for what is there and belongs to nothing, or should be and is not."""
    world, known = context.world, minors(context)
    owned = {place for _, place in _owned(context.cluster)}
    yield from _made(context) - owned
    for disk, (node, name) in _owned(context.cluster):
        if (node, name) not in world.disks:
            yield node, f"{disk.iv_name} is missing"
    yield from _directories(context)
    for place in world.assembled & known.keys() - owned:
        yield place[0], f"minor {known[place]} "
    for node, _ in _strays(context):
        yield node, "runs "


def mend(context: LogicContext, told: str) -> None:
    """Do what was *told*: rename what is to be saved, remove the rest, put back what is missing."""
    world, known = context.world, minors(context)
    owned = {place: disk for disk, place in _owned(context.cluster)}
    world.assembled -= known.keys() - owned.keys()
    for place in _made(context) - owned.keys():
        size = world.disks.pop(place)
        if f"(lvrename xenvg {place[1]} old)" in told:
            world.disks[place[0], "old"] = size
    world.directories -= set(_directories(context))
    for stray in _strays(context):
        del world.guests[stray]
    for disk, (node, name) in _owned(context.cluster):
        world.disks.setdefault((node, name), disk.size)
        if "/" in name:
            world.directories.add((node, name.rpartition("/")[0]))


def _strays(context: LogicContext) -> list[tuple[str, str]]:
    """Return node and name of guests that run where they do not belong."""
    homes = {one.name: one.primary_node for one in context.cluster.instances.values()}
    return [(node, name) for node, name in context.world.guests if homes.get(name) != node]


def _made(context: LogicContext) -> set[tuple[str, str]]:
    """Return all disks but those that the cluster has not made, whose names have no dot."""
    return {place for place in context.world.disks if "." in place[1]}


def _owned(cluster: Cluster) -> Iterator[tuple[Disk, tuple[str, str]]]:
    for disk in cluster.disks.values():
        for one in disk.children or [disk]:
            for node in disk.nodes:
                yield disk, (node, str(one.logical_id[1]))


def _directories(context: LogicContext) -> Iterator[tuple[str, str]]:
    known = {
        (node, str(disk.logical_id[1]).rpartition("/")[0])
        for disk in context.cluster.disks.values()
        for node in disk.nodes
    }
    yield from context.world.directories - known

"""The base of the tests of units: run opcodes in a cluster of three nodes."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.table import units
from ganetix.master.logic.unit import Hooks, Unit
from ganetix.model.changes import Change, apply
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.instance import OpInstanceCreate
from ganetix.testing.facts import StillFacts
from ganetix.testing.logic import LogicContext, hooks_of, node_uuid, run, three_nodes


async def resolve(name: str) -> tuple[str, str]:
    """Resolve names of the test domain to one address; short names get the domain."""
    if name.startswith("unknown"):
        raise errors.ResolverError(name, 1, f"{name} does not resolve.")
    return (name if "." in name else f"{name}.example.com", "192.0.2.7")


async def answers(address: str) -> bool:
    """Tell that only these addresses answer; the second is node2's."""
    return address in ("192.0.2.99", "127.0.0.12")


async def read_file(path: str) -> bytes | None:
    """Return some content for every file but one."""
    return None if path.endswith("users") else b"content of " + path.encode()


async def checkpoint() -> None:
    """There is nothing to write."""


def hail(request: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Choose the last node that is online, or fail when none is; move nothing."""
    if request["request"]["type"] in ("node-evacuate", "change-group"):
        return {"success": True, "info": "", "result": [[], [], []]}
    restricted = request["request"].get("restrict-to-nodes")
    usable = sorted(
        name
        for name, node in request["nodes"].items()
        if not node["offline"] and (restricted is None or name in restricted)
    )
    if not usable:
        return {"success": False, "info": "no node is left", "result": []}
    return {"success": True, "info": "", "result": usable[-1:]}


OUTSIDE = Outside(resolve, answers, read_file, checkpoint, hail, StillFacts)


class UnitTestCase(SynchronousTestCase):
    """Runs opcodes with the units of the table."""

    def setUp(self) -> None:
        """Make a cluster and a context."""
        self.units = units(self.outside())
        self.context = LogicContext(self.cluster())

    def outside(self) -> Outside:
        """Return what units get besides the context."""
        return OUTSIDE

    def cluster(self) -> Cluster:
        """Return the configuration to begin with."""
        return three_nodes()

    def unit(self, op: OpCode) -> Unit[Any, Any]:
        """Return the unit of *op*."""
        return self.units[type(op)]

    def run_op(self, op: OpCode, context: LogicContext | None = None) -> Any:
        """Run *op* to its end and return its result."""
        on = context or self.context
        return self.successResultOf(Deferred.fromCoroutine(run(self.unit(op), op, on)))

    def refusal(self, op: OpCode, kind: type[errors.GanetiError] = errors.OpPrereqError) -> str:
        """Run *op*, which must fail with *kind*; return the sentence."""
        wait = Deferred.fromCoroutine(run(self.unit(op), op, self.context))
        message = self.failureResultOf(wait, kind).value.message
        self.assertTrue(message.endswith((".", ")")), message)
        return str(message)

    def refusal_kind(self, op: OpCode) -> str | None:
        """Run *op*, whose preconditions must not hold; return the kind of the error."""
        wait = Deferred.fromCoroutine(run(self.unit(op), op, self.context))
        error: errors.OpPrereqError = self.failureResultOf(wait, errors.OpPrereqError).value
        return error.kind

    def hooks(self, op: OpCode) -> Hooks | None:
        """Return the hooks of *op* before it is executed."""
        unit = self.unit(op)
        self.context.wants = unit.locks(op, self.context.cluster)
        plan = self.successResultOf(Deferred.fromCoroutine(unit.check(op, self.context)))
        return hooks_of(unit, op, plan, self.context)

    def locks(self, op: OpCode) -> list[tuple[str, tuple[str, ...], str]]:
        """Return the locks that *op* wants, as (level, keys, mode)."""
        wants = self.unit(op).locks(op, self.context.cluster)
        return [(want.level, want.keys, want.mode) for want in wants]

    def add(self, name: str = "vm1.example.com", **fields: Any) -> Instance:
        """Create an instance and return it."""
        self.run_op(creation(name, **fields))
        return self.instance(name)

    def instance(self, name: str = "vm1.example.com") -> Instance:
        """Return the instance as the configuration has it now."""
        return self.context.cluster.instance_named(name)

    def set_node(self, number: int, **fields: Any) -> None:
        """Change fields of a node behind the units' back."""
        self.context.state = changed_node(self.context.state, number, **fields)

    def fails_anywhere(self, op: OpCode, make: Callable[[], LogicContext]) -> int:
        """Let each node call of *op* fail in turn, before and after it has done its work.

        Nothing may be left of *op* each time. Return how many calls there are.
        """
        counted = make()
        self.run_op(op, counted)
        calls = len(counted.fake.made)
        for broken in range(1, calls + 1):
            for moment in ("before", "after"):
                context = make()
                seen, state = context.world.seen(), context.cluster
                fail_at(context, broken, moment)
                wait = Deferred.fromCoroutine(run(self.unit(op), op, context))
                self.failureResultOf(wait, errors.GanetiError)
                self.assertEqual(context.world.seen(), seen, f"{moment} call {broken}")
                self.assertEqual(context.cluster.instances, state.instances)
                self.assertEqual(context.cluster.disks, state.disks)
        return calls


def fail_at(context: LogicContext, number: int, moment: str) -> None:
    """Let call *number* (from 1) fail *before* it does anything, or *after* it has done it."""
    start = len(context.fake.made)

    def fail(node: str, call: str) -> None:
        if len(context.fake.made) - start == number:
            raise errors.RemoteError(f"Call {call} failed.")

    setattr(context.world, moment, fail)


def creation(name: str = "vm1.example.com", **fields: Any) -> OpInstanceCreate:
    """Return the opcode that creates an instance with one file disk on node1."""
    given: dict[str, Any] = {
        "disks": [{"size": 1024}],
        "disk_template": "file",
        "mode": "create",
        "nics": [{}],
        "os_type": "tiny",
        "pnode": "node1.example.com",
        **fields,
    }
    return OpInstanceCreate(instance_name=name, **given)


def changed_node(cluster: Cluster, number: int, **fields: Any) -> Cluster:
    """Return *cluster* with fields of a node changed."""
    fresh = msgspec.structs.replace(cluster.nodes[node_uuid(number)], **fields)
    return apply(cluster, Change(nodes=(fresh,)), 0.0)

"""Hooks around an opcode: where they run, and what their failure means."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.master.hooks import HooksRunner
from ganetix.master.logic.unit import Hooks
from ganetix.paths import Paths
from ganetix.rpc.tables.hooks import HookResult, HookResults
from ganetix.testing.logic import node_uuid, three_nodes
from ganetix.testing.nodes import FakeNodes
from ganetix_test.master.logic.cases import changed_node

NODES = tuple(node_uuid(number) for number in (1, 2, 3))
HOOKS = Hooks("node-modify", "NODE", {"NODE_NAME": "node3"}, NODES, NODES)


class HooksTests(SynchronousTestCase):
    """Three nodes, on one of which a script fails."""

    def setUp(self) -> None:
        """Let the script of node2 fail once `failing` is set."""
        self.failing = False
        self.nodes = FakeNodes({"hooks_runner": self.answer})
        self.runner = HooksRunner(self.nodes, Paths("", "node1.example.com"))
        self.cluster = three_nodes()

    async def answer(self, node: str, request: Any) -> HookResults:
        """Run the only script."""
        fails = self.failing and node == NODES[1]
        return HookResults([HookResult("check", int(fails), "no room" if fails else "")])

    def post(self) -> list[str]:
        """Run the post hooks and return the warnings."""
        work = self.runner.post(HOOKS, HOOKS, "OP_NODE_SET_PARAMS", self.cluster)
        return self.successResultOf(Deferred.fromCoroutine(work))

    def pre(self) -> Deferred[None]:
        """Run the pre hooks."""
        work = self.runner.pre(HOOKS, "OP_NODE_SET_PARAMS", self.cluster)
        return Deferred.fromCoroutine(work)

    def test_all_nodes(self) -> None:
        """Both phases run on all the nodes that are named."""
        self.successResultOf(self.pre())
        self.assertEqual(self.post(), [])
        self.assertEqual([made.node for made in self.nodes.made], [*NODES, *NODES])

    def test_failing_before(self) -> None:
        """A script that fails before the operation stops it, named with node and output."""
        self.failing = True
        failure = self.failureResultOf(self.pre(), errors.HooksAbort)
        self.assertIn(("node2.example.com", "check", "no room"), failure.value.args[0])

    def test_failing_after(self) -> None:
        """Afterwards it is a warning."""
        self.failing = True
        self.assertEqual(len(self.post()), 1)
        self.assertIn("node2.example.com: post hook check failed", self.post()[0])

    def test_unreachable(self) -> None:
        """A node that can't be reached stops nothing, and is told of afterwards."""
        self.nodes.down = {NODES[2]}
        self.successResultOf(self.pre())
        self.assertIn("node3.example.com", self.post()[0])

    def test_offline(self) -> None:
        """One that is marked offline is not called, nor told of."""
        self.cluster = changed_node(self.cluster, 3, offline=True, master_candidate=False)
        self.successResultOf(self.pre())
        self.assertEqual(self.post(), [])
        self.assertNotIn(NODES[2], [made.node for made in self.nodes.made])

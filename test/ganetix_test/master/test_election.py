"""Tests of `ganetix.master.election`."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock as TwistedClock
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.master.election import PATIENCE, elect, verdict
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Node, Settings
from ganetix.rpc.tables.sessions import MASTER_INFO, MasterInfo
from ganetix.testing.nodes import FakeNodes
from ganetix.toolkit.clock import Clock


def votes(*names: str, epoch: int = 1) -> list[MasterInfo]:
    """Return a vote for each of *names*."""
    return [MasterInfo(name, epoch) for name in names]


class VerdictTests(SynchronousTestCase):
    """Counting."""

    def test_half_plus_one(self) -> None:
        """More than half of all nodes, those that are silent included, make a master."""
        for nodes, needed in ((1, 1), (2, 2), (3, 2), (4, 3), (5, 3)):
            self.assertIsNone(verdict("a", 1, nodes, votes(*["a"] * needed)))
            told = verdict("a", 1, nodes, votes(*["a"] * (needed - 1)))
            self.assertIn(f"{needed} are needed", str(told))

    def test_another_master(self) -> None:
        """When the nodes stand by another, waiting is useless: it is named."""
        with self.assertRaises(errors.NotMasterError) as caught:
            verdict("a", 1, 3, votes("b", "b", "a"))
        self.assertIn("b is the master", caught.exception.message)

    def test_newer_epoch(self) -> None:
        """A single node that obeyed a later mastership is enough to refuse."""
        with self.assertRaises(errors.NotMasterError):
            verdict("a", 1, 3, [*votes("a", "a"), MasterInfo("b", 2)])

    def test_new_nodes_have_no_opinion(self) -> None:
        """A node that has obeyed nobody yet speaks for nobody, and against nobody."""
        self.assertIsNone(verdict("a", 1, 3, votes("a", "a", "", epoch=1)))
        self.assertIsNotNone(verdict("a", 1, 3, votes("a", "", "")))


class ElectTests(SynchronousTestCase):
    """Asking."""

    def setUp(self) -> None:
        """Make a cluster of three nodes that all stand by ``a``."""
        self.reactor = TwistedClock()
        self.clock = Clock(self.reactor, lambda: 0.0)
        rows = {uuid: Node(uuid, uuid, "", "", "g") for uuid in ("a", "b", "c")}
        settings = Settings("u", "cluster", "a", "", "", 32, epoch=1)
        self.cluster = Cluster(cluster=settings, nodes=rows)
        self.named = "a"

        async def answer(node: str, request: Any) -> MasterInfo:
            return MasterInfo(self.named, 1)

        self.nodes = FakeNodes({MASTER_INFO.name: answer})

    def election(self) -> "Deferred[None]":
        """Begin to elect ``a``."""
        return Deferred.fromCoroutine(elect(self.nodes, self.cluster, "a", self.clock))

    def test_majority(self) -> None:
        """With most of the nodes there is nothing to wait for."""
        self.nodes.down = {"c"}
        self.assertIsNone(self.successResultOf(self.election()))

    def test_late_nodes(self) -> None:
        """Nodes that come up a little later are waited for."""
        self.nodes.down = {"b", "c"}
        election = self.election()
        self.reactor.advance(1)
        self.assertNoResult(election)
        self.nodes.down = {"c"}
        self.reactor.advance(1)
        self.assertIsNone(self.successResultOf(election))

    def test_too_few(self) -> None:
        """After a minute without enough of them the sentence says how to go on."""
        self.nodes.down = {"b", "c"}
        election = self.election()
        self.reactor.pump([1.0] * int(PATIENCE + 1))
        error = self.failureResultOf(election, errors.GenericError).value
        self.assertIn("--no-voting", error.message)

    def test_other_master(self) -> None:
        """A refusal comes at once."""
        self.named = "b"
        self.failureResultOf(self.election(), errors.NotMasterError)

"""Which of two masters a node obeys."""

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.rpc.interfaces import Claim
from ganetix.rpc.tables.checks import TEST_DELAY, Delay
from ganetix_test.rpc.hands import Hands
from ganetix_test.rpc.world import World


class EpochTests(SynchronousTestCase):
    """A node obeys the highest epoch only."""

    def setUp(self) -> None:
        """Two hosts that may be master, two nodes."""
        self.world = World()
        for host in ("master", "second", "n1", "n2"):
            self.world.host(host)
        self.hands = {name: Hands() for name in ("n1", "n2")}
        for name, hands in self.hands.items():
            self.world.node(name, hands.table())

    def test_older_refused(self) -> None:
        """A master with an older epoch is refused by every node and told who is master."""
        self.world.pool("second", Claim(2, "second"))
        self.world.run(1)
        self.world.pool("master", Claim(1, "master"))
        self.world.run(0.05)
        told = sorted((node, info.master_node, info.epoch) for node, info in self.world.refusals)
        self.assertEqual(told, [("n1", "second", 2), ("n2", "second", 2)])

    def test_same_epoch_other_master(self) -> None:
        """Two masters never share an epoch."""
        self.world.pool("second", Claim(2, "second"))
        self.world.run(1)
        self.world.pool("master", Claim(2, "master"))
        self.world.run(0.05)
        self.assertEqual({node for node, _ in self.world.refusals}, {"n1", "n2"})

    def test_newer_cuts(self) -> None:
        """A newer epoch ends the older session at once, and the older master commands nobody."""
        old = self.world.pool("master", Claim(1, "master"))
        self.world.run(1)
        self.world.pool("second", Claim(2, "second"))
        self.world.run(0.05)
        self.assertRaises(
            errors.RemoteError, self.world.done, old.call("n1", TEST_DELAY, Delay(1)), 1
        )
        self.assertEqual(self.hands["n1"].did, [])
        self.assertTrue(self.world.refusals)

    def test_on_disk_first(self) -> None:
        """A node answers a newer master only when the epoch is on stable storage."""
        node = self.world.nodes["n1"]
        node.mastership.gate = Deferred()
        pool = self.world.pool("second", Claim(2, "second"))
        self.world.run(1)
        self.assertFalse(pool.connected("n1"))
        node.mastership.gate.callback(None)
        self.world.run(0.1)
        self.assertTrue(pool.connected("n1"))

    def test_revoked(self) -> None:
        """Taking a candidate from the list closes its session at once and lets it in no more."""
        pool = self.world.pool()
        self.world.run(1)
        del self.world.candidates["master"]
        self.world.nodes["n1"].server.candidates_changed()
        self.world.run(0.01)
        self.assertFalse(pool.connected("n1"))
        error = self.assertRaises(
            errors.RemoteError, self.world.done, pool.call("n1", TEST_DELAY, Delay(1)), 1
        )
        self.assertIn("list of master candidates", error.message)

    def test_wrong_role(self) -> None:
        """A certificate of another kind than a node's opens nothing."""
        self.world.host("master", role="rapi")
        pool = self.world.pool()
        error = self.assertRaises(
            errors.RemoteError, self.world.done, pool.call("n1", TEST_DELAY, Delay(1)), 1
        )
        self.assertIn("rapi", error.message)

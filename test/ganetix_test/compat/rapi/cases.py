"""A virtual cluster whose remote API a client may use."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.vcluster.cluster import VirtualCluster

USER = "jack"
PASSWORD = "secret"


class ClusterTestCase(SynchronousTestCase):
    """A cluster of two nodes with one instance, made for the test and removed after it."""

    def setUp(self) -> None:
        """Make it, with a user who may write."""
        self.cluster = VirtualCluster.make(2)
        self.addCleanup(self.cluster.remove)
        self.cluster.begin(2)
        self.cluster.run(
            1, "gnt-instance", "add", "-t", "diskless", "-o", "dummy", "-n", self.cluster.name(2),
            "instance1.example.com",
        )  # fmt: skip
        users = self.cluster.root(1) / "var/lib/ganeti/rapi/users"
        users.write_text(f"{USER} {PASSWORD} write\n", "ascii")
        self.address = (self.cluster.directory / "network").read_text("ascii").strip() + ".11"

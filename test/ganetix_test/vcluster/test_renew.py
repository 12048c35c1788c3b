"""New keys and certificates while a virtual cluster works."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.vcluster.test_cluster import running_cluster

AUTHORITY = ("gnt-cluster", "renew-crypto", "-f", "--new-cluster-certificate")
NEW = ("gnt-cluster", "renew-crypto", "-f", "--new-node-certificates")


class RenewTests(SynchronousTestCase):
    """The cluster of the other tests."""

    def setUp(self) -> None:
        """Take the cluster."""
        self.cluster = running_cluster()

    def keys(self) -> list[bytes]:
        """Return what the nodes show."""
        return [
            (self.cluster.root(number) / "var/lib/ganeti/server.pem").read_bytes()
            for number in (1, 2, 3)
        ]

    def authorities(self) -> list[bytes]:
        """Return whom the nodes trust."""
        return [
            (self.cluster.root(number) / "var/lib/ganeti/authority.pem").read_bytes()
            for number in (1, 2, 3)
        ]

    def well(self) -> bool:
        """Whether verify finds nothing."""
        done = self.cluster.attempt(1, "gnt-cluster", "verify")
        return done.returncode == 0 and "WARNING" not in done.stdout

    def test_renewed(self) -> None:
        """Daemons go on, jobs that run meanwhile succeed, and a restart finds the new keys."""
        before = self.keys()
        pids = [self.cluster.pid(number, "ganeti-noded") for number in (1, 2, 3)]
        names = ",".join(f"{self.cluster.name(number)}" for number in (2, 3))
        words = [word for name in names.split(",") for word in ("-n", name)]
        told = self.cluster.attempt(1, "gnt-debug", "delay", "--submit", *words, "4").stderr
        job = told.split()[-1]
        # The job has the nodes' locks: the certificates come after it, and reads go on meanwhile.
        self.cluster.run(1, *NEW, "--new-rapi-certificate", "--new-confd-hmac-key")
        self.cluster.run(1, "gnt-job", "wait", job)
        for old, new in zip(before, self.keys(), strict=True):
            self.assertNotEqual(old, new)
        self.assertEqual(pids, [self.cluster.pid(number, "ganeti-noded") for number in (1, 2, 3)])
        self.cluster.until(self.well, "all is well")
        self.cluster.run(1, "daemon-util", "stop", "ganeti-masterd")
        self.cluster.run(2, "daemon-util", "stop", "ganeti-noded")
        self.cluster.run(2, "daemon-util", "start", "ganeti-noded")
        self.cluster.run(1, "daemon-util", "start", "ganeti-masterd")
        self.cluster.until(self.well, "all is well after a restart")

    def test_new_authority(self) -> None:
        """All nodes trust a new authority alone; no daemon is restarted, a restart goes well."""
        before, keys = self.authorities(), self.keys()
        pids = [self.cluster.pid(number, "ganeti-noded") for number in (1, 2, 3)]
        self.cluster.run(1, *AUTHORITY)
        [after] = set(self.authorities())
        self.assertNotIn(after, before)
        self.assertEqual(after.count(b"BEGIN"), 1)
        self.assertFalse(set(self.keys()) & set(keys))
        self.assertEqual(pids, [self.cluster.pid(number, "ganeti-noded") for number in (1, 2, 3)])
        self.cluster.until(self.well, "all is well")
        for number in (2, 3):
            self.cluster.run(number, "daemon-util", "stop", "ganeti-noded")
            self.cluster.run(number, "daemon-util", "start", "ganeti-noded")
        self.cluster.run(1, "daemon-util", "stop", "ganeti-masterd")
        self.cluster.run(1, "daemon-util", "start", "ganeti-masterd")
        self.cluster.until(self.well, "all is well after a restart")

    def test_rolled_back(self) -> None:
        """With a node that does not answer nothing changes anywhere."""
        before = self.keys(), self.authorities()
        self.cluster.kill(3, "ganeti-noded")
        for line in (NEW, AUTHORITY):
            done = self.cluster.attempt(1, *line)
            self.assertEqual(done.returncode, 1)
            self.assertIn("node3", done.stderr)
        self.cluster.run(3, "daemon-util", "start", "ganeti-noded")
        self.cluster.until(self.well, "all is well")
        self.assertEqual((self.keys(), self.authorities()), before)

"""Networks, job filters and reservations in a cluster of real daemons."""

import re

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.vcluster.test_cluster import running_cluster

ADD = ("gnt-instance", "add", "-t", "diskless", "-o", "dummy", "-n", "node2.example.com",
       "--net", "0:network=lan,ip=pool")  # fmt: skip


class NetworkTests(SynchronousTestCase):
    """Each test leaves the cluster that the others use as it was."""

    def setUp(self) -> None:
        """Take the cluster."""
        self.cluster = running_cluster()

    def run_line(self, line: str) -> str:
        """Run *line* and return its output."""
        return self.cluster.run(1, *line.split())

    def addresses(self) -> list[str]:
        """Return the addresses of all instances that have one."""
        rows = self.cluster.rows("gnt-instance", "list", "-o", "nic.ips")
        return sorted(ip for (ip,) in rows if ip != "None")

    def test_pool(self) -> None:
        """Jobs at the same time get different addresses; a full pool says so; verify agrees."""
        self.run_line("gnt-network add --network=192.0.2.0/29 --gateway=192.0.2.1 lan")
        self.addCleanup(self.run_line, "gnt-network remove lan")
        self.run_line("gnt-network connect -N link=br7 lan")
        self.addCleanup(self.run_line, "gnt-network disconnect lan")
        names = [f"net{number}.example.com" for number in range(1, 6)]
        for name in names:
            self.cluster.run(1, *ADD[:-2], "--no-start", "--submit", *ADD[-2:], name)
            self.addCleanup(self.run_line, f"gnt-instance remove -f {name}")
        self.cluster.until(lambda: len(self.addresses()) == len(names), "all instances are there")
        self.assertEqual(self.addresses(), [f"192.0.2.{n}" for n in range(2, 7)])
        full = self.cluster.attempt(1, *ADD, "net6.example.com")
        self.assertIn("no free address left", full.stderr)
        self.run_line("gnt-instance remove -f net3.example.com")
        self.cluster.run(1, *ADD, "--forthcoming", "net3.example.com")
        told = self.run_line("gnt-network info lan")
        self.assertEqual(len(re.findall(r"    net\d\.example\.com: 192\.0\.2\.\d\n", told)), 5)
        self.assertIn("Free: 0 (0.00%)", told)
        self.run_line("gnt-cluster verify")

    def test_filters(self) -> None:
        """A pause keeps a job in the queue; its end starts the job; a rejected one says why."""
        uuid = self.run_line("gnt-filter add --action=PAUSE --reason=maintenance").strip()
        self.addCleanup(self.run_line, f"gnt-filter delete {uuid}")
        told = self.cluster.attempt(1, "gnt-debug", "delay", "--submit", "0.1").stderr
        job = told.split()[-1]
        status = self.run_line(f"gnt-job list --no-headers -o status {job}")
        self.assertEqual(status.strip(), "queued")
        self.run_line(f"gnt-filter replace --action=CONTINUE {uuid}")
        self.run_line(f"gnt-job wait {job}")
        self.run_line(f"gnt-filter replace --action=REJECT --reason=closed {uuid}")
        refused = self.cluster.attempt(1, "gnt-debug", "delay", "0.1")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("(closed)", refused.stderr)

"""Debian's htools over our socket (-L) and over the remote API (-m)."""

import os
from pathlib import Path

from ganetix_test.compat import debian
from ganetix_test.compat.cases import INSTANCE, PASSWORD, USER, CompatTestCase

SEEN = "Loaded 2 nodes, 1 instance"


class PlannerTests(CompatTestCase):
    """What the planner's programs of the reference see of a cluster."""

    def planned(self, role: str, *arguments: str, code: int = 0) -> str:
        """Run the program *role*; return its output."""
        line, environment = debian.planner(self.packages, role)
        done = self.ran([*line, *arguments], {**environment, **self.node})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def setUp(self) -> None:
        """Make the cluster, and name the ways to reach it."""
        super().setUp()
        self.url = f"https://{USER}:{PASSWORD}@{self.address}:5080"
        self.luxi = f"--luxi={self.cluster.root(1)}/var/run/ganeti/socket/ganeti-query"

    def test_they_see_the_cluster(self) -> None:
        """Each finds the nodes and the instance, over the remote API and over the socket."""
        for way in (("-m", self.url), (self.luxi,)):
            self.assertIn(SEEN, self.planned("hinfo", *way))
            self.assertIn(SEEN, self.planned("hbal", *way))
            self.assertIn("The cluster has 2 nodes", self.planned("hspace", *way))
            self.assertIn(
                "HCHECK_INIT_CLUSTER_N1_FAIL=0",
                self.planned("hcheck", *way, "--machine-readable=yes"),
            )
            self.assertIn(
                self.cluster.name(1),
                self.planned("hroller", *way, "--offline-maintenance", "--force"),
            )

    def test_scanned(self) -> None:
        """Hscan writes the cluster down, and what it wrote can be read back."""
        where = Path(self.mktemp())
        os.mkdir(where)
        self.planned("hscan", "-d", str(where), self.url)
        [found] = where.iterdir()
        for name in (self.cluster.name(1), self.cluster.name(2), INSTANCE):
            self.assertIn(name, found.read_text("utf-8"))
        self.assertIn(SEEN, self.planned("hinfo", "-t", str(found)))

    def test_moves_are_made(self) -> None:
        """Hbal -X over the socket has its moves done by jobs, without an error."""
        for number in (2, 3):
            self.cluster.run(
                1, "gnt-instance", "add", "-t", "sharedfile", "-s", "64m", "-o", "dummy", "-n",
                self.cluster.name(2), f"instance{number}.example.com",
            )  # fmt: skip
        self.planned("hbal", self.luxi, "-X", "-e", "0", "-g", "0")
        places = dict(self.cluster.rows("gnt-instance", "list", "-o", "name,pnode"))
        self.assertIn(self.cluster.name(1), places.values())
        self.assertEqual(
            {row[0] for row in self.cluster.rows("gnt-instance", "list", "-o", "status")},
            {"running"},
        )

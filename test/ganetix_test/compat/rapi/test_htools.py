"""Debian's htools (ganeti-htools) over the remote API: user and password stand in the address.

    trial ganetix_test.compat.rapi

The programs are taken from /usr/bin, or from the directory that GANETI_HTOOLS names.
"""

import os
import pathlib
import subprocess
from typing import Final

from twisted.trial.unittest import SkipTest

from ganetix_test.compat.rapi.cases import PASSWORD, USER, ClusterTestCase

PROGRAMS: Final = pathlib.Path(os.environ.get("GANETI_HTOOLS", "/usr/bin"))


class HtoolsTests(ClusterTestCase):
    """What the planner's programs of the reference see of a cluster."""

    def setUp(self) -> None:
        """Skip where the programs are not installed."""
        if not (PROGRAMS / "hinfo").exists():
            raise SkipTest(f"{PROGRAMS} has no hinfo: install ganeti-htools.")
        super().setUp()
        self.url = f"https://{USER}:{PASSWORD}@{self.address}:5080"

    def ran(self, program: str, *arguments: str) -> str:
        """Run *program* and return its output."""
        done = subprocess.run(
            [PROGRAMS / program, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_they_see_the_cluster(self) -> None:
        """hinfo, hbal, hspace and hscan find two nodes and one instance."""
        self.assertIn("Loaded 2 nodes, 1 instance", self.ran("hinfo", "-m", self.url))
        self.assertIn("Loaded 2 nodes, 1 instance", self.ran("hbal", "-m", self.url))
        self.assertIn("The cluster has 2 nodes", self.ran("hspace", "-m", self.url))
        where = self.mktemp()
        os.mkdir(where)
        self.assertIn(self.url, self.ran("hscan", "-d", where, self.url))
        [found] = pathlib.Path(where).iterdir()
        for name in ("node1.example.com", "node2.example.com", "instance1.example.com"):
            self.assertIn(name, found.read_text("utf-8"))

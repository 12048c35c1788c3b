"""A virtual cluster that clients as they were published may use."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.compat.debian import root_or_skip
from ganetix_test.vcluster.cluster import VirtualCluster

USER: Final = "jack"
PASSWORD: Final = "secret"
INSTANCE: Final = "instance1.example.com"
TIMEOUT: Final = 300.0


class CompatTestCase(SynchronousTestCase):
    """A cluster of two nodes with one instance, made for the test and removed after it.

    *packages* is where Debian's packages are; without them the test is skipped.
    """

    def setUp(self) -> None:
        """Make it, with a user of the remote API who may write."""
        self.packages = self.packages_or_skip()
        self.cluster = VirtualCluster.make(2)
        self.addCleanup(self.cluster.remove)
        self.cluster.begin(2)
        self.cluster.run(
            1, "gnt-instance", "add", "-t", "diskless", "-o", "dummy", "-n", self.cluster.name(2),
            INSTANCE,
        )  # fmt: skip
        users = self.cluster.root(1) / "var/lib/ganeti/rapi/users"
        users.write_text(f"{USER} {PASSWORD} write\n", "ascii")
        self.address = (self.cluster.directory / "network").read_text("ascii").strip() + ".11"
        self.node = {
            "GANETI_ROOTDIR": str(self.cluster.root(1)),
            "GANETI_HOSTNAME": self.cluster.name(1),
        }

    def packages_or_skip(self) -> Path:
        """Return where the packages are; raise `SkipTest`."""
        return root_or_skip()

    def ran(
        self, line: Sequence[str], environment: Mapping[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        """Run a client's program; the log has what it was and what it printed."""
        done = subprocess.run(
            line, env=dict(environment), capture_output=True, text=True, check=False,
            timeout=TIMEOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        tell(f"\n$ {' '.join(line)}  -> {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def called(self, line: Sequence[str], environment: Mapping[str, str]) -> list[dict[str, Any]]:
        """Run a program that prints an object for each of its calls; return them."""
        done = self.ran(line, environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(row) for row in done.stdout.splitlines()]


def tell(text: str) -> None:
    """Write *text* to the log of the run."""
    print(text.rstrip())  # noqa: T201 - the record of what was called and what came back

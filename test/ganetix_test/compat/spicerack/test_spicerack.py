"""Wikimedia's spicerack (from PyPI) against a virtual cluster."""

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any, Final

from twisted.trial.unittest import SkipTest

from ganetix_test.compat.cases import INSTANCE, CompatTestCase

CALLS: Final = Path(__file__).parent / "calls.py"


class SpicerackTests(CompatTestCase):
    """A cluster of two nodes with one instance."""

    def packages_or_skip(self) -> Path:
        """Skip where spicerack is not installed; nothing of Debian's is needed."""
        if importlib.util.find_spec("spicerack") is None:
            raise SkipTest("spicerack is not installed: run bin/check compat.")
        return Path()

    def test_reading_and_changing(self) -> None:
        """What it reads is what there is, and what it does to an instance happens."""
        lines = [
            str(CALLS), self.address, str(self.cluster.root(1) / "var/lib/ganeti/rapi.pem"),
            str(self.cluster.root(1) / "cmd"),
        ]  # fmt: skip
        # Nothing else: proxies and authorities of this machine are not the virtual cluster's.
        environment = {name: os.environ[name] for name in ("PATH", "PYTHONPATH")}
        rows = self.called([sys.executable, "-W", "ignore", *lines], environment)
        answers: dict[str, Any] = {row["call"]: row["answer"] for row in rows}
        self.assertEqual(answers["info"]["name"], "cluster.example.com")
        self.assertEqual(answers["master"], self.cluster.name(1))
        self.assertEqual(answers["fetch_instance"]["pnode"], self.cluster.name(2))
        self.assertEqual(answers["fetch_instance_mac"], answers["fetch_instance"]["nic.macs"][0])
        self.assertEqual([row["name"] for row in answers["groups"]], ["default"])
        self.assertEqual(
            [row["id"] for row in answers["nodes"]], list(map(self.cluster.name, (1, 2)))
        )
        self.assertEqual([row["pinst_list"] for row in answers["nodes in bulk"]], [[], [INSTANCE]])
        self.assertEqual(answers["groups in bulk"][0]["node_cnt"], 2)
        self.assertEqual(answers["status after shutdown"], "ADMIN_down")
        self.assertEqual(answers["status after startup"], "running")
        for call in ("fetch_instance of an unknown one", "fetch_instance of a removed one"):
            self.assertIn("404", answers[call])

"""The official client (Debian's python3-ganeti-rapi), every method, against a virtual cluster.

    trial ganetix_test.compat.rapi

It runs in the interpreter that the package is installed for (/usr/bin/python3, or what
GANETI_RAPI_PYTHON names) as a program of its own, `calls.py` beside this file.
"""

import json
import os
import pathlib
import subprocess
from typing import Any, Final

from twisted.trial.unittest import SkipTest

from ganetix_test.compat.rapi.cases import ClusterTestCase

PYTHON: Final = os.environ.get("GANETI_RAPI_PYTHON", "/usr/bin/python3")
CALLS: Final = pathlib.Path(__file__).parent / "calls.py"

REFUSED: Final = frozenset({"GetInstance of an unknown one", "GetNode of an unknown one"})
"""Calls that are answered with 404."""

WANTING: Final = frozenset(
    {
        "AddNetworkTags", "ConnectNetwork", "CreateNetwork", "DeleteNetwork", "DeleteNetworkTags",
        "DisconnectNetwork", "EvacuateNode", "ExportInstance", "GetNodeStorageUnits",
        "InstancesMultiAlloc", "MigrateNode", "ModifyNetwork", "ModifyNodeStorageUnits",
        "PowercycleNode", "PrepareExport", "RecreateInstanceDisks", "RepairNodeStorageUnits",
        "ReplaceInstanceDisks",
    }
)  # fmt: skip
"""Methods whose jobs may fail: their operations are not there yet, or need what is not there."""


class OfficialClientTests(ClusterTestCase):
    """A cluster of two nodes with one instance."""

    def setUp(self) -> None:
        """Skip where the client is not installed."""
        if subprocess.run([PYTHON, "-c", "import ganeti.rapi.client"], check=False).returncode:
            raise SkipTest(f"{PYTHON} has no ganeti.rapi.client: install python3-ganeti-rapi.")
        super().setUp()

    def test_every_method(self) -> None:
        """Each method gets an answer that the client takes; the log says which."""
        done = subprocess.run(
            [PYTHON, "-W", "ignore", str(CALLS), self.address],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        print(done.stdout, done.stderr)  # noqa: T201  # the record of what was called
        self.assertEqual(done.returncode, 0)
        rows: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual({row["call"] for row in rows if row["status"] != 200}, REFUSED)
        self.assertEqual({row["status"] for row in rows if row["call"] in REFUSED}, {404})
        failed = {row["call"] for row in rows if row["job"] not in ("", "success")}
        self.assertEqual(failed - WANTING, set())
        self.assertEqual(rows[-1]["call"], "every method")

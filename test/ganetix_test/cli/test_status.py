"""Promises of gnt-cluster status: what is degraded comes first, with what mends it."""

import json
from typing import Any

from ganetix_test.cli.scripted import NOW, CommandCase, Ran

INFO = {
    "name": "cluster.example.com",
    "master": "node1.example.com",
    "candidates_behind": {"in_sync": ["node2.example.com"], "behind": []},
}


def node(number: int, **other: Any) -> list[Any]:
    """Return a node's cells, with the values *other* (None: no data)."""
    values: dict[str, Any] = {
        "name": f"node{number}",
        "offline": False,
        "drained": False,
        "master_candidate": True,
        "vm_capable": True,
        "pinst_cnt": 2,
        "sinst_cnt": 0,
        "mtotal": 4096,
        "mfree": 1024,
        "dtotal": 10240,
        "dfree": 10240,
        **other,
    }
    return [[2 if value is None else 0, value] for value in values.values()]


def data(*rows: list[Any]) -> dict[str, Any]:
    """Return a query's answer."""
    return {"fields": [], "data": list(rows)}


def instance(name: str, status: str) -> list[Any]:
    """Return an instance's cells."""
    return [[0, name], [0, status], [0, "node1"]]


class StatusTests(CommandCase):
    """A cluster of two nodes and two instances."""

    def shown(
        self,
        *nodes: list[Any],
        states: tuple[str, str] = ("running", "ADMIN_down"),
        values: tuple[Any, Any] = (False, None),
        info: dict[str, Any] = INFO,
        options: str = "",
    ) -> Ran:
        """Run the command on a cluster that is so."""
        rows = [instance(name, state) for name, state in zip(("web", "db"), states, strict=True)]
        jobs = data([[0, 7], [0, "running"]])
        return self.run_command(
            f"gnt-cluster status {options}".strip(),
            list(values),
            info,
            data(*(nodes or (node(1), node(2)))),
            data(*rows),
            jobs,
        )

    def test_healthy(self) -> None:
        """Nothing degraded: exit code 0, counts and what is in use, no colours in a pipe."""
        ran = self.shown()
        self.assertEqual(
            ran.out.splitlines(),
            [
                "cluster.example.com: healthy; the master is node1.example.com",
                "Nodes         2: 2 online",
                "Instances     2: 1 ADMIN_down, 1 running",
                "Memory      75% 6.0G of 8.0G in use",
                "Disk         0% 0M of 20.0G in use",
                "Jobs          1: 1 running",
            ],
        )
        self.assertEqual((ran.code, ran.err), (0, ""))

    def test_degraded(self) -> None:
        """Each trouble is a line with its remedy; the exit code tells scripts."""
        ran = self.shown(
            node(1, mtotal=None, mfree=None, dtotal=None, dfree=None),
            node(2, offline=True, pinst_cnt=3),
            states=("ERROR_down", "ERROR_nodeoffline"),
            values=(True, NOW / 1e9 + 60),
            info={**INFO, "candidates_behind": {"in_sync": [], "behind": ["node2"]}},
        )
        head, *rest = ran.out.splitlines()
        self.assertIn("degraded, 7 problems", head)
        self.assertEqual(ran.code, 1)
        remedies = (
            "gnt-node failover node1",
            "gnt-instance start web",
            "gnt-instance failover db",
            "gnt-node failover node2",
            "node2 is behind",
            "gnt-cluster queue undrain",
            "gnt-cluster watcher continue",
        )
        for line, words in zip(rest, remedies, strict=False):
            self.assertIn(words, line)

    def test_offline_and_empty(self) -> None:
        """A node that is offline on purpose and holds nothing is no trouble."""
        ran = self.shown(node(1), node(2, offline=True, pinst_cnt=0, mfree=None))
        self.assertEqual(ran.code, 0)
        self.assertIn("1 offline, 1 online", ran.out)

    def test_json(self) -> None:
        """For programs the same facts, the problems as a list."""
        found = json.loads(
            self.shown(states=("ERROR_down", "running"), options="--format json").out
        )
        self.assertEqual(len(found["problems"]), 1)
        self.assertEqual(found["memory"], {"total": 8192, "used": 6144})

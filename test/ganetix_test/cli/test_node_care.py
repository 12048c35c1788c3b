"""Promises of the gnt-node commands about machines."""

import json
from typing import Any

from ganetix_test.cli.scripted import CommandCase, job_done

OOB = {"OP_ID": "OP_OOB_COMMAND", "timeout": 60}


class PowerTests(CommandCase):
    """gnt-node power, health and powercycle."""

    def test_status(self) -> None:
        """A table of those that answer; those that can't or don't are told."""
        rows = [
            [[0, "node1"], [3, None]],
            [[0, "node2"], [0, {"powered": True}]],
            [[0, "node3"], [0, {"powered": False}]],
        ]
        ran = self.run_command("gnt-node power status", *job_done(rows))
        self.assertEqual(ran.out, "Node  Status\nnode2 powered\nnode3 unpowered\n")
        self.assertIn("node1 has no out-of-band program", ran.err)
        self.assertEqual(ran.code, 0)
        op = {**OOB, "command": "power-status", "node_names": [], "ignore_status": False,
              "power_delay": 2.0}  # fmt: skip
        self.assertEqual(ran.opcodes(), [op])

    def test_off(self) -> None:
        """Nodes are marked offline, then powered off, in one job; it is asked about."""
        result = [[[0, "n2"], [0, None]]]
        follow = [[["success"], []], [["success", ["success", "success"], [[], result]]]]
        ran = self.run_command("gnt-node power --auto-promote -f off n2", 7, *follow)
        self.assertEqual(ran.code, 0, ran.err)
        modify, power = ran.opcodes()
        wanted = {"OP_ID": "OP_NODE_SET_PARAMS", "node_name": "n2", "offline": True,
                  "auto_promote": True}  # fmt: skip
        self.assertEqual((modify, power["command"]), (wanted, "power-off"))
        self.assertIn("unpowered", ran.out)
        self.assertEqual(self.run_command("gnt-node power off n2", 1).code, 1)
        self.assertEqual(len(self.asked), 1)

    def test_on_and_cycle(self) -> None:
        """What failed is told with exit code 1; names are needed."""
        rows = [[[0, "n2"], [2, "It hangs."]]]
        ran = self.run_command(
            "gnt-node power --oob-timeout 9 --power-delay 1 on n2", *job_done(rows)
        )
        self.assertEqual(ran.code, 1)
        self.assertIn("It hangs.", ran.err)
        [op] = ran.opcodes()
        self.assertEqual((op["timeout"], op["power_delay"]), (9, 1.0))
        ran = self.run_command("gnt-node power -f --ignore-status cycle n2", *job_done([]))
        self.assertEqual(ran.opcodes()[0]["ignore_status"], True)
        self.assertEqual(self.run_command("gnt-node power on", 1).code, 1)

    def test_health(self) -> None:
        """Items with their states."""
        rows = [[[0, "n2"], [0, [["fan", "OK"], ["disk", "CRITICAL"]]]]]
        ran = self.run_command("gnt-node health --separator=| n2", *job_done(rows))
        self.assertEqual(ran.out, "Node|Status\nn2|fan=OK,disk=CRITICAL\n")
        self.assertEqual(ran.opcodes(), [{**OOB, "command": "health", "node_names": ["n2"]}])
        ran = self.run_command("gnt-node health --format json n2", *job_done(rows))
        [found] = json.loads(ran.out)
        self.assertEqual(found["status"], {"fan": "OK", "disk": "CRITICAL"})

    def test_powercycle(self) -> None:
        """It is asked about; who does not confirm gets exit code 2."""
        ran = self.run_command("gnt-node powercycle n2", 1)
        self.assertEqual((ran.code, ran.requests), (2, []))
        ran = self.run_command("gnt-node powercycle --yes -f n2", *job_done("x"))
        op = {"OP_ID": "OP_NODE_POWERCYCLE", "node_name": "n2", "force": True}
        self.assertEqual(ran.opcodes(), [op])


NODES = [
    ["n1", False, True, 22, "192.0.2.1", "default", "g-uuid"],
    ["n2", False, False, 22, "192.0.2.2", "default", "g-uuid"],
    ["n3", True, False, 22, "192.0.2.3", "rack2", "r-uuid"],
]


class RestrictedTests(CommandCase):
    """gnt-node restricted-command."""

    def test_run(self) -> None:
        """Online nodes run it; output and failures are told by node."""
        rows = [[True, "a\nb\n"], [False, "It can't be run."]]
        ran = self.run_command("gnt-node restricted-command --sync -M tidy", NODES, *job_done(rows))
        self.assertEqual(ran.code, 1)
        self.assertEqual(ran.out, "n2: a\nn2: b\n")
        self.assertIn("Node n1: It can't be run.", ran.err)
        op = {"OP_ID": "OP_RESTRICTED_COMMAND", "nodes": ["n2", "n1"], "command": "tidy",
              "use_locking": True}  # fmt: skip
        self.assertEqual(ran.opcodes(), [op])


class StorageTests(CommandCase):
    """gnt-node list-storage, modify-storage, repair-storage, volumes, list-drbd."""

    def test_list(self) -> None:
        """The usual columns, sizes readable, or those that are asked for."""
        row = ["n1", "file", "/srv/f", 2048, 1024, 1024, True]
        ran = self.run_command("gnt-node list-storage", *job_done([row]))
        self.assertEqual(
            ran.out,
            "Node Type Name   Size Used Free Allocatable\nn1   file /srv/f 2.0G 1.0G 1.0G Y\n",
        )
        ran = self.run_command(
            "gnt-node list-storage -t lvm-vg --units m --no-headers -o name,free n1",
            *job_done([["xenvg", 1024]]),
        )
        self.assertEqual(ran.out, "xenvg 1024\n")
        op = {"OP_ID": "OP_NODE_QUERY_STORAGE", "nodes": ["n1"], "storage_type": "lvm-vg",
              "output_fields": ["name", "free"]}  # fmt: skip
        self.assertEqual(ran.opcodes(), [op])
        ran = self.run_command("gnt-node list-storage -o +name", *job_done([]))
        self.assertEqual(len(ran.opcodes()[0]["output_fields"]), 8)

    def test_unknown_column(self) -> None:
        """A column that there is not is refused before anything is asked."""
        ran = self.run_command("gnt-node list-storage -o colour", 1)
        self.assertEqual((ran.code, ran.requests), (1, []))

    def test_volumes(self) -> None:
        """Volumes with their instances."""
        row = ["n1", "/dev/sda", "xenvg", "a.disk0", 64, "vm1"]
        ran = self.run_command("gnt-node volumes --separator=: n1", *job_done([row]))
        self.assertEqual(ran.out.splitlines()[1], "n1:/dev/sda:xenvg:a.disk0:64:vm1")

    def test_changes(self) -> None:
        """Physical volumes are changed, groups repaired."""
        ran = self.run_command(
            "gnt-node modify-storage --allocatable no n1 lvm-pv /dev/b", *job_done()
        )
        changed: dict[str, Any] = {
            "OP_ID": "OP_NODE_MODIFY_STORAGE", "node_name": "n1", "storage_type": "lvm-pv",
            "name": "/dev/b", "changes": {"allocatable": False},
        }  # fmt: skip
        self.assertEqual(ran.opcodes(), [changed])
        self.assertEqual(self.run_command("gnt-node modify-storage n1 lvm-pv /b", 1).code, 1)
        ran = self.run_command(
            "gnt-node repair-storage --ignore-consistency n1 lvm-vg xenvg", *job_done()
        )
        op: dict[str, Any] = {
            "OP_ID": "OP_REPAIR_NODE_STORAGE", "node_name": "n1", "storage_type": "lvm-vg",
            "name": "xenvg", "ignore_consistency": True,
        }  # fmt: skip
        self.assertEqual(ran.opcodes(), [op])

    def test_drbd(self) -> None:
        """Minors of a node, as primary and as secondary, with their peers."""
        disk = {"dev_type": "drbd", "iv_name": "disk/0",
                "logical_id": ["u1", "u2", 11000, 3, 5, "secret"]}  # fmt: skip
        other = {**disk, "logical_id": ["u2", "u1", 11001, 6, 1, "secret"]}
        found = {
            "vm1": {"name": "vm1", "disks": [disk]},
            "vm2": {"name": "vm2", "disks": [other, {"dev_type": "plain"}]},
        }
        names = [["n1", "u1"], ["n2", "u2"]]
        ran = self.run_command(
            "gnt-node list-drbd --separator=: n1",
            names, [["u1", ["vm1"], ["vm2"]]], *job_done(found),
        )  # fmt: skip
        self.assertEqual(
            ran.out.splitlines()[1:],
            ["n1:1:vm2:disk/0:secondary:n2", "n1:3:vm1:disk/0:primary:n2"],
        )
        ran = self.run_command("gnt-node list-drbd --no-headers n2", names, [["u2", [], []]])
        self.assertEqual((ran.code, ran.out), (0, ""))
        self.assertEqual(self.run_command("gnt-node list-drbd x", names, []).code, 1)

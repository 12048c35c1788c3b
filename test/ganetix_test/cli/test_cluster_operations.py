"""Promises of the gnt-cluster commands that act on nodes and disks."""

import os
import pathlib

from ganetix import errors
from ganetix_test.cli.scripted import CommandCase, followed, job_done, job_failed

NODES = [
    ["node1", False, True, 22, "192.0.2.1", "default", "g-uuid"],
    ["node2", False, False, 2222, "192.0.2.2", "default", "g-uuid"],
    ["node3", True, False, 22, "192.0.2.3", "default", "g-uuid"],
    ["node4", False, False, 22, "2001:db8::4", "rack2", "r-uuid"],
]


class CommandTests(CommandCase):
    """gnt-cluster command."""

    def test_everywhere(self) -> None:
        """In a virtual cluster the nodes' own cmd scripts run it: online nodes, the master last."""
        ran = self.run_command("gnt-cluster command date -u", ["c"], NODES)
        scripts = [words[0] for words in self.spawned]
        self.assertEqual(scripts, [f"{self.top}/{name}/cmd" for name in ("node2", "node4",
                                                                         "node1")])  # fmt: skip
        self.assertEqual(self.spawned[0][1:], ["sh", "-c", "date -u"])
        self.assertEqual(ran.code, 0)
        self.assertIn("node: node2\nreturn code = 0\n", ran.out)

    def test_ssh(self) -> None:
        """On real machines ssh runs it, at each node's port, with the cluster's host keys."""
        self.environ.clear()
        self.run_command("gnt-cluster command uptime", ["c.example.com"], NODES)
        first = self.spawned[0]
        self.assertEqual(first[0], "ssh")
        self.assertEqual(first[-4:], ["-p", "2222", "root@node2", "uptime"])
        self.assertIn("-oHostKeyAlias=c.example.com", first)
        self.assertIn("-oStrictHostKeyChecking=yes", first)

    def test_failure(self) -> None:
        """A failure is shown with its output and makes the exit code 1."""
        self.programs = {f"{self.top}/node4/cmd": (3, "no\nway\n")}
        line = "gnt-cluster command --failure-only -M false"
        ran = self.run_command(line, ["c"], NODES)
        self.assertEqual(ran.code, 1)
        shown = "node: node4\nnode4: no\nnode4: way\nreturn code = 3\n"
        self.assertTrue(ran.out.endswith(shown), ran.out)
        self.assertNotIn("node2", ran.out)

    def test_some(self) -> None:
        """Nodes and a group can be named; what there is not is refused."""
        ran = self.run_command("gnt-cluster command -n node2 -n node4 id", ["c"], NODES[1::2])
        self.assertEqual(ran.args("QueryNodes")[0], ["node2", "node4"])
        self.spawned.clear()
        self.run_command("gnt-cluster command -g rack2 id", ["c"], NODES)
        self.assertEqual([words[0] for words in self.spawned], [f"{self.top}/node4/cmd"])
        self.assertEqual(self.run_command("gnt-cluster command -g x id", ["c"], NODES).code, 1)
        self.assertEqual(self.run_command("gnt-cluster command -n x id", ["c"], []).code, 1)


class CopyTests(CommandCase):
    """gnt-cluster copyfile."""

    def test_beside(self) -> None:
        """In a virtual cluster the file goes to the same place of the other directories."""
        path = f"{self.root}/etc/motd"
        os.makedirs(os.path.dirname(path))
        pathlib.Path(path).write_text("hello\n", "ascii")
        ran = self.run_command(f"gnt-cluster copyfile {path}", ["c"], NODES)
        self.assertEqual(ran.code, 0, ran.err)
        self.assertEqual(
            self.spawned,
            [["cp", "-p", path, f"{self.top}/{name}/etc/motd"] for name in ("node2", "node4")],
        )

    def test_scp(self) -> None:
        """On real machines scp copies it; the replication network is used when asked for."""
        self.environ.clear()
        path = pathlib.Path(f"{self.top}/a file")
        path.write_text("", "ascii")
        words = ["gnt-cluster", "copyfile", "--use-replication-network", str(path)]
        self.run_words(words, ["c"], NODES)
        self.assertEqual(self.spawned[0][-4:], ["-P", "2222", str(path),
                                                f"root@192.0.2.2:'{path}'"])  # fmt: skip
        self.assertEqual(self.spawned[1][-1], f"root@[2001:db8::4]:'{path}'")

    def test_refused(self) -> None:
        """No file, a file outside of the virtual node, and a copy that fails."""
        for path in (f"{self.root}/nothing", f"{self.top}/outside"):
            pathlib.Path(f"{self.top}/outside").write_text("", "ascii")
            ran = self.run_command(f"gnt-cluster copyfile {path}", ["c"], NODES)
            self.assertEqual((ran.code, self.spawned), (1, []), path)
        pathlib.Path(f"{self.root}/x").write_text("", "ascii")
        self.programs = {"cp": (1, "disk full\n")}
        ran = self.run_command(f"gnt-cluster copyfile {self.root}/x", ["c"], NODES)
        self.assertEqual(ran.code, 1)
        self.assertIn("disk full", ran.err)


class RenameTests(CommandCase):
    """gnt-cluster rename."""

    def test_rename(self) -> None:
        """It is asked about, by name; the new name is told."""
        self.typed = ["y"]
        ran = self.run_command("gnt-cluster rename new", ["old"], *job_done("new.example.com"))
        self.assertIn("old", self.asked[0])
        self.assertEqual(ran.opcodes(), [{"OP_ID": "OP_CLUSTER_RENAME", "name": "new"}])
        self.assertIn("new.example.com", ran.out)
        self.assertEqual(self.run_command("gnt-cluster rename new", ["old"]).code, 1)


class DiskTests(CommandCase):
    """gnt-cluster verify-disks and repair-disk-sizes."""

    def test_well(self) -> None:
        """Nothing wrong: exit code 0."""
        ran = self.run_command(
            "gnt-cluster verify-disks -g default",
            *job_done({"jobs": [[True, 8]]}),
            *followed([{}, [], {}]),
        )
        self.assertEqual(ran.code, 0, ran.err)
        op = {"OP_ID": "OP_CLUSTER_VERIFY_DISKS", "group_name": "default"}
        self.assertEqual(ran.opcodes(), [op])

    def test_mended(self) -> None:
        """What is down is activated; if that goes well, all is well."""
        found = followed([{}, ["vm1"], {}])
        jobs = job_done({"jobs": [[True, 8]]})
        ran = self.run_command("gnt-cluster verify-disks", *jobs, *found, *job_done([]))
        self.assertEqual(ran.code, 0, ran.err)
        op = {"OP_ID": "OP_INSTANCE_ACTIVATE_DISKS", "instance_name": "vm1"}
        self.assertEqual(ran.opcodes()[1], op)
        failing = job_failed(errors.OpExecError("No."))
        ran = self.run_command("gnt-cluster verify-disks", *jobs, *found, *failing)
        self.assertEqual(ran.code, 1)

    def test_gone(self) -> None:
        """What is gone, and who does not answer, is told, with exit code 1."""
        found = followed([{"node2": "silent"}, ["vm1"], {"vm1": [["node1", "/a/b"]]}])
        ran = self.run_command("gnt-cluster verify-disks", *job_done({"jobs": [[True, 8]]}), *found)
        self.assertEqual(ran.code, 1)
        for part in ("node2", "silent", "/a/b on node1", "recreate-disks vm1"):
            self.assertIn(part, ran.err)
        refused = job_done({"jobs": [[False, "queue full"]]})
        ran = self.run_command("gnt-cluster verify-disks", *refused)
        self.assertEqual(ran.code, 1)
        jobs = job_done({"jobs": [[True, 8]]})
        broken = job_failed(errors.OpExecError("No."))[1:]
        self.assertEqual(self.run_command("gnt-cluster verify-disks", *jobs, *broken).code, 1)

    def test_sizes(self) -> None:
        """Each change is told, or that there was none."""
        ran = self.run_command(
            "gnt-cluster repair-disk-sizes vm1", *job_done([["vm1", 0, "size", 640]])
        )
        op = {"OP_ID": "OP_CLUSTER_REPAIR_DISK_SIZES", "instances": ["vm1"]}
        self.assertEqual(ran.opcodes(), [op])
        self.assertIn("disk 0: size is 640", ran.out)
        self.assertIn("No size", self.run_command("gnt-cluster repair-disk-sizes",
                                                  *job_done([])).out)  # fmt: skip


class SpecsTests(CommandCase):
    """gnt-cluster show-ispecs-cmd."""

    def test_command(self) -> None:
        """The command that is printed has the policy's own values."""
        policy = {
            "std": {"cpu-count": 1},
            "minmax": [{"min": {"cpu-count": 1}, "max": {"cpu-count": 8}}],
        }
        ran = self.run_command("gnt-cluster show-ispecs-cmd", {"ipolicy": policy, "name": "c"})
        self.assertEqual(
            ran.out,
            "gnt-cluster init --ipolicy-std-specs cpu-count=1 "
            "--ipolicy-bounds-specs min:cpu-count=1/max:cpu-count=8 c\n",
        )


POWERED = [
    ["node1", True, ["vm1"], [], True, False],
    ["node2", False, ["vm2"], [], True, False],
    ["node3", False, [], [], None, False],
]
OFF = {
    "OP_ID": "OP_OOB_COMMAND", "node_names": ["node2"], "command": "power-off",
    "ignore_status": True, "timeout": 60, "power_delay": 2.0,
}  # fmt: skip


class EpoTests(CommandCase):
    """gnt-cluster epo."""

    def test_off(self) -> None:
        """Instances stop without being forgotten, then nodes with a program are powered off."""
        ran = self.run_command(
            "gnt-cluster epo --all -f",
            POWERED,
            [[True, 7], [True, 8]],
            *followed(),
            *followed(),
            *job_done([[[0, "node2"], [0, None]]]),
        )
        self.assertEqual(ran.code, 0, ran.err)
        first, second, power = ran.opcodes()
        stop = {"OP_ID": "OP_INSTANCE_SHUTDOWN", "instance_name": "vm1", "timeout": 120,
                "no_remember": True}  # fmt: skip
        self.assertEqual((first, second["instance_name"], power), (stop, "vm2", OFF))
        self.assertIn("node1 is the master", ran.err)
        self.assertIn("node3 has no out-of-band program", ran.err)

    def test_off_fails(self) -> None:
        """With an instance that does not stop no node loses its power; a failing node is told."""
        answers = [POWERED, [[True, 7], [False, "full"]], *followed()]
        ran = self.run_command("gnt-cluster epo --all -f", *answers)
        self.assertEqual((ran.code, len(ran.opcodes())), (1, 2))
        ran = self.run_command(
            "gnt-cluster epo -f node2", POWERED[1:2], [[True, 7]], *followed(),
            *job_done([[[0, "node2"], [3, "dead"]]]),
        )  # fmt: skip
        self.assertEqual(ran.code, 1)
        self.assertIn("dead", ran.err)

    def test_on(self) -> None:
        """Nodes are powered on and waited for; instances that should run are started."""
        names = [[0, "node1"], [0, "node2"], [0, "node3"]]
        live = {"fields": [], "data": [[name, [0, 1]] for name in names]}
        ran = self.run_command(
            "gnt-cluster epo --all --on -f", POWERED, *job_done([[[0, "node2"], [0, None]]]),
            live, [["up"]], [["down"]], [[True, 9]], *followed(),
        )  # fmt: skip
        self.assertEqual(ran.code, 0, ran.err)
        power, start = ran.opcodes()
        self.assertEqual(power["command"], "power-on")
        self.assertEqual(start, {"OP_ID": "OP_INSTANCE_STARTUP", "instance_name": "vm1"})

    def test_late(self) -> None:
        """The instances of a node that stays silent are left alone."""
        silent = {"fields": [], "data": [[[0, "node2"], [2, None]]]}
        ran = self.run_command(
            "gnt-cluster epo --on -f --oob-timeout 0 node2", POWERED[1:2],
            *job_done([[[0, "node2"], [0, None]]]), silent,
        )  # fmt: skip
        self.assertEqual(ran.code, 1)
        self.assertIn("node2 does not answer", ran.err)
        self.assertEqual(len(ran.opcodes()), 1)

    def test_which(self) -> None:
        """Groups stand for their nodes; nothing, too much and unknown names are refused."""
        ran = self.run_command("gnt-cluster epo --groups g", [[["node2", "node3"]]], POWERED[1:])
        self.assertEqual(ran.args("QueryNodes")[0], ["node2", "node3"])
        self.assertEqual((ran.code, len(self.asked)), (1, 1))
        for line, *results in (
            ("", 1), ("--all node2", 1), ("--groups g", []), ("--groups g", [[[]]]), ("x", []),
        ):  # fmt: skip
            ran = self.run_command(f"gnt-cluster epo {line}", *results)
            self.assertEqual((ran.code, ran.opcodes()), (1, []), line)

"""Promises of the commands that empty nodes and groups, and of batch-create."""

import json
import os
from typing import Any

from ganetix import errors
from ganetix_test.cli.scripted import CommandCase, followed, job_done, job_failed

JOBS = [[8, [{"instance_name": "a"}]], [9, [{"instance_name": "b"}]]]
NODE = [["n1.example.com", ["a", "b"], ["c"]]]
EVACUATE = {
    "OP_ID": "OP_NODE_EVACUATE", "node_name": "n1.example.com", "early_release": False,
}  # fmt: skip

ROW = {
    "instance_name": "web1", "disk_template": "file", "os": "noop",
    "disks": [{"size": "1g"}], "beparams": {"memory": "512m"},
}  # fmt: skip


class NodeTests(CommandCase):
    """gnt-node evacuate, migrate and failover."""

    def test_evacuate(self) -> None:
        """Options become the opcode's, by table; the jobs that it submits are followed too."""
        for line, expected in (
            ("-f", {"mode": "all"}),
            ("-f -p -I dice", {"mode": "primary-only", "iallocator": "dice"}),
            ("-f -s -n n2", {"mode": "secondary-only", "remote_node": "n2"}),
            ("-f --early-release --ignore-soft-errors",
             {"mode": "all", "early_release": True, "ignore_soft_errors": True}),
            ("-f --priority low", {"mode": "all", "priority": 10}),
        ):  # fmt: skip
            ran = self.run_command(
                f"gnt-node evacuate {line} n1", NODE,
                *job_done({"jobs": [[True, 8], [True, 9]]}), JOBS, *followed(), *followed(),
            )  # fmt: skip
            self.assertEqual(ran.opcodes(), [{**EVACUATE, **expected}], line)
            self.assertEqual(ran.code, 0, ran.err)
            self.assertIn("Waiting for job 9 for b ...", ran.out)
            self.assertIn("All jobs for the evacuation of n1.example.com succeeded: 2.", ran.out)

    def test_evacuate_failed(self) -> None:
        """A job that fails, or could not be submitted, is exit code 1."""
        ran = self.run_command(
            "gnt-node evacuate -f n1", NODE, *job_done({"jobs": [[True, 8], [False, "full"]]}),
            JOBS, *job_failed(errors.OpExecError("no memory"))[1:],
        )  # fmt: skip
        self.assertEqual(ran.code, 1)
        self.assertIn("no memory", ran.err)
        self.assertIn("full", ran.err)

    def test_asked(self) -> None:
        """Without -f the instances are named; a no is exit code 13, for a failover 2."""
        ran = self.run_command("gnt-node evacuate -p n1", NODE)
        self.assertEqual((ran.code, ran.calls()), (13, ["QueryNodes"]))
        self.assertIn("\n  a\n  b\n", self.asked[0])
        self.assertNotIn("\n  c\n", self.asked[0])
        self.assertEqual(self.run_command("gnt-node migrate n1", NODE).code, 13)
        self.assertEqual(self.run_command("gnt-node failover n1", NODE).code, 2)

    def test_nothing(self) -> None:
        """A node without instances needs no job; one that is not there is exit code 1."""
        for command in ("evacuate", "migrate", "failover"):
            ran = self.run_command(f"gnt-node {command} n1", [["n1", [], []]])
            self.assertEqual((ran.code, ran.calls()), (0, ["QueryNodes"]))
            self.assertEqual(self.run_command(f"gnt-node {command} n9", []).code, 1)

    def test_contradictions(self) -> None:
        """Options that exclude each other are refused before anything is asked."""
        for line in ("evacuate -p -s n1", "evacuate -s -n n2 -I hail n1",
                     "migrate --non-live --migration-mode live n1"):  # fmt: skip
            ran = self.run_command(f"gnt-node {line}", 1)
            self.assertEqual((ran.code, ran.requests), (1, []), line)

    def test_migrate(self) -> None:
        """Options become the opcode's, by table."""
        base = {"OP_ID": "OP_NODE_MIGRATE", "node_name": "n1.example.com",
                "allow_runtime_changes": True, "ignore_ipolicy": False}  # fmt: skip
        for line, expected in (
            ("", {}),
            ("--non-live", {"mode": "non-live"}),
            ("--migration-mode live -n n2", {"mode": "live", "target_node": "n2"}),
            ("-I hail --ignore-ipolicy --no-runtime-changes",
             {"iallocator": "hail", "ignore_ipolicy": True, "allow_runtime_changes": False}),
        ):  # fmt: skip
            ran = self.run_command(f"gnt-node migrate -f {line} n1", NODE, *job_done({"jobs": []}))
            self.assertEqual(ran.opcodes(), [{**base, **expected}], line)

    def test_failover(self) -> None:
        """Each instance that runs there gets a job of its own."""
        ran = self.run_command(
            "gnt-node failover -f --ignore-consistency -I hail n1", NODE,
            [[True, 8], [True, 9]], *followed(), *followed(),
        )  # fmt: skip
        self.assertEqual([op["instance_name"] for op in ran.opcodes()], ["a", "b"])
        self.assertTrue(all(op["ignore_consistency"] for op in ran.opcodes()))
        self.assertEqual({op["iallocator"] for op in ran.opcodes()}, {"hail"})
        self.assertEqual(ran.code, 0)

    def test_submit(self) -> None:
        """With --submit nothing is followed."""
        ran = self.run_command("gnt-node evacuate -f --submit n1", NODE, 7)
        self.assertEqual((ran.code, ran.err), (0, "JobID: 7\n"))


class GroupTests(CommandCase):
    """gnt-group evacuate and gnt-instance change-group."""

    def test_evacuate(self) -> None:
        """Options become the opcode's."""
        base = {"OP_ID": "OP_GROUP_EVACUATE", "group_name": "g", "early_release": False,
                "sequential": False, "force_failover": False}  # fmt: skip
        for line, expected in (
            ("", {}),
            ("--to x --to y -I dice", {"target_groups": ["x", "y"], "iallocator": "dice"}),
            ("--sequential --force-failover --early-release",
             {"sequential": True, "force_failover": True, "early_release": True}),
        ):  # fmt: skip
            ran = self.run_command(f"gnt-group evacuate {line} g", *job_done({"jobs": []}))
            self.assertEqual(ran.opcodes(), [{**base, **expected}], line)

    def test_change_group(self) -> None:
        """Options become the opcode's; the job is followed."""
        ran = self.run_command(
            "gnt-instance change-group --to x --early-release -I hail web1",
            *job_done({"jobs": [[True, 9]]}), JOBS, *followed(),
        )  # fmt: skip
        self.assertEqual(
            ran.opcodes(),
            [{"OP_ID": "OP_INSTANCE_CHANGE_GROUP", "instance_name": "web1", "iallocator": "hail",
              "target_groups": ["x"], "early_release": True}],
        )  # fmt: skip
        self.assertEqual(ran.code, 0)


class BatchTests(CommandCase):
    """gnt-instance batch-create."""

    def file(self, content: Any) -> str:
        """Write *content* as JSON and return the path."""
        path = os.path.join(self.top, "instances.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write(content if isinstance(content, str) else json.dumps(content))
        return path

    def run_batch(self, content: Any, result: Any, options: str = "") -> Any:
        """Run the command on *content*."""
        line = f"gnt-instance batch-create {options} {self.file(content)}"
        jobs = [answer for _ in result.get("jobs", []) for answer in followed()]
        named = [JOBS] if jobs else []
        return self.run_command(line, *job_done(result), *named, *jobs)

    def test_created(self) -> None:
        """Sizes take units, what is left out gets the defaults, the jobs are followed."""
        result = {"jobs": [[True, 9]], "allocatable": ["web1"], "failed": []}
        ran = self.run_batch([ROW], result, "-I hail")
        [op] = ran.opcodes()
        self.assertEqual((ran.code, op["iallocator"]), (0, "hail"))
        self.assertEqual(
            op["instances"],
            [{"OP_ID": "OP_INSTANCE_CREATE", "mode": "create", "instance_name": "web1",
              "disk_template": "file", "os_type": "noop", "disks": [{"size": 1024}],
              "nics": [{}], "beparams": {"memory": 512}}],
        )  # fmt: skip

    def test_no_place(self) -> None:
        """What fits nowhere is named, and the exit code is 1."""
        ran = self.run_batch([ROW], {"jobs": [], "allocatable": [], "failed": ["web1"]})
        self.assertEqual(ran.code, 1)
        self.assertIn("no place for instance web1", ran.err)

    def test_dry_run(self) -> None:
        """A dry run says what would fit."""
        result = {"jobs": [], "allocatable": ["web1"], "failed": []}
        ran = self.run_batch([ROW], result, "--dry-run")
        self.assertEqual((ran.code, ran.opcodes()[0]["dry_run"]), (0, True))
        self.assertIn("a place for web1", ran.out)

    def test_refused(self) -> None:
        """What is no list of instances is refused with the number of the instance."""
        for content in ("{", "[]", "{}", "[3]", [{"instance_name": "x"}],
                        [{**ROW, "disks": 3}], [{**ROW, "nics": ["x"]}]):  # fmt: skip
            ran = self.run_command(f"gnt-instance batch-create {self.file(content)}", 1)
            self.assertEqual((ran.code, ran.requests), (1, []), content)
            self.assertIn("Failure", ran.err)
        self.assertEqual(self.run_command("gnt-instance batch-create /nowhere", 1).code, 1)

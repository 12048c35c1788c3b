"""Promises of gnt-node, gnt-job, gnt-os and gnt-debug beyond what all commands share."""

import json
import os
import socket
from typing import Any

from ganetix import errors
from ganetix.cli.manhole import shovel
from ganetix_test.cli.scripted import CommandCase, followed, job_done, job_failed


class NodeTests(CommandCase):
    """gnt-node."""

    ROW: tuple[Any, ...] = (
        "n1", "192.0.2.1", "192.0.2.1", ["web1"], [], True, False, False, True, True, None,
        {"ssh_port": 22, "cpu_speed": 1.5}, {"cpu_speed": 1.5}, None, None, "u-1", "default", None,
    )  # fmt: skip

    def test_info(self) -> None:
        """Roles, instances and parameters with their source are shown."""
        ran = self.run_command("gnt-node info n1", [list(self.ROW)])
        for line in ("- Node name: n1", "  master candidate: True", "    - web1",
                     "    ssh_port: default (22)", "    cpu_speed: 1.5"):  # fmt: skip
            self.assertIn(f"{line}\n", ran.out)
        self.assertNotIn("powered", ran.out)

    def test_info_missing(self) -> None:
        """A node that is not there is exit code 1."""
        self.assertEqual(self.run_command("gnt-node info n9", []).code, 1)

    def test_modify(self) -> None:
        """Roles and parameters become the opcode; what was changed is printed."""
        ran = self.run_command(
            "gnt-node modify -C no -O yes --auto-promote --node-parameters ssh_port=2 n1",
            *job_done([["offline", True]]))  # fmt: skip
        self.assertEqual(
            ran.opcodes(),
            [{"OP_ID": "OP_NODE_SET_PARAMS", "node_name": "n1", "force": False,
              "auto_promote": True, "master_candidate": False, "offline": True,
              "ndparams": {"ssh_port": "2"}}],
        )  # fmt: skip
        self.assertIn("offline", ran.out)
        ran = self.run_command("gnt-node modify --disk-state plain/vg:disk_total=1 n1", *job_done())
        self.assertEqual(ran.opcodes()[0]["disk_state"], {"plain": {"vg": {"disk_total": "1"}}})
        self.assertEqual(self.run_command("gnt-node modify n1", 1).code, 1)

    def test_add_known(self) -> None:
        """A node that is in the cluster is not added again without --readd."""
        ran = self.run_command("gnt-node add n1", [["n1.example.com"]])
        self.assertEqual((ran.code, ran.calls()), (1, ["QueryNodes"]))
        self.assertIn("--readd", ran.err)


class JobTests(CommandCase):
    """gnt-job."""

    def test_watch(self) -> None:
        """The log is printed, then the end; a failure is exit code 1, a missing job too."""
        ran = self.run_command("gnt-job watch 7", *followed(None, [[1, [0, 0], "message", "hi"]]))
        self.assertEqual(ran.out.splitlines()[-1], "Job 7 succeeded.")
        ran = self.run_command("gnt-job watch 7", *job_failed(errors.OpExecError("broken"))[1:])
        self.assertEqual(ran.code, 1)
        self.assertIn("broken", ran.err)
        ran = self.run_command("gnt-job watch 7", errors.JobLost("Job 7 is not there."))
        self.assertEqual((ran.code, ran.err), (1, "Failure: Job 7 is not there.\n"))

    def test_wait(self) -> None:
        """Waiting is quiet; the exit code tells how the job ended."""
        ran = self.run_command("gnt-job wait 7", *followed())
        self.assertEqual((ran.code, ran.out, ran.err), (0, "", ""))
        answers = job_failed(errors.OpExecError("broken"))[1:]
        self.assertEqual(self.run_command("gnt-job wait 7", *answers).code, 1)

    def test_canceled(self) -> None:
        """A job that was canceled did not succeed."""
        for result, sentence in (
            (None, "Job 7 was canceled."),
            (["GenericError", ["Job was canceled."]], "Job 7 was canceled."),
            (["GenericError", ["Job 7 was rejected."]], "Job 7 was rejected."),
        ):
            answers = [[["canceled"], []], [["canceled", ["canceled"], [result]]]]
            ran = self.run_command("gnt-job watch 7", *answers)
            self.assertEqual((ran.code, ran.err), (1, f"Job 7 failed: {sentence}\n"))

    def test_cancel(self) -> None:
        """Each job is canceled; one refusal is exit code 1."""
        ran = self.run_command("gnt-job cancel 1 2", [True, "1 gone"], [False, "2 runs"])
        self.assertEqual((ran.code, ran.out, ran.err), (1, "1 gone\n", "2 runs\n"))
        self.assertEqual(ran.requests, [("CancelJob", [1]), ("CancelJob", [2])])

    def test_kill(self) -> None:
        """--kill needs --yes-do-it."""
        self.assertEqual(self.run_command("gnt-job cancel --kill 1", 1).code, 1)
        ran = self.run_command("gnt-job cancel --kill --yes-do-it 1", [True, "killed"])
        self.assertEqual(ran.requests, [("CancelJob", [1, True])])

    def test_by_state(self) -> None:
        """Jobs by state are asked about; a no is exit code 13; -f does not ask."""
        found = {"fields": [], "data": [[[0, 4]], [[0, 6]]]}
        ran = self.run_command("gnt-job cancel --queued", found)
        self.assertEqual((ran.code, ran.calls()), (13, ["Query"]))
        self.assertIn("4, 6", self.asked[0])
        line = "gnt-job change-priority -f --waiting --priority low"
        ran = self.run_command(line, found, [True, "a"], [True, "b"])
        self.assertEqual(ran.requests[1:], [("ChangeJobPriority", [n, 10]) for n in (4, 6)])
        self.assertEqual(ran.code, 0)

    def test_which(self) -> None:
        """No job, both ways at once, no number, and no priority are refused."""
        for line in ("cancel", "cancel --queued 5", "cancel x", "change-priority 5", "archive x",
                     "watch x", "info x"):  # fmt: skip
            self.assertEqual(self.run_command(f"gnt-job {line}", 1).code, 1, line)

    def test_archive(self) -> None:
        """Archiving tells which job could not be."""
        ran = self.run_command("gnt-job archive 1 2", True, False)
        self.assertEqual(ran.code, 1)
        self.assertIn("Job 2", ran.err)

    def test_autoarchive(self) -> None:
        """The age has units; all is -1."""
        for age, seconds in (("all", -1), ("1w", 604800), ("90", 90)):
            ran = self.run_command(f"gnt-job autoarchive {age}", [3, 1])
            self.assertEqual(ran.args("AutoArchiveJobs")[0], seconds)
            self.assertEqual(ran.out, "Archived 3 jobs, 1 unchecked left\n")

    def test_info(self) -> None:
        """States, times, input, result and log of each opcode are shown."""
        values: list[Any] = [
            7, "success", [{"OP_ID": "OP_TEST_DELAY", "duration": 1.0}], [None], ["success"],
            [[[1, [0, 0], "message", "hi"]]], [[0, 0]], [[0, 0]], [[0, 0]], [0, 0], [0, 0], [0, 0],
            False,
        ]  # fmt: skip
        row = [[0, value] for value in values]
        gone = [[0, 9], *[[0, None]] * 12]
        ran = self.run_command("gnt-job info 7 9", {"fields": [], "data": [row, gone]})
        for line in ("- Job ID: 7", "    - OP_TEST_DELAY:", "          duration: 1.0",
                     "        Result: null"):  # fmt: skip
            self.assertIn(f"{line}\n", ran.out)
        self.assertEqual(ran.code, 1)
        self.assertIn("Job 9", ran.err)


class OsTests(CommandCase):
    """gnt-os."""

    def test_list(self) -> None:
        """Each variant is a name; a definition without variants is one too."""
        ran = self.run_command("gnt-os list", *job_done([["debian", ["a", "b"]], ["noop", []]]))
        self.assertEqual(ran.out, "Name\ndebian+a\ndebian+b\nnoop\n")
        ran = self.run_command("gnt-os list --no-headers", *job_done([]))
        self.assertEqual(ran.out, "")

    def test_diagnose(self) -> None:
        """Each node says what it has; one that is not valid is exit code 1."""
        good, bad = ["/os/x", True, "", [], [], [20]], ["/os/x", False, "no create", [], [], []]
        status = {"n1": [good], "n2": [], "n3": [bad, ["/b/x", True, ""]]}
        rows = [["x", False, ["v"], status, False, True]]
        ran = self.run_command("gnt-os diagnose", *job_done(rows))
        self.assertEqual(ran.code, 1)
        for line in (
            "OS: x [global status: invalid, blacklisted]",
            "  Variant: [v]",
            "  Node: n1, status: valid (path: /os/x)",
            "  Node: n2, status: invalid (not found)",
            "  Node: n3, status: invalid (path: /os/x): no create, hides /b/x",
        ):
            self.assertIn(f"{line}\n", ran.out)

    def test_info(self) -> None:
        """What a definition takes is shown; a missing one is exit code 1."""
        rows = [["x", True, [15, 20], ["v"], [["dns", "the server"]], False, False]]
        ran = self.run_command("gnt-os info x y", *job_done(rows))
        self.assertEqual(ran.code, 1)
        self.assertIn("x:\n  valid: True\n", ran.out)
        self.assertIn("    dns: the server\n", ran.out)
        self.assertIn("y", ran.err)


class DebugTests(CommandCase):
    """gnt-debug."""

    def test_delay(self) -> None:
        """Options become the opcode's."""
        ran = self.run_command("gnt-debug delay --no-master -n a -n b -r 2 -l 1.5", *job_done())
        self.assertEqual(
            ran.opcodes(),
            [{"OP_ID": "OP_TEST_DELAY", "duration": 1.5, "on_master": False,
              "on_nodes": ["a", "b"], "repeat": 2, "interruptible": False, "no_locks": True}],
        )  # fmt: skip
        self.assertEqual(self.run_command("gnt-debug delay long", 1).code, 1)

    def test_submit_job(self) -> None:
        """Files become jobs, repeated as asked, and are followed."""
        path = os.path.join(self.top, "job")
        with open(path, "w", encoding="utf-8") as file:
            json.dump([{"OP_ID": "OP_TEST_DELAY", "duration": 0}], file)
        ran = self.run_command(
            f"gnt-debug submit-job --job-repeat 2 --op-repeat 3 --timing-stats {path}",
            [[True, 1], [True, 2]], *followed(), *followed())  # fmt: skip
        self.assertEqual([len(job) for job in ran.args("SubmitManyJobs")[0]], [3, 3])
        self.assertEqual(len(ran.opcodes()), 6)
        self.assertIn("C:op        6\n", ran.out)
        ran = self.run_command(f"gnt-debug submit-job --each {path} {path}", 1, 2, *followed(),
                               *followed())  # fmt: skip
        self.assertEqual(ran.calls()[:2], ["SubmitJob", "SubmitJob"])

    def test_submit_job_refused(self) -> None:
        """A file that can't be read, and one that holds something else, are named."""
        path = os.path.join(self.top, "job")
        for text in ("{", "{}", "[1]"):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            ran = self.run_command(f"gnt-debug submit-job {path}", 1)
            self.assertEqual((ran.code, ran.requests), (1, []))
            self.assertIn(path, ran.err)
        self.assertEqual(self.run_command("gnt-debug submit-job /nowhere", 1).code, 1)

    def test_iallocator(self) -> None:
        """Options become the opcode's, by table; what comes back is printed."""
        base = {
            "OP_ID": "OP_TEST_ALLOCATOR", "direction": "in", "mode": "relocate", "name": "web1",
            "memory": 128, "disks": [{"size": 4096, "mode": "w"}] * 2, "vcpus": 1,
            "nics": [{"mac": "00:11:22:33:44:55"}], "evac_mode": "all", "spindle_use": 1,
            "count": 2,
        }  # fmt: skip
        for line, expected in (
            ("", {}),
            ("--dir out -m allocate -I hail --memory 1g --disks 1g,20 -t drbd -p 2 -o noop",
             {"direction": "out", "mode": "allocate", "iallocator": "hail", "memory": 1024,
              "disks": [{"size": 1024, "mode": "w"}, {"size": 20, "mode": "w"}],
              "disk_template": "drbd", "vcpus": 2, "os": "noop"}),
            ("--nics aa:00:00:00:00:01/192.0.2.1/br0 --tags a,b --spindle-use 3",
             {"nics": [{"mac": "aa:00:00:00:00:01", "ip": "192.0.2.1", "bridge": "br0"}],
              "tags": ["a", "b"], "spindle_use": 3}),
            ("-m multi-allocate --count 5", {"mode": "multi-allocate", "count": 5}),
            ("-m node-evacuate --evac-mode primary-only",
             {"mode": "node-evacuate", "evac_mode": "primary-only", "instances": ["web1"]}),
            ("-m change-group --target-groups g1 --target-groups g2",
             {"mode": "change-group", "target_groups": ["g1", "g2"], "instances": ["web1"]}),
        ):  # fmt: skip
            ran = self.run_command(f"gnt-debug iallocator {line} web1", *job_done('{"a": 1}'))
            self.assertEqual(ran.opcodes(), [{**base, **expected}], line)
            self.assertEqual((ran.code, ran.out), (0, '{"a": 1}\n'))
        ran = self.run_command("gnt-debug iallocator web1 web2", 1)
        self.assertEqual((ran.code, ran.requests), (1, []))

    def test_stalls(self) -> None:
        """The daemon's own figures, one a line."""
        found = {
            "stalls": 2, "longest_cpu": 0.0512, "longest": 0.25, "running_jobs": 3, "epoch": 1,
            "serial": 77, "journal_bytes": 1024, "in_sync": ["node2"], "behind": [],
        }  # fmt: skip
        ran = self.run_command("gnt-debug stalls", found)
        self.assertEqual((ran.code, ran.calls()), (0, ["QueryDaemon"]))
        self.assertIn("Longest turn: 51 ms of CPU\n", ran.out)
        self.assertIn("Candidates in sync: node2\nCandidates behind: (none)\n", ran.out)

    def test_manhole_absent(self) -> None:
        """A console that is not there is told by daemon and socket; so is an unknown node."""
        ran = self.run_command("gnt-debug manhole --daemon noded", 1)
        self.assertEqual(ran.code, 1)
        self.assertIn(f"{self.root}/var/run/ganeti/manhole-noded/socket", ran.err)
        ran = self.run_command("gnt-debug manhole --node node9", 1)
        self.assertIn("node9", ran.err)

    def test_manhole_bytes(self) -> None:
        """Keys go to the daemon, also those before its end; what it says goes to the screen."""
        ours, theirs = socket.socketpair()
        keys, typist = os.pipe()
        reader, screen = os.pipe()
        os.write(typist, b"1 + 1\r\x03")
        os.close(typist)
        theirs.sendall(b"\x1b[32m2\x1b[0m")
        theirs.shutdown(socket.SHUT_WR)
        with ours, theirs:
            shovel(ours, keys, screen)
            self.assertEqual(theirs.recv(100), b"1 + 1\r\x03")
        self.assertEqual(os.read(reader, 100), b"\x1b[32m2\x1b[0m")
        for descriptor in (keys, reader, screen):
            os.close(descriptor)

"""Promises of every command: help, usage, versions, errors and exit codes."""

from ganetix import errors
from ganetix_test.cli.scripted import CommandCase, job_done, job_failed


class UsageTests(CommandCase):
    """What is not a command, and what is not its command line."""

    def test_no_command(self) -> None:
        """Without a command, or with an unknown one, usage goes to stdout and the code is 1."""
        for line in ("gnt-node", "gnt-node frobnicate"):
            ran = self.run_command(line)
            self.assertEqual((ran.code, ran.err), (1, ""), line)
            self.assertIn("Usage: gnt-node", ran.out)
            self.assertIn("list-fields", ran.out)

    def test_version(self) -> None:
        """--version tells the program, the software and the release."""
        ran = self.run_command("gnt-os --version")
        self.assertRegex(ran.out, r"^gnt-os \(ganeti \S+\) 3\.0\.2\n$")
        self.assertEqual(ran.code, 0)

    def test_wrong_options(self) -> None:
        """Each mistake is a sentence on stderr with the way to help, and exit code 1."""
        for line, said in (
            ("gnt-node list --nonsense", "--nonsense"),
            ("gnt-instance grow-disk web1 0", "2 argument"),
            ("gnt-cluster queue stop", "stop"),
            ("gnt-instance list --units x", "--units"),
            ("gnt-instance add -s 1x web1", "1x"),
            ("gnt-node modify -O maybe node1", "maybe"),
            ("gnt-debug delay -r often 1", "often"),
        ):
            ran = self.run_command(line)
            self.assertEqual((ran.code, ran.out), (1, ""), line)
            self.assertIn(said, ran.err, line)
            self.assertNotIn("Traceback", ran.err)

    def test_not_utf8(self) -> None:
        """Bytes that are no text are refused before the master is asked anything."""
        ran = self.run_words(["gnt-instance", "list", "\udcff"])
        self.assertEqual(ran.code, 1)
        self.assertIn("is not UTF-8", ran.err)

    def test_options_come_first(self) -> None:
        """The first argument ends the options, as scripts for Ganeti rely on."""
        ran = self.run_command("gnt-node add-tags node1 -x", *job_done())
        self.assertEqual(ran.opcodes()[0]["tags"], ["-x"])

    def test_value_with_a_dash(self) -> None:
        """An option's value may begin with a dash, joined to it or not."""
        for words in (["--disk", "-1:remove"], ["--disk=-1:remove"]):
            line = ["gnt-instance", "modify", *words, "web1"]
            ran = self.run_words(line, *job_done([]))
            self.assertEqual(ran.opcodes()[0]["disks"], [["remove", -1, {}]], words)


class ErrorTests(CommandCase):
    """Errors of the cluster."""

    def test_not_in_cluster(self) -> None:
        """Exit code 5 where there is no cluster."""
        ran = self.run_command("gnt-instance list")
        self.assertEqual(ran.code, 5)
        self.assertIn("gnt-cluster init", ran.err)

    def test_not_master(self) -> None:
        """Exit code 11 on another node, with the master's name."""
        self.ssconf("master_node", "node2")
        ran = self.run_command("gnt-instance list")
        self.assertEqual(ran.code, 11)
        self.assertIn("node2", ran.err)

    def test_failed_job(self) -> None:
        """A failed job is exit code 1; a precondition is told with its class."""
        error = errors.OpPrereqError("Node node9 is not in the cluster.", errors.NOENT)
        ran = self.run_command("gnt-node remove node9", *job_failed(error))
        self.assertEqual(ran.code, 1)
        self.assertIn("unknown_entity", ran.err)
        self.assertIn("Node node9 is not in the cluster.", ran.err)

    def test_hooks(self) -> None:
        """A hook that refuses is named with node, script and output."""
        error = errors.HooksAbort([["node1", "10-check", "no space"]])
        ran = self.run_command("gnt-node remove node9", *job_failed(error))
        for word in ("node1", "10-check", "no space"):
            self.assertIn(word, ran.err)


class JobOptionTests(CommandCase):
    """Options that all commands with jobs share."""

    def test_submit(self) -> None:
        """--submit prints the number on stderr and does not wait."""
        ran = self.run_command("gnt-cluster redist-conf --submit", 12)
        self.assertEqual((ran.code, ran.out, ran.err), (0, "", "JobID: 12\n"))
        self.assertEqual(ran.calls(), ["SubmitJob"])

    def test_drained(self) -> None:
        """redist-conf --yes-do-it is done though the queue takes no other jobs."""
        ran = self.run_command("gnt-cluster redist-conf --submit --yes-do-it", 12)
        self.assertEqual((ran.code, ran.calls()), (0, ["SubmitJobToDrainedQueue"]))

    def test_print_jobid(self) -> None:
        """--print-jobid prints the number as the first line, then the log."""
        log = [[1, [0, 0], "message", "hello"]]
        ran = self.run_command("gnt-cluster redist-conf --print-jobid", *job_done(None, log, 12))
        first, second = ran.out.splitlines()
        self.assertEqual(first, "12")
        self.assertRegex(second, r"^\w{3} \w{3} +\d+ \d\d:\d\d:\d\d (1970|1969) hello$")

    def test_priority_dry_run_debug_reason(self) -> None:
        """Priority, dry run, debug level and reason go into the opcode."""
        ran = self.run_words(
            ["gnt-cluster", "redist-conf", "--priority", "high", "--dry-run", "-dd",
             "--reason", "new disk"], *job_done())  # fmt: skip
        [op] = ran.args("SubmitJob")[0]
        self.assertEqual(
            op,
            {
                "OP_ID": "OP_CLUSTER_REDIST_CONF",
                "priority": -10,
                "dry_run": True,
                "debug_level": 2,
                "reason": [
                    ["gnt:user", "new disk", 1700000000000000000],
                    ["gnt:client:gnt-cluster", "redist-conf", 1700000000000000000],
                ],
            },
        )

    def test_log(self) -> None:
        """Every kind of log entry is printed, once, as lines with their time."""
        entry = [[1, [0, 0], "message", "one"], [2, [0, 0], "message-list", ["two", "three"]]]
        ran = self.run_command(
            "gnt-cluster redist-conf",
            7,
            [["running"], entry],
            [["success"], [[3, [0, 0], "jqueue-test", ["four"]]]],
            [["success", ["success"], [None]]],
        )
        said = [line.split(" ", 5)[-1].split()[-1] for line in ran.out.splitlines()]
        self.assertEqual(said, ["one", "two", "three", "['four']"])
        waits = [args for method, args in ran.requests if method == "WaitForJobChange"]
        self.assertEqual(waits[0], [7, ["status"], None, -1, 60])
        self.assertEqual(waits[1], [7, ["status"], ["running"], 2, 60])

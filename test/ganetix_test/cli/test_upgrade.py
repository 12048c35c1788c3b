"""Promises of gnt-cluster upgrade, but for what the other version does: see the virtual cluster."""

import os

from ganetix import errors
from ganetix_test.cli.scripted import CommandCase, Ran, job_done

IDLE = [["success"], ["error"], ["canceled"]]
LOUD = (None, None)


class UpgradeTests(CommandCase):
    """A master with version 0.1 in use and one more node."""

    def setUp(self) -> None:
        """Install versions 0.1 and 0.2 here; the other node says yes to everything."""
        super().setUp()
        self.ssconf("master_node", "node1")
        self.ssconf("cluster_name", "c.x")
        self.ssconf("online_nodes", "node1\nnode2")
        self.ssconf("ssh_ports", "node1=22\nnode2=2222")
        os.makedirs(f"{self.root}/etc/ganeti")
        self.link = f"{self.root}/etc/ganeti/lib"
        for version in ("0.1", "0.2"):
            directory = f"{self.root}/usr/lib/ganeti/{version}"
            os.makedirs(f"{directory}/bin")
            with open(f"{directory}/bin/gnt-cluster", "w", encoding="utf-8") as script:
                script.write(f'#!/bin/sh\necho "$0 $*" >> {self.root}/ran\nexit 0\n')
                os.fchmod(script.fileno(), 0o755)
        os.symlink(f"{self.root}/usr/lib/ganeti/0.1", self.link)
        self.failing = ""

    def spawn(self, words: list[str]) -> tuple[int, str]:
        """Switch this node's link when asked to; fail where `failing` is in the line."""
        self.spawned.append(words)
        line = f"{words[0]} {words[-1]}"
        if self.failing and self.failing in line:
            self.failing = ""
            return 1, "It burns.\n"
        if line.startswith(f"{self.root}/cmd ln"):
            target = next(one for one in ("0.1", "0.2") if f'/{one}"' in line)
            os.unlink(self.link)
            os.symlink(f"{self.root}/usr/lib/ganeti/{target}", self.link)
        return 0, ""

    def lines(self, what: str) -> list[str]:
        """Return the nodes that ran a line with *what* in it, in order."""
        return [
            words[0].split("/")[-2] for words in self.spawned if what in words[-1] and "cmd" in
            words[0]
        ]  # fmt: skip

    def intent(self) -> str | None:
        """Return the note of the upgrade under way."""
        try:
            with open(f"{self.root}/var/lib/ganeti/intent-to-upgrade", encoding="utf-8") as note:
                return note.read()
        except FileNotFoundError:
            return None

    def refused(self, ran: Ran, told: str) -> None:
        """Check that *ran* said *told* and changed nothing."""
        self.assertIn(ran.code, (1, 11), ran.err)
        self.assertIn(told, ran.err)
        self.assertEqual(
            (ran.requests, self.lines("ln -sfn"), self.lines("stop-all")), ([], [], [])
        )

    def test_switched(self) -> None:
        """Jobs end, daemons stop, links are switched, the master last; the new version goes on."""
        ran = self.run_command(
            "gnt-cluster upgrade --to 0.2", None, None, [["running"], *IDLE], IDLE
        )
        self.assertEqual(ran.code, 0, ran.err)
        self.assertEqual(ran.calls(), ["SetDrainFlag", "SetWatcherPause", "QueryJobs", "QueryJobs"])
        self.assertEqual((ran.args("SetDrainFlag"), len(self.slept)), ([True], 1))
        for what in ("stop-all", "ln -sfn"):
            self.assertEqual(self.lines(what), ["node2", "node1"])
        [kept] = [words for words in self.spawned if "tar -cf" in words[-1]]
        self.assertIn("umask 077", kept[-1])
        with open(f"{self.root}/ran", encoding="utf-8") as file:
            self.assertEqual(file.read(), f"{self.link}/bin/gnt-cluster upgrade --resume\n")
        self.assertEqual((self.intent() or "").split(",")[:2], ["0.1", "0.2"])

    def test_finished(self) -> None:
        """The new version starts daemons, brings files to all nodes, and verifies."""
        self.test_switched()
        self.spawned.clear()
        ran = self.run_command("gnt-cluster upgrade --resume", *job_done(), *LOUD)
        self.assertEqual(ran.code, 0, ran.err)
        self.assertEqual(self.lines("start-all"), ["node2", "node1"])
        self.assertEqual([op["OP_ID"] for op in ran.opcodes()], ["OP_CLUSTER_REDIST_CONF"])
        self.assertEqual(ran.args("SetDrainFlag"), [False])
        self.assertIsNone(self.intent())
        with open(f"{self.root}/ran", encoding="utf-8") as file:
            self.assertIn("gnt-cluster verify", file.read().splitlines()[-1])

    def test_resumed_before_the_switch(self) -> None:
        """What was interrupted while the old version still ran begins where it was."""
        with open(f"{self.root}/var/lib/ganeti/intent-to-upgrade", "w", encoding="utf-8") as note:
            note.write("0.1,0.2,1\n")
        ran = self.run_command("gnt-cluster upgrade --resume", None, None, IDLE)
        self.assertEqual(ran.code, 0, ran.err)
        self.assertEqual(os.readlink(self.link), f"{self.root}/usr/lib/ganeti/0.2")
        self.assertEqual(self.intent(), f"0.1,0.2,{os.getpid()}\n", "the watcher sees who is at it")

    def test_gone_back(self) -> None:
        """A node that can't stop or switch brings everything back, and says so."""
        for failing in ("stop-all", "ln -sfn"):
            self.spawned.clear()
            self.failing = failing
            with self.subTest(failing):
                ran = self.run_command("gnt-cluster upgrade --to 0.2", None, None, IDLE, *LOUD)
                self.assertEqual(ran.code, 1)
                self.assertIn("Node node2 could not", ran.err)
                self.assertEqual(os.readlink(self.link), f"{self.root}/usr/lib/ganeti/0.1")
                self.assertEqual(self.lines("start-all"), ["node2", "node1"])
                self.assertEqual(
                    (ran.requests[-2], self.intent()), (("SetDrainFlag", [False]), None)
                )

    def test_called_off(self) -> None:
        """When waiting for the jobs fails, jobs are taken again and nothing was stopped."""
        ran = self.run_command(
            "gnt-cluster upgrade --to 0.2", None, None, errors.GenericError("No."), *LOUD
        )
        self.assertEqual((ran.code, self.intent(), self.lines("stop-all")), (1, None, []))
        self.assertEqual(
            ran.requests[-2:], [("SetDrainFlag", [False]), ("SetWatcherPause", [None])]
        )

    def test_refused(self) -> None:
        """Contradictions, what is no version, too far, or not installed on a node."""
        for options, told in (
            ("", "either"), ("--to 0.2 --resume", "either"), ("--to x", "no version"),
            ("--to ../../0.2", "no version"), ("--to 0.3", "differ by one"),
            ("--to 3.0", "differ by one"), ("--resume", "No upgrade is under way"),
        ):  # fmt: skip
            self.refused(self.run_command(f"gnt-cluster upgrade {options}"), told)
        self.failing = f"{self.top}/node2/cmd test -x"
        self.refused(self.run_command("gnt-cluster upgrade --to 0.2"), "not installed side by side "
                     "on node2")  # fmt: skip
        ran = self.run_command("gnt-cluster upgrade --to 0.1")
        self.assertEqual((ran.code, ran.out), (0, "Version 0.1 is in use already.\n"))

    def test_elsewhere(self) -> None:
        """Another node than the master, and software that is not installed side by side."""
        os.unlink(self.link)
        self.refused(self.run_command("gnt-cluster upgrade --to 0.2"), "daemon-util")
        os.symlink(f"{self.root}/usr/lib/ganeti/0.1", self.link)
        self.ssconf("master_node", "node2")
        self.refused(self.run_command("gnt-cluster upgrade --to 0.2"), "is not the master")

    def test_under_way(self) -> None:
        """A second one is not begun, and a note that can't be read is not guessed at."""
        path = f"{self.root}/var/lib/ganeti/intent-to-upgrade"
        for text, told in (("0.1,0.2,1\n", "go on with --resume"), ("?\n", "can't be read")):
            with open(path, "w", encoding="utf-8") as note:
                note.write(text)
            self.refused(self.run_command("gnt-cluster upgrade --to 0.2"), told)

"""Promises of completion: commands, options, words and names; silence where none is known."""

import os
import stat
import subprocess
import tempfile
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.cli.complete import SCRIPTS
from ganetix_test.cli.scripted import CommandCase

NAMES = {"fields": [], "data": [[[0, "node1.example.com"]], [[0, "node2.example.com"]]]}


class CandidateTests(CommandCase):
    """What is offered in place of the last word."""

    def offered(self, prog: str, *words: str, answer: Any = NAMES) -> list[str]:
        """Return the candidates that *prog* prints."""
        ran = self.run_words([prog, "--complete", *words], answer)
        self.assertEqual((ran.code, ran.err), (0, ""))
        return ran.out.splitlines()

    def test_commands(self) -> None:
        """The first word is a command."""
        self.assertEqual(self.offered("gnt-node", "rem"), ["remove", "remove-tags"])
        self.assertIn("migrate", self.offered("gnt-instance", ""))
        self.assertEqual(self.offered("gnt-instance"), self.offered("gnt-instance", ""))

    def test_options(self) -> None:
        """A word that begins with a dash is an option of this command, or of every command."""
        self.assertEqual(self.offered("gnt-node", "list", "--sep"), ["--separator"])
        self.assertEqual(self.offered("gnt-node", "list", "--rea"), ["--reason"])

    def test_values(self) -> None:
        """A choice is offered, apart or behind an equals sign; yes and no where those are meant."""
        forms = ["text", "json", "yaml", "csv"]
        self.assertEqual(self.offered("gnt-node", "list", "--format", ""), forms)
        self.assertEqual(self.offered("gnt-node", "list", "--format=j"), ["--format=json"])
        self.assertEqual(self.offered("gnt-node", "modify", "--offline", "y"), ["yes"])

    def test_names(self) -> None:
        """Names of objects, as arguments and as values, also the second of two nodes."""
        both = ["node1.example.com", "node2.example.com"]
        self.assertEqual(self.offered("gnt-node", "modify", "--offline", "yes", "no"), both)
        self.assertEqual(self.offered("gnt-instance", "failover", "-n", "node2"), both[1:])
        self.assertEqual(
            self.offered("gnt-instance", "add", "-n", "node1:node2"), ["node1:node2.example.com"]
        )

    def test_too_many(self) -> None:
        """No more names than the command takes."""
        self.assertEqual(self.offered("gnt-node", "modify", "node1", ""), [])

    def test_fields(self) -> None:
        """The fields of what is listed."""
        fields = {"fields": [{"name": "name"}, {"name": "pinst_cnt"}]}
        self.assertEqual(self.offered("gnt-node", "list-fields", "p", answer=fields), ["pinst_cnt"])

    def test_fixed_words(self) -> None:
        """An argument that is one of a few words."""
        self.assertEqual(self.offered("gnt-cluster", "queue", "d"), ["drain"])

    def test_nobody_there(self) -> None:
        """Without a master, or with one that refuses, nothing is offered and nothing is said."""
        self.assertEqual(self.offered("gnt-node", "nonsense", ""), [])
        refusal = errors.GenericError("No.")
        self.assertEqual(self.offered("gnt-node", "info", "", answer=refusal), [])
        ran = self.run_words(["gnt-node", "--complete", "info", ""])
        self.assertEqual((ran.code, ran.out, ran.err), (0, "", ""))


class BashTests(SynchronousTestCase):
    """The script, in a real bash."""

    def test_words_arrive(self) -> None:
        """The program gets the words up to the cursor, the last one though it is empty."""
        with tempfile.TemporaryDirectory() as directory:
            program = f"{directory}/gnt-node"
            with open(program, "w", encoding="utf-8") as file:
                file.write('#!/bin/sh\nprintf "[%s]\\n" "$@"\n')
            os.chmod(program, stat.S_IRWXU)
            asked = (
                "COMP_WORDS=(gnt-node info '' more); COMP_CWORD=2; _ganetix gnt-node;"
                'printf "%s\\n" "${COMPREPLY[@]}"'
            )
            done = subprocess.run(
                ["/bin/bash", "-c", SCRIPTS["bash"] + asked],
                env={"PATH": f"{directory}:{os.environ['PATH']}"},
                capture_output=True,
                text=True,
                check=True,
                timeout=60,
            )
        self.assertEqual(done.stdout.splitlines(), ["[--complete]", "[info]", "[]"])

"""Promises of completion: commands, options, words and names; silence where none is known."""

import os
import shutil
import stat
import subprocess
import tempfile
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

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


class ShellTests(SynchronousTestCase):
    """The scripts, in real shells: programs get the words up to the cursor, also an empty one."""

    def seen(self, shell: str, asked: str) -> list[str]:
        """Return what *shell* offers when the program prints the words that it got."""
        path = shutil.which(shell)
        if path is None:
            raise SkipTest(f"There is no {shell} on this machine.")
        with tempfile.TemporaryDirectory() as directory:
            for name, text in (
                ("gnt-node", '#!/bin/sh\nprintf "[%s]\\n" "$@"\n'),
                ("_ganetix", SCRIPTS[shell]),
            ):
                with open(f"{directory}/{name}", "w", encoding="utf-8") as file:
                    file.write(text)
            os.chmod(f"{directory}/gnt-node", stat.S_IRWXU)
            done = subprocess.run(
                [path, "-c", asked],
                env={"PATH": f"{directory}:{os.environ['PATH']}", "HOME": directory},
                cwd=directory,
                capture_output=True,
                text=True,
                check=True,
                timeout=60,
            )
        return done.stdout.splitlines()

    def test_bash(self) -> None:
        """Words after the cursor are left out."""
        asked = (
            ". ./_ganetix; COMP_WORDS=(gnt-node info '' more); COMP_CWORD=2; _ganetix gnt-node;"
            'printf "%s\\n" "${COMPREPLY[@]}"'
        )
        self.assertEqual(self.seen("bash", asked), ["[--complete]", "[info]", "[]"])

    def test_zsh(self) -> None:
        """The first time, too, when zsh loads the file as a function."""
        asked = (
            "fpath=($HOME); autoload -U _ganetix; words=(gnt-node info '' more); CURRENT=3;"
            'compadd() { print -rl -- "${found[@]}"; }; _ganetix'
        )
        self.assertEqual(self.seen("zsh", asked), ["[--complete]", "[info]", "[]"])

    def test_fish(self) -> None:
        """Fish sorts what it gets."""
        found = self.seen("fish", 'source _ganetix; complete -C "gnt-node info "')
        self.assertEqual(sorted(found), ["[--complete]", "[]", "[info]"])

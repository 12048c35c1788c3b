"""Debian's gnt-* programs over our socket."""

import shlex

from ganetix_test.compat import debian
from ganetix_test.compat.cases import CompatTestCase
from ganetix_test.compat.programs.commands import ALL, Typed


class ProgramTests(CompatTestCase):
    """A cluster of two nodes with one instance, managed with the programs of the reference."""

    def test_every_command(self) -> None:
        """Each command does what it says; the log has what was typed and what came."""
        found = [told for row in ALL for told in self.wrong(row)]
        self.assertEqual(found, [], "\n".join(found))

    def wrong(self, row: Typed) -> list[str]:
        """Type *row*; return a line for each thing that is not as it should be."""
        name, *arguments = shlex.split(row.line)
        environment = {**debian.python(self.packages, programs=True), **self.node}
        done = self.ran([*debian.program(self.packages, name), *arguments], environment)
        found = done.stdout + done.stderr
        told = [
            f"{row.line}: {text!r}"
            for text in row.texts
            if (text.removeprefix("!") in found) == text.startswith("!")
        ]
        if done.returncode != row.code:
            told.append(f"{row.line}: exit code {done.returncode}: {found[-300:]}")
        return told

"""Every program has its page, and what the pages tell people to type can be typed."""

import contextlib
import importlib
import io
from typing import Any

from twisted.python import usage
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.cli import parser
from ganetix.cli.htools import arguments as htools_arguments
from ganetix.cli.htools import options as htools_options
from ganetix.daemons import daemon_util
from ganetix_test import spec
from ganetix_test.house import pages

MAN = pages.DOCS / "man"


class ManPageTests(SynchronousTestCase):
    """One page for each program, made of what its parser knows."""

    def test_every_program_has_a_page(self) -> None:
        """Pages are of programs that are installed, and of all of them."""
        self.assertEqual({page.name for page in pages.MANUAL["pages"]()}, pages.console_scripts())

    def test_pages_are_called_as_their_programs(self) -> None:
        """The first line names the program of the file's name: its options are looked up by it."""
        for path in MAN.glob("*.md"):
            if path.stem != "index":
                self.assertTrue(path.read_text("utf-8").startswith(f"# {path.stem}: "), path.name)

    def test_pages_have_their_parts(self) -> None:
        """Each says how it is called, what it is for, with examples, and takes its tables."""
        for page in pages.MANUAL["pages"]():
            text = (MAN / f"{page.name}.md").read_text("utf-8")
            for part in (
                "## Synopsis",
                "## Description",
                "## Examples",
                "## See also",
                "{{options}}",
            ):
                self.assertIn(f"\n{part}\n", text, page.name)

    def test_every_command_and_option_is_there(self) -> None:
        """A page of a gnt-* program has each command with each flag that its parser takes."""
        for name in sorted(pages.console_scripts()):
            if name.startswith("gnt-"):
                text = pages.MANUAL["filled"]((MAN / f"{name}.md").read_text("utf-8"))
                self._hold(text, importlib.import_module(f"ganetix.cli.{name.replace('-', '_')}"))

    def _hold(self, text: str, program: Any) -> None:
        for name, command in program.COMMANDS.items():
            section = text.partition(f"\n### {name}\n")[2].partition("\n##")[0]
            for word in (
                *command.aliases,
                *(flag for one in command.options for flag in one.flags),
            ):
                self.assertRegex(section, rf"`{word}[` ]", name)

    def test_options_of_the_others_are_there(self) -> None:
        """Each kind of parser is read: Twisted's with what is inherited, argparse, htools'."""
        for name, flags in (
            ("ganeti-masterd", ("--no-voting", "--syslog=VALUE", "--foreground")),
            ("ganeti-watcher", ("--job-age <age>", "--ignore-pause")),
            ("ganeti-cleaner", ("node|master",)),
            ("hbal", ("-L[SOCKET]", "--luxi[=SOCKET]", "--exec", "--version")),
            ("burnin", ("--disk-size DISK_SIZE", "--no-reboot")),
            ("daemon-util", ()),
        ):
            text = "\n".join(pages.MANUAL["tables"](name))
            for flag in flags:
                self.assertIn(f"`{flag}`", text, name)

    def test_all_verbs_of_daemon_util_are_told(self) -> None:
        """Its usage is prose: it names every verb of its tables."""
        for verb in (*daemon_util.WHOLE, *daemon_util.ONE, "accept-candidates"):
            self.assertIn(verb, daemon_util.USAGE)


class ExampleTests(SynchronousTestCase):
    """Examples that are typed as they stand are understood."""

    def test_examples_parse(self) -> None:
        """Each command on a page fits its program's tables."""
        # manhole.md shows a banner that begins with a daemon's name.
        pages_of = {*MAN.glob("*.md"), *pages.DOCS.glob("*.md")} - {pages.DOCS / "manhole.md"}
        lines = [words for path in sorted(pages_of) for words in pages.commands(path)]
        self.assertGreater(len(lines), 150)
        self.assertEqual([wrong for words in lines if (wrong := fault_of(*words))], [])

    def test_nonsense_is_found(self) -> None:
        """The test of examples can fail: an unknown option, command or verb does not pass."""
        for line in (
            "gnt-node add --nonsense x",
            "gnt-node nonsense",
            "hbal --nonsense",
            "daemon-util nonsense",
            "ganeti-watcher --nonsense",
            "ganeti-noded --nonsense",
        ):
            self.assertIsNotNone(fault_of(*line.split()), line)


def fault_of(program: str, *words: str) -> str | None:
    """Return what *program* says against *words*, if it does not understand them."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            understand(program, list(words))
    except (errors.GanetiError, htools_options.UsageError, usage.UsageError) as error:
        return f"{program} {' '.join(words)}: {error}"
    except SystemExit:
        return f"{program} {' '.join(words)}: {said.getvalue()}"
    return None


def understand(program: str, words: list[str]) -> None:
    """Parse *words* as *program* does; raise what its parser raises."""
    manual = pages.MANUAL
    if program.startswith("gnt-") or program in manual["TOOLS"]:
        _command(program, words)
    elif program in manual["HTOOLS"]:
        names = importlib.import_module(f"ganetix.cli.htools.{program}").OPTIONS
        htools_arguments.parse(words, [htools_options.OPTIONS[name] for name in names])
    elif program in manual["DAEMONS"]:
        manual["DAEMONS"][program]().parseOptions(words)
    elif program == "daemon-util":
        if words[0] not in {*daemon_util.WHOLE, *daemon_util.ONE, "accept-candidates"}:
            raise errors.GenericError(f"{words[0]} is no verb.")
    else:
        manual["PARSERS"][program]().parse_args(words)


def _command(program: str, words: list[str]) -> None:
    name = program.replace("-", "_")
    if not program.startswith("gnt-"):
        tool = importlib.import_module(f"ganetix.cli.{name}.options").COMMAND
        parser.parse(program, tool, words)
        return
    table = importlib.import_module(f"ganetix.cli.{name}").COMMANDS
    found = [one for key, one in table.items() if words[0] in (key, *one.aliases)]
    if not found:
        raise errors.GenericError(f"There is no command {words[0]}.")
    parser.parse(program, found[0], words[1:])


class ProgramTests(SynchronousTestCase):
    """The table of Ganeti's other programs."""

    def setUp(self) -> None:
        """Read the table."""
        self.table = {
            name: (state, why) for name, state, why in pages.rows(pages.DOCS / "programs.md")
        }

    def test_each_program_has_its_row(self) -> None:
        """The table has exactly the programs of the interface reference, in order."""
        self.assertEqual(list(self.table), sorted(spec.load("cli")["other_programs"]))

    def test_what_is_done_is_installed(self) -> None:
        """A program that is done is one of ours; one that is not is none, and says why."""
        installed = pages.console_scripts()
        for name, (state, why) in self.table.items():
            self.assertIn(state, {"done", "inside", "refused"}, name)
            self.assertEqual(state == "done", name in installed, name)
            self.assertTrue(state == "done" or len(why) > 10, name)

    def test_named_modules_exist(self) -> None:
        """Files that a row points at are there."""
        for name, (_, why) in self.table.items():
            for part in why.split("`"):
                if part.startswith("ganetix/"):
                    self.assertTrue((pages.DOCS.parent / part).exists(), f"{name}: {part}")

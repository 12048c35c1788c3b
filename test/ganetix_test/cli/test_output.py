"""Promises of --format: the same facts, in the form that a program reads."""

import csv
import importlib
import io
import json
from collections.abc import Iterator
from typing import Any, Final

import yaml
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ganetix.cli.command import Command
from ganetix.cli.yaml_text import render
from ganetix_test.cli.scripted import CommandCase, job_done
from ganetix_test.cli.test_lists import ANSWER

PROGRAMS: Final = tuple(
    importlib.import_module(f"ganetix.cli.gnt_{noun}")
    for noun in (
        "backup", "cluster", "debug", "filter", "group", "instance", "job", "network", "node", "os",
        "storage",
    )
)  # fmt: skip
SHOWING: Final = frozenset({
    "diagnose", "health", "info", "list", "list-drbd", "list-fields", "list-storage", "list-tags",
    "locks", "power", "status", "volumes",
})  # fmt: skip

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abcY_-: #1", min_size=1), inner),
    max_leaves=20,
)


def _showing() -> Iterator[tuple[str, Command]]:
    for program in PROGRAMS:
        for name, command in program.COMMANDS.items():
            if name in SHOWING:
                yield f"{program.__name__.rpartition('.')[2]} {name}", command


class OptionTests(SynchronousTestCase):
    """Who takes the option."""

    def test_every_list_and_info(self) -> None:
        """Every command that only shows takes --format, with the same words."""
        lacking = [
            name
            for name, command in _showing()
            if "--format" not in {flag for option in command.options for flag in option.flags}
        ]
        self.assertEqual(lacking, [])


class FormatTests(CommandCase):
    """One list in each form."""

    def test_text(self) -> None:
        """Text is what comes without the option."""
        plain = self.run_command("gnt-node list", ANSWER).out
        self.assertEqual(self.run_command("gnt-node list --format text", ANSWER).out, plain)

    def test_json(self) -> None:
        """JSON has an object a row, by names of fields: plain values, null where one is missing."""
        found = json.loads(self.run_command("gnt-node list --format json", ANSWER).out)
        self.assertEqual(found[0]["dtotal"], 2048)
        self.assertEqual(found[0]["tags"], ["a", "b"])
        self.assertEqual(found[1]["dtotal"], None)

    def test_yaml(self) -> None:
        """YAML says the same."""
        told = yaml.safe_load(self.run_command("gnt-node list --format yaml", ANSWER).out)
        found = json.loads(self.run_command("gnt-node list --format json", ANSWER).out)
        self.assertEqual(told, found)

    def test_csv(self) -> None:
        """CSV has the names of fields as its head, and JSON where a value is nested."""
        out = self.run_command("gnt-node list --format csv", ANSWER).out
        head, first, second = csv.reader(io.StringIO(out))
        self.assertEqual(head, ["name", "dtotal", "pinst_cnt", "offline", "tags"])
        self.assertEqual(first, ["node1.example.com", "2048", "3", "false", '["a", "b"]'])
        self.assertEqual(second[1:3], ["", ""])

    def test_csv_of_nothing(self) -> None:
        """A list without rows still has its head, unless that is not wanted."""
        empty = {**ANSWER, "data": []}
        self.assertEqual(
            self.run_command("gnt-node list --format csv", empty).out,
            "name,dtotal,pinst_cnt,offline,tags\n",
        )
        self.assertEqual(self.run_command("gnt-node list --format csv --no-headers", empty).out, "")

    def test_info(self) -> None:
        """An info command shows what it was told, not what it makes of it for people."""
        row: list[Any] = ["n1", "192.0.2.1", "192.0.2.1", [], [], True, False, False, True, True]
        row += [None, {}, {}, 1.0, 2.0, "uuid", "default", None]
        [found] = json.loads(self.run_command("gnt-node info --format json n1", [row]).out)
        self.assertEqual((found["name"], found["ctime"]), ("n1", 1.0))

    def test_tags(self) -> None:
        """Tags are objects, too; none are an empty list."""
        for line in ("gnt-cluster list-tags", "gnt-node list-tags"):
            name = "" if "cluster" in line else " n1"
            ran = self.run_command(f"{line} --format json{name}", ["b", "a"])
            self.assertEqual(json.loads(ran.out), [{"tag": "a"}, {"tag": "b"}])
            self.assertEqual(self.run_command(f"{line} --format csv{name}", []).out, "tag\n")

    def test_volumes(self) -> None:
        """What a job found is shown as well."""
        row = ["n1", "/dev/vdb", "xenvg", "x.disk0", 512, "web1"]
        ran = self.run_command("gnt-node volumes --format json", *job_done([row]))
        [found] = json.loads(ran.out)
        self.assertEqual((found["vg"], found["size"]), ("xenvg", 512))

    def test_unknown(self) -> None:
        """Another form is refused with those that there are."""
        ran = self.run_command("gnt-node list --format xml")
        self.assertEqual(ran.code, 1)
        self.assertIn("text", ran.err)


class YamlTests(SynchronousTestCase):
    """What is written is what is read."""

    @given(VALUES)
    def test_round_trip(self, value: Any) -> None:
        """Any plain value comes back from a reader of YAML."""
        self.assertEqual(yaml.safe_load("\n".join(render(value))), value)

    def test_block_style(self) -> None:
        """Nested values are indented, not folded into one line."""
        value = {"name": "web", "disks": [{"size": 1024, "mode": "rw"}], "tags": []}
        self.assertEqual(
            render(value),
            ["name: web", "disks:", "  - size: 1024", "    mode: rw", "tags: []"],
        )

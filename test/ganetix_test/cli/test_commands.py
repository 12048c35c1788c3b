"""The commands are those of the interface tables: names, aliases, arguments, options."""

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ganetix.cli.command import COMMON, Command, Option
from ganetix.cli.values import KINDS
from ganetix_test import spec

PROGRAMS = (
    "backup", "storage", "cluster", "node", "group", "instance", "network", "os",
    "filter", "job", "debug",
)  # fmt: skip
OURS = {
    ("gnt-debug", "manhole"),
    ("gnt-debug", "stalls"),
    ("gnt-cluster", "status"),
    ("gnt-cluster", "completion"),
    ("gnt-cluster", "balance"),
    ("gnt-cluster", "capacity"),
    ("gnt-instance", "why"),
}
"""Commands that Ganeti does not have."""
LATER: dict[tuple[str, str], set[str]] = {
    ("gnt-instance", "add"): {"--ip-check", "--name-check"},
    ("gnt-instance", "rename"): {"--ip-check", "--name-check"},
    ("gnt-instance", "modify"): {"--no-hotplug"},
}
"""Options of the release after the reference's."""
EVERYWHERE = {"--format", "--plan"}
"""Options of ours that many commands have."""
LATER_DEFAULTS = {"ip_check": False, "name_check": False, "hotplug": True}
"""Defaults that the release after the reference's has turned round."""


def commands() -> Iterator[tuple[str, str, Command]]:
    """Yield program, name and command of all there are."""
    for noun in PROGRAMS:
        table: Mapping[str, Command] = importlib.import_module(f"ganetix.cli.gnt_{noun}").COMMANDS
        for name, command in table.items():
            yield f"gnt-{noun}", name, command


def expected() -> Iterator[tuple[str, str, Command, Any]]:
    """Yield program, name, command and the interface table's entry."""
    scripts = spec.load("cli")["scripts"]
    for program, name, command in commands():
        if (program, name) not in OURS:
            yield program, name, command, scripts[program]["commands"][name]


def facts(option: Option) -> dict[str, Any]:
    """Return *option* as the interface tables put it."""
    return {
        "flags": sorted(option.flags),
        "dest": option.dest,
        "action": option.action,
        "type": option.kind if option.takes_value else None,
        "choices": sorted(option.choices),
        "default": _default(option.default),
        "const": _default(option.const),
    }


def stated(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the same of an *entry* of the tables."""
    action = "store" if entry["action"] == "callback" else entry["action"]
    valued = action in {"store", "append"}
    default = _default(entry["default"])
    if entry["type"] == "int" and isinstance(default, str):
        default = int(default)
    return {
        "flags": sorted(entry["short"] + entry["long"]),
        "dest": entry["dest"],
        "action": action,
        "type": (entry["type"] or "string") if valued else None,
        "choices": sorted(entry.get("choices", [])),
        "default": _default(LATER_DEFAULTS.get(entry["dest"], default)),
        "const": _default(entry.get("const")),
    }


def _default(value: Any) -> Any:
    """Nothing given is nothing given: empty and null are the same."""
    if isinstance(value, list | tuple):
        value = list(value)
    return None if value in ({}, []) else value


class TableTests(SynchronousTestCase):
    """Each command of ours against its entry."""

    def test_names(self) -> None:
        """All commands are known ones, and each function that they name is there."""
        for program, name, command in commands():
            module, function = command.run.split(":")
            found = getattr(importlib.import_module(f"ganetix.cli.{module}"), function)
            self.assertTrue(callable(found), (program, name))
            self.assertTrue(command.help.endswith("."), (program, name))
        self.assertGreater(len(list(expected())), 60)

    def test_aliases(self) -> None:
        """Aliases are the same."""
        for program, name, command, entry in expected():
            self.assertEqual(list(command.aliases), entry.get("aliases", []), (program, name))

    def test_arguments(self) -> None:
        """The least and the most number of arguments are the same, and their choices."""
        for program, name, command, entry in expected():
            where = (program, name)
            ours = [(a.least, a.most) for a in command.arguments]
            self.assertEqual(ours, [(a["min"], a["max"]) for a in entry["args"]], where)
            for argument, described in zip(command.arguments, entry["args"], strict=True):
                if described["kind"] == "choice":
                    self.assertEqual(sorted(argument.choices), described["choices"], where)

    def test_options(self) -> None:
        """Flags, kinds, choices, constants and defaults are the same."""
        for program, name, command, entry in expected():
            later = EVERYWHERE | LATER.get((program, name), set())
            ours = {
                option.flags[-1]: facts(option)
                for option in command.options
                if not later.intersection(option.flags)
            }
            theirs = {(e["short"] + e["long"])[-1]: stated(e) for e in entry["options"]}
            self.assertEqual(sorted(ours), sorted(theirs), (program, name))
            for flag, stating in theirs.items():
                found = ours[flag]
                if found["action"] in {"store_true", "store_false"}:
                    rest = found["action"] == "store_false"
                    found["default"] = rest if found["default"] is None else found["default"]
                    stating["default"] = rest if stating["default"] is None else stating["default"]
                self.assertEqual(found, stating, (program, name, flag))

    def test_environment(self) -> None:
        """Defaults from the environment are for the same commands."""
        scripts = spec.load("cli")["scripts"]
        for noun in PROGRAMS:
            module = importlib.import_module(f"ganetix.cli.gnt_{noun}")
            named = scripts[f"gnt-{noun}"]["env_default_options"]
            self.assertEqual(list(module.ENVIRONMENT_DEFAULTS), named)

    def test_common(self) -> None:
        """The options of every command are the same."""
        entries = spec.load("cli")["general"]["common_options_on_every_command"]
        self.assertEqual(
            [(list(o.flags), o.dest, o.action) for o in COMMON],
            [(e["short"] + e["long"], e["dest"], e["action"]) for e in entries],
        )

    def test_kinds(self) -> None:
        """Every kind of value has a reader."""
        kinds = {o.kind for _, _, command in commands() for o in command.options if o.takes_value}
        self.assertEqual(kinds - set(KINDS), set())


class DefaultColumnTests(SynchronousTestCase):
    """Lists show the usual columns."""

    def test_columns(self) -> None:
        """Usual columns are the reference's; + adds to them, a list replaces them."""
        lists = importlib.import_module("ganetix.cli.lists")
        table = spec.load("cli")["default_columns"]
        for what, where in (("instance", "gnt-instance list"), ("node", "gnt-node list"),
                            ("group", "gnt-group list"), ("job", "gnt-job list"),
                            ("network", "gnt-network list"), ("filter", "gnt-filter list"),
                            ("export", "gnt-backup list"),
                            ("lock", "gnt-debug locks")):  # fmt: skip
            self.assertEqual(lists.columns(what, None), table[where])
            self.assertEqual(lists.columns(what, "+a,b"), [*table[where], "a", "b"])
            self.assertEqual(lists.columns(what, "a"), ["a"])

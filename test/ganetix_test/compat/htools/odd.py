"""Compares all options, malformed files and impossible requests: exit codes, and what is printed.

Sentences are the programs' own; so of a failure only the exit code counts, and of hail's answer
whether it is a success and its result.
"""

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from ganetix.cli.htools import hail, harep, hbal, hcheck, hinfo, hroller, hscan, hspace, hsqueeze
from ganetix_test.compat.htools import words
from ganetix_test.compat.htools.compare import Difference, Tally, first_difference, ours
from ganetix_test.compat.htools.generate import Generated
from ganetix_test.compat.htools.reference import Reference, Result

MAINS: Final[dict[str, Callable[[Sequence[str]], int]]] = {
    "hail": hail.main,
    "harep": harep.main,
    "hbal": hbal.main,
    "hcheck": hcheck.main,
    "hinfo": hinfo.main,
    "hroller": hroller.main,
    "hscan": hscan.main,
    "hspace": hspace.main,
    "hsqueeze": hsqueeze.main,
}
# A small cluster of one group, whose instances have exclusion tags.
CLUSTER: Final = 1009
# What each column of each line of a text file becomes in turn.
VALUES: Final = ("", "x", "-1", "0", "1.5", "99999999", "1,2")
GONE: Final = object()
JUNK: Final[tuple[Any, ...]] = (GONE, None, "x", -1, [], {}, [7])
# Fields of a request's parts that are looked at; what else there is nobody reads.
REQUEST: Final = (
    "type", "name", "memory", "vcpus", "disk_space_total", "spindle_use", "disks", "disk_template",
    "tags", "nics", "required_nodes", "group_name", "restrict-to-nodes",
)  # fmt: skip
SPECIAL: Final[tuple[tuple[str, Any], ...]] = (
    ("required_nodes", 0), ("required_nodes", 1), ("required_nodes", 3), ("memory", 0),
    ("memory", 10**7), ("vcpus", 0), ("vcpus", 99), ("disk_space_total", 10**9),
    ("spindle_use", 99), ("disk_template", "plain"), ("disk_template", "diskless"),
    ("disks", [{"size": -4}]), ("disks", [{"size": 10, "spindles": "x"}]),
    ("nics", [{"network": 7}]), ("restrict-to-nodes", ["nope"]),
)  # fmt: skip
# Where we refuse what the reference takes: an empty list as the name of a group.
STRICTER: Final = {("name", "[]"), ("group_name", "[]")}


def requests(instance: str, node: str) -> Iterator[dict[str, Any]]:
    """Yield requests that cannot be met, or are none."""
    for homes in ([node], ["nope"], [[1]], [], 7):
        for count in (1, 2):
            yield {
                "type": "relocate", "name": instance, "required_nodes": count,
                "relocate_from": homes,
            }  # fmt: skip
    yield {"type": "relocate", "name": "nope", "required_nodes": 1, "relocate_from": [node]}
    for instances in ([], ["nope"], [[1]], [instance, instance], 7):
        for mode in ("all", "primary-only", "some"):
            yield {"type": "node-evacuate", "instances": instances, "evac_mode": mode}
        for groups in (["nope"], [], 7):
            yield {"type": "change-group", "instances": instances, "target_groups": groups}
    for name in (instance, "nope", 7):
        yield {"type": "allocate-secondary", "name": name}
    several: tuple[Any, ...] = ([], [7], [{}], {})
    for wanted in several:
        yield {"type": "multi-allocate", "instances": wanted}


class Oddities:
    """Tries both programs on them."""

    def __init__(self, reference: Reference, folder: Path, tally: Tally) -> None:
        self._reference = reference
        self._folder = folder
        self._tally = tally
        self._cluster = Generated(CLUSTER, biggest=6)
        self._file = folder / "odd.data"
        self._request = folder / "odd.json"
        self._message: dict[str, Any] = json.loads(
            self._cluster.request(self._cluster.requests()[0])
        )

    def everything(self) -> None:
        """Try all."""
        self.options()
        self.files()
        self.messages()

    def _both(self, program: str, args: Sequence[str]) -> tuple[Result, Result]:
        self._tally.runs[program] = self._tally.runs.get(program, 0) + 1
        return self._reference.run(program, args), ours(MAINS[program], args)

    def _differ(self, what: str, args: Sequence[str], one: str, two: str) -> None:
        self._tally.differences.append(Difference(what, tuple(args), one, two))

    def _printed(self, what: str, program: str, args: Sequence[str]) -> None:
        """Compare exit codes and what is printed."""
        theirs, mine = self._both(program, args)
        if theirs.code != mine.code:
            self._differ(what, args, f"exit {theirs.code}", f"exit {mine.code}: {mine.err}")
        elif theirs.out != mine.out:
            self._differ(what, args, *first_difference(theirs.out, mine.out))

    def options(self) -> None:
        """Try every option of each program."""
        paths = {name: self._folder / name for name in ("loads", "mond", "saved")}
        instance = self._cluster.instances[0]["name"]
        self._file.write_text(self._cluster.text(), encoding="utf-8")
        self._request.write_text(json.dumps(self._message), encoding="utf-8")
        paths["loads"].write_text(f"{instance} 2.0 1.0 0.5 0.1\n", encoding="utf-8")
        paths["mond"].write_text("[]", encoding="utf-8")
        known = {
            "file": self._file, "request": self._request, "instance": instance,
            "node": self._cluster.nodes[1]["name"], **paths,
        }  # fmt: skip
        for program in words.PROGRAMS:
            for line in words.lines(program):
                given = f"{words.ALWAYS.get(program, '')} {line}".split()
                args = [word.format(**known) for word in given]
                if (program, given[-1]) in words.DIFFERS:
                    theirs, mine = self._both(program, args)
                    if mine.code not in (0, theirs.code):
                        self._differ(program, args, f"exit {theirs.code}", f"exit {mine.code}")
                else:
                    self._printed(program, program, args)

    def files(self) -> None:
        """Spoil each column of the first line of each section of a text file, and that line."""
        rows = self._cluster.text().split("\n")
        for at, row in enumerate(rows):
            if at and rows[at - 1]:
                continue
            for what, new in _spoilt(row):
                self._file.write_text("\n".join([*rows[:at], *new, *rows[at + 1 :]]), "utf-8")
                place = f"line {at + 1} {what}: hinfo"
                self._printed(place, "hinfo", ["-t", str(self._file), "-v", "-p"])

    def messages(self) -> None:
        """Spoil each field of a request that is looked at, and ask for what cannot be."""
        node, instance = (next(iter(self._message[key])) for key in ("nodes", "instances"))
        group = next(iter(self._message["nodegroups"]))
        parts = [
            (), ("nodes", node), ("nodes", node, "ndparams"), ("instances", instance),
            ("nodegroups", group), ("nodegroups", group, "ipolicy"),
        ]  # fmt: skip
        for path in parts:
            for key in list(_part(self._message, path)):
                for value in JUNK:
                    self._message_with(path, key, value)
        for key in REQUEST:
            for value in JUNK:
                self._message_with(("request",), key, value)
        for key, value in SPECIAL:
            self._message_with(("request",), key, value)
        for request in requests(instance, node):
            self._message_with((), "request", request)
        for text in ("", "{", "[]", "7", "null", "{}"):
            self._answered(text, text)

    def _message_with(self, path: Sequence[str], key: str, value: Any) -> None:
        message = copy.deepcopy(self._message)
        part = _part(message, path)
        if value is GONE:
            part.pop(key, None)
        else:
            part[key] = value
        shown = "gone" if value is GONE else json.dumps(value)
        if (key, shown) not in STRICTER:
            self._answered(json.dumps(message), f"{'/'.join((*path, key))} {shown}")

    def _answered(self, text: str, what: str) -> None:
        """Compare exit codes and hail's answers."""
        self._request.write_text(text, encoding="utf-8")
        theirs, mine = self._both("hail", [str(self._request)])
        one, two = _essence(theirs), _essence(mine)
        if one != two:
            self._differ("hail", [what], str(one), f"{two} {mine.err}")


def _part(message: Any, path: Sequence[str]) -> Any:
    for key in path:
        message = message[key]
    return message


def _spoilt(row: str) -> Iterator[tuple[str, list[str]]]:
    """Yield what is done to a line, and the lines that take its place."""
    columns = row.split("|")
    if len(columns) < 2:
        return
    for at in range(len(columns)):
        for value in VALUES:
            changed = [*columns[:at], value, *columns[at + 1 :]]
            yield f"column {at} is {value!r}", ["|".join(changed)]
        yield f"cut at {at}", ["|".join(columns[:at])]
    yield "twice", [row, row]
    yield "longer", [f"{row}|x|y|z"]
    yield "gone", []


def _essence(result: Result) -> tuple[Any, ...]:
    """Return of an answer what programs read; failures to move have sentences of their own."""
    try:
        answer = json.loads(result.out)
    except ValueError:
        return (result.code,)
    found = answer["result"]
    if len(found) == 3 and isinstance(found[1], list):
        found = [found[0], [name for name, _why in found[1]], found[2]]
    return result.code, answer["success"], found if answer["success"] else None

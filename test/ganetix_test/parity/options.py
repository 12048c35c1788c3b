"""Options of the gnt-* programs: one counts when it changes what is asked for, or what is printed.

Each command is run in this process against a master daemon that answers anything, once without and
once with the option. `effects.json` has a line for each option, with what it changes: that must
come again.
"""

import importlib
import io
import json
import os
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from ganetix.cli.context import World
from ganetix.cli.main import run
from ganetix.luxi import messages
from ganetix.luxi.server import encode_result
from ganetix_test import spec

NOW: Final = 1_700_000_000_000_000_000
EFFECTS: Final = Path(__file__).with_name("effects.json")
_INFO: Final = Path(__file__).parents[1] / "compat/luxi/recorded.json"
_ARGUMENTS: Final = {
    "instance": "web", "node": "node2", "group": "g1", "network": "net", "jobid": "7",
    "filter": "f0", "os": "dummy", "unknown": "x", "suggest": "x", "host": "node9",
    "choice": "info", "command": "true", "file": "/dev/null",
}  # fmt: skip
_BASE: Final[Mapping[str, str]] = {
    "gnt-instance add": "-t diskless -o dummy -n node2",
    "gnt-instance modify": "-B vcpus=3",
    "gnt-instance replace-disks": "-p",
    "gnt-node modify": "--master-candidate=yes",
    "gnt-cluster modify": "--candidate-pool-size=3",
    "gnt-group modify": "--alloc-policy=preferred",
    "gnt-network add": "--network=192.0.2.0/24",
    "gnt-network modify": "--gateway=192.0.2.1",
    "gnt-network connect": "--nic-parameters=mode=bridged,link=br0",
    "gnt-node evacuate": "-I hail",
    "gnt-node volumes": "",
}
_VALUES: Final[Mapping[str, str]] = {
    "string": "x", "int": "3", "float": "1.5", "unit": "64m", "bool": "no", "list": "a,b",
    "keyval": "vcpus=2", "keyprivateval": "k=v", "identkeyval": "0:size=64m",
    "maybefloat": "2.5", "multilistidentkeyval": "min:disk-size=4/max:disk-size=8",
    "json": "[]", "filteraction": "PAUSE",
}  # fmt: skip


_OUTSIDE: Final = frozenset(
    {
        "gnt-cluster init", "gnt-cluster destroy", "gnt-cluster master-failover",
        "gnt-cluster renew-crypto", "gnt-cluster upgrade", "gnt-node add", "gnt-debug manhole",
    }
)  # fmt: skip
"""Commands that do not work by asking the master daemon alone: they are not run."""


class Seen(NamedTuple):
    """What one run did."""

    code: int
    out: str
    asked: tuple[str, ...]


class Case(NamedTuple):
    """One option of one command."""

    row: str
    base: list[str]
    option: list[str]


def cases() -> Iterator[Case]:
    """Yield every option of every command."""
    for program, script in spec.load("cli")["scripts"].items():
        for name, command in script["commands"].items():
            kinds = [arg["kind"] for arg in command["args"] for _ in range(max(1, arg["min"]))]
            words = [_ARGUMENTS[kind] for kind in kinds]
            given = _BASE.get(f"{program} {name}", "").split()
            for option in command["options"]:
                flag = (option["long"] or option["short"])[0]
                yield Case(
                    f"{program} {name} {flag}",
                    [program, name, *given, *words],
                    [program, name, *given, *_spelt(flag, option), *words],
                )


def _spelt(flag: str, option: Mapping[str, Any]) -> list[str]:
    if option["action"] not in ("store", "append", "callback"):
        return [flag]
    choices = [one for one in option.get("choices", ()) if one != option["default"]]
    value = choices[0] if choices else _VALUES.get(option["type"] or "string", "x")
    return [f"{flag}={value}" if flag.startswith("--") else f"{flag}{value}"]


class Anybody:
    """A master daemon that answers anything, for one run."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        rows = json.loads(_INFO.read_text("utf-8"))["calls"]
        self._info = next(row["answer"] for row in rows if row["call"] == "QueryClusterInfo")
        self._threads: list[threading.Thread] = []

    def connect(self, path: str, timeout: float) -> socket.socket:
        """Return a connection."""
        ours, theirs = socket.socketpair()
        thread = threading.Thread(target=self._serve, args=(theirs,), daemon=True)
        thread.start()
        self._threads.append(thread)
        return ours

    def _serve(self, end: socket.socket) -> None:
        framer = messages.Framer()
        while data := end.recv(1 << 16):
            for text in framer.feed(data):
                message = json.loads(text)
                self.asked.append(json.dumps([message["method"], message["args"]], sort_keys=True))
                end.sendall(encode_result(self._answer(message["method"], message["args"])))

    def _answer(self, method: str, args: list[Any]) -> Any:
        if method == "QueryClusterInfo":
            return self._info
        return _ANSWERS[method](args) if method in _ANSWERS else True


def _query(args: list[Any]) -> Any:
    what, fields, _ = args
    return {"fields": [_definition(what, one) for one in fields], "data": [_row(what, fields)]}


def _row(what: str, fields: list[str]) -> list[Any]:
    kinds = _kinds(what)
    return [[0, _value(field, kinds.get(field, "text"))] for field in fields]


def _classic(what: str) -> Callable[[list[Any]], Any]:
    return lambda args: [[value for _, value in _row(what, args[1])]]


def _definitions(args: list[Any]) -> Any:
    what, fields = args
    return {"fields": [_definition(what, name) for name in fields or sorted(_kinds(what))]}


_ANSWERS: Final[Mapping[str, Callable[[list[Any]], Any]]] = {
    "SubmitJob": lambda args: 7,
    "SubmitJobToDrainedQueue": lambda args: 7,
    "SubmitManyJobs": lambda args: [[True, 7] for _ in args[0]],
    "WaitForJobChange": lambda args: [[_job(field) for field in args[1]], []],
    "QueryJobs": lambda args: [[_job(field) for field in args[1]]],
    "Query": _query,
    "QueryFields": _definitions,
    "QueryConfigValues": lambda args: ["cluster.example.com", "node1", False, None][: len(args[0])],
    "CancelJob": lambda args: [True, "done"],
    "ChangeJobPriority": lambda args: [True, "done"],
    "QueryInstances": _classic("instance"),
    "QueryNodes": _classic("node"),
    "QueryGroups": _classic("group"),
    "QueryNetworks": _classic("network"),
    "QueryTags": lambda args: ["a"],
    "AutoArchiveJobs": lambda args: [1, 0],
}


def _kinds(what: str) -> dict[str, str]:
    table = spec.load("query_fields")["resources"].get(what, {"fields": []})
    return {row["name"]: row["kind"] for row in table["fields"]}


def _definition(what: str, name: str) -> dict[str, str]:
    return {"name": name, "title": name, "kind": _kinds(what).get(name, "other"), "doc": "A field"}


def _value(field: str, kind: str) -> Any:
    numbers = {"number": 1, "float": 1.5, "unit": 64, "timestamp": 1.0, "bool": False}
    if kind in numbers:
        return numbers[kind]
    if field.endswith(("list", "s")) and field not in ("os", "status", "alias"):
        return []
    return {"name": "web", "status": "running", "uuid": "f0"}.get(field, "x")


def _job(field: str) -> Any:
    return {
        "id": 7, "status": "success", "opstatus": ["success"], "opresult": [None], "ops": [],
        "summary": ["X"], "oplog": [[]],
    }.get(field)  # fmt: skip


def ran(words: list[str], root: str) -> Seen:
    """Run a command against `Anybody`; what it did."""
    anybody = Anybody()
    out = io.StringIO()
    world = World(
        {"GANETI_ROOTDIR": root, "GANETI_HOSTNAME": "node1"}, "node1", io.StringIO(), out, out,
        anybody.connect, lambda question: "y", lambda: NOW, lambda line: (0, ""),
    )  # fmt: skip
    try:
        code = run(words[0], words[1:], world)
    except Exception as error:  # noqa: BLE001 - an answer that nobody would give
        return Seen(1, type(error).__name__, ())
    return Seen(code, out.getvalue(), tuple(anybody.asked))


def effect(case: Case, root: str) -> str | None:
    """Return what the option of *case* changes, None when that is nothing.

    Parameters of opcodes with their new values; else the calls that are new; else the output.
    """
    before, after = ran(case.base, root), ran(case.option, root)
    if after.code or before == after:
        return None
    old, new = _parameters(before), _parameters(after)
    changed = [f"{name}={new[name]}" for name in sorted(new) if new[name] != old.get(name)]
    gone = [f"without {name}" for name in sorted(set(old) - set(new))]
    calls = [line for line in after.asked if line not in before.asked and "Submit" not in line]
    return "; ".join((changed + gone) or calls or ["the output"])


def _parameters(seen: Seen) -> dict[str, str]:
    """Return the parameters of all opcodes that were submitted, as text."""
    found = {}
    for line in seen.asked:
        method, args = json.loads(line)
        if method.startswith("Submit"):
            jobs = args[0] if method == "SubmitManyJobs" else [args[0]]
            for op in (one for job in jobs for one in job):
                rest = {key: value for key, value in op.items() if key != "reason"}
                found.update({f"{op['OP_ID']}.{k}": json.dumps(v) for k, v in rest.items()})
    return found


def effects() -> dict[str, str]:
    """Return what each option changes, by row; those without an effect are left out."""
    with tempfile.TemporaryDirectory() as top:
        root = f"{top}/node1"
        os.makedirs(f"{root}/var/lib/ganeti")
        found = {}
        for case in cases():
            if " ".join(case.base[:2]) in _OUTSIDE:
                continue
            try:
                importlib.import_module(f"ganetix.cli.{case.base[0].replace('-', '_')}")
            except ImportError:
                continue
            seen = effect(case, root)
            if seen is not None:
                found[case.row] = seen
        return found


def rows() -> Iterator[str]:
    """Yield a row for each option."""
    for case in cases():
        yield case.row


def done(found: Mapping[str, str]) -> Iterator[str]:
    """Yield the options that do what `effects.json` says, or are not in it yet."""
    kept: dict[str, str] = json.loads(EFFECTS.read_text("utf-8"))
    for row, seen in found.items():
        if kept.get(row, seen) == seen:
            yield row


def accept(found: Mapping[str, str]) -> None:
    """Write down what the options change now."""
    EFFECTS.write_text(json.dumps(dict(sorted(found.items())), indent=1) + "\n", "utf-8")

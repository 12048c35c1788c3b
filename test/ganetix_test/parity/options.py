"""Options of the gnt-* programs: one counts when it changes what is asked for, or what is printed.

Each command is run in this process against a master daemon that answers anything, once without and
once with the option. `effects.json` has a line for each option, with what it changes: that must
come again.
"""

import io
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from ganetix.cli.context import World
from ganetix.cli.main import run
from ganetix_test import spec
from ganetix_test.parity import lines
from ganetix_test.parity.anybody import Anybody

NOW: Final = 1_700_000_000_000_000_000
EFFECTS: Final = Path(__file__).with_name("effects.json")
_ARGUMENTS: Final = {
    "instance": "web", "node": "node2", "group": "g1", "network": "net", "jobid": "7",
    "filter": "f0", "os": "dummy", "unknown": "x", "suggest": "x", "host": "node9",
    "choice": "info", "command": "true", "file": "/dev/null",
}  # fmt: skip
_VALUES: Final[Mapping[str, str]] = {
    "string": "x", "int": "3", "float": "1.5", "unit": "64m", "bool": "no", "list": "a,b",
    "keyval": "vcpus=2", "keyprivateval": "k=v", "identkeyval": "0:size=64m",
    "maybefloat": "2.5", "multilistidentkeyval": "min:disk-size=4/max:disk-size=8",
    "json": "[]", "filteraction": "PAUSE",
}  # fmt: skip


class Interrupted(Exception):
    """What goes on for ever has been seen twice."""


class Seen(NamedTuple):
    """What one run did."""

    code: int
    out: str
    asked: tuple[str, ...]


class Case(NamedTuple):
    """One option of one command: the line without it, and the one with it."""

    row: str
    base: str
    option: str


def cases() -> Iterator[Case]:
    """Yield every option of every command."""
    for program, script in spec.load("cli")["scripts"].items():
        for name, command in script["commands"].items():
            prefix = f"{program} {name}"
            kinds = [arg["kind"] for arg in command["args"] for _ in range(max(1, arg["min"]))]
            line = lines.COMMANDS.get(prefix, " ".join(_ARGUMENTS[kind] for kind in kinds))
            for option in command["options"]:
                flag = (option["long"] or option["short"])[0]
                row = f"{prefix} {flag}"
                head, _, words = line.rpartition("|")
                pair = lines.PAIRS.get(
                    row, (f"{head}{words}", f"{head} {_spelt(row, flag, option)} {words}")
                )
                yield Case(row, *(f"{prefix} {words}" for words in pair))


def _spelt(row: str, flag: str, option: Mapping[str, Any]) -> str:
    if option["action"] not in ("store", "append", "callback"):
        return flag
    choices = [one for one in option.get("choices", ()) if one != option["default"]]
    value = choices[0] if choices else _VALUES.get(option["type"] or "string", "x")
    value = lines.VALUES.get(row, value)
    return f"{flag}={value}" if flag.startswith("--") else f"{flag}{value}"


def ran(line: str, root: str, real: bool = False) -> Seen:
    """Run a command against `Anybody`; what it did, on a *real* node or below *root*."""
    anybody, top = Anybody(), root.removesuffix("/node1")
    out = io.StringIO()

    def program(*words: Any) -> tuple[int, str]:
        anybody.asked.append(json.dumps(["run", *words]))
        return 0, "done\n"

    def feed(words: list[str], text: str, line: Callable[[str], None] | None) -> int:
        program(words[2:], json.loads(text))
        if line:
            names = ("name", "uuid", "digest", "primary_ip", "ssh_public_key")
            line(json.dumps({name: name for name in names}))
        return 0

    def ask(question: str) -> str:
        anybody.asked.append(json.dumps(["question", question]))
        return "y" if "y/[n]" in question else "0"

    def sleep(seconds: float) -> None:
        program("sleep", seconds)
        if sum("sleep" in line for line in anybody.asked) > 1:
            raise Interrupted

    def terminal(words: list[str]) -> int:
        return program("terminal", *words)[0]

    world = World(
        {"GANETI_ROOTDIR": "" if real else root}, "node1", io.StringIO(), out, out,
        anybody.connect, ask, lambda: NOW, program, feed, sleep, terminal,
    )  # fmt: skip
    prog, *words = line.format(files=f"{root}/files").split()
    try:
        code = run(prog, words, world)
    except Interrupted:
        code = 0
    except Exception as error:  # noqa: BLE001 - an answer that nobody would give
        return Seen(1, f"{type(error).__name__}: {error}", ())
    return Seen(code, out.getvalue(), tuple(one.replace(top, "") for one in anybody.asked))


def effect(case: Case, root: str) -> str | None:
    """Return what the option of *case* changes, None when that is nothing.

    Parameters of opcodes with their new values; else the calls that are new or gone; else the
    output.
    """
    real = case.row in lines.REAL
    before, after = ran(case.base, root, real), ran(case.option, root, real)
    if after.code or before == after:
        return None
    old, new = _parameters(before), _parameters(after)
    changed = [f"{name}={new[name]}" for name in sorted(new) if new[name] != old.get(name)]
    gone = [f"without {name}" for name in sorted(set(old) - set(new))]
    calls = [line for line in after.asked if line not in before.asked and "Submit" not in line]
    left = [f"without {line}" for line in before.asked if line not in after.asked]
    return "; ".join((changed + gone) or calls or left or ["the output"])


def _parameters(seen: Seen) -> dict[str, str]:
    """Return the parameters of all opcodes that were submitted, as text."""
    found = {}
    for line in seen.asked:
        method, args, *_ = json.loads(line)
        if method.startswith("Submit"):
            jobs = args[0] if method == "SubmitManyJobs" else [args[0]]
            for op in (one for job in jobs for one in job):
                rest = {key: value for key, value in op.items() if key != "reason"}
                found.update({f"{op['OP_ID']}.{k}": json.dumps(v) for k, v in rest.items()})
    return found


def effects() -> dict[str, str]:
    """Return what each option changes, by row; those without an effect are left out."""
    with tempfile.TemporaryDirectory() as top:
        root = furnished(Path(top))
        found = {case.row: effect(case, root) for case in cases()}
        return {row: seen for row, seen in found.items() if seen is not None}


def furnished(top: Path) -> str:
    """Return the directory of a node below *top*, with the files that lines name."""
    root = top / "node1"
    (root / "var/lib/ganeti").mkdir(parents=True)
    files = root / "files"
    files.mkdir()
    instance = {"name": "web", "disk_template": "diskless", "os": "dummy"}
    (files / "tags").write_text("red\n", "ascii")
    (files / "batch.json").write_text(json.dumps([instance]), "ascii")
    op = {"OP_ID": "OP_CLUSTER_REDIST_CONF"}
    (files / "job.json").write_text(json.dumps([op]), "ascii")
    return str(root)


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

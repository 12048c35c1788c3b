"""What the reference answered to the same calls, and how answers of ours are compared with that.

A record says which release answered and when. Answers are compared in shape throughout, and in
value wherever that depends on neither time nor chance: what `VARYING` names is only compared in
shape; identifiers, addresses and the directory of the cluster stand for any others, and texts for
people are ours.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

Row = dict[str, Any]


@attrs.frozen
class Record:
    """The calls of one recording: its *release*, the *date*, and a row a call."""

    release: str
    date: str
    calls: list[Row]

    @classmethod
    def read(cls, path: Path) -> "Record":
        """Return the record in the file *path*."""
        return cls(**json.loads(path.read_text("utf-8")))


_ALIKE: Final = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}"), "MAC"),
    (re.compile(r"/tmp/[^ ]*/node\d\.example\.com(?=/)"), ""),
    (re.compile(r"127\.\d+\.\d+\.\d+|198\.51\.101\.\d+"), "ADDRESS"),
)
"""What stands in texts and differs from one cluster to the next."""

VARYING: Final = re.compile(
    r"(^|\.)("
    r"[cm]time|uuid|.*uuids?|uuid_.*|[a-z]+_ts|op(start|exec|end)|timestamp|watermark|serial_no"
    r"|mac_prefix|map|network_port|port|bootid|[dm](total|free)|mnode|c(nos|nodes|total|sockets)"
    r"|jobs\.\d+\.1|software_version|vcs_version|doc|reason|reason_trail"
    r")(\.|$)"
)
"""Parts of paths whose values depend on time, chance, or the machine."""


@attrs.frozen
class Comparison:
    """Compares answers; *known* are the differences that are meant: where, and why.

    Each of them must be there; those that are *pending* may come to an end.
    """

    known: Mapping[str, str]
    pending: Mapping[str, str] = {}
    seen: set[str] = attrs.field(factory=set)

    def differences(self, record: Record, ours: list[Row]) -> list[str]:
        """Return a line for each difference of *ours* that is not meant."""
        found = [
            f"{ref['call']}: {line}"
            for ref, own in zip(record.calls, ours, strict=True)
            for line in self._row(ref, own)
        ]
        unused = sorted(set(self.known) - self.seen)
        return found + [f"{path}: a difference that is meant, but there is none" for path in unused]

    def _row(self, ref: Row, own: Row) -> Iterator[str]:
        if ref["call"] != own["call"]:
            yield f"ours is {own['call']}"
            return
        for line in (*_same(ref, own), *different(ref["answer"], own["answer"])):
            where = f"{ref['call']}{line.partition(':')[0]}"
            meant = [path for path in (*self.known, *self.pending) if re.fullmatch(path, where)]
            self.seen.update(meant)
            if not meant:
                yield line


def _same(ref: Row, own: Row) -> Iterator[str]:
    for key in ("outcome", "job"):
        if ref[key] != own[key]:
            yield f" {key}: {own[key]!r}, the reference {ref[key]!r}"


def different(ref: Any, own: Any, path: str = "") -> Iterator[str]:
    """Yield where the answer *own* differs from *ref*: a path, what is there, what should be."""
    if isinstance(ref, dict) and isinstance(own, dict):
        yield from _different_objects(ref, own, path)
    elif isinstance(ref, list) and isinstance(own, list):
        yield from _different_lists(ref, own, path)
    elif isinstance(ref, str) and isinstance(own, str):
        if not _alike(ref, own) and not VARYING.search(path):
            yield f"{path}: {_short(own)}, the reference {_short(ref)}"
    elif _kind(ref) != _kind(own):
        if ref is None or own is None or not VARYING.search(path):
            yield f"{path}: {_short(own)}, the reference {_short(ref)}"
    elif ref != own and not VARYING.search(path):
        yield f"{path}: {_short(own)}, the reference {_short(ref)}"


def _alike(ref: str, own: str) -> bool:
    """Whether texts are the same, or both are sentences."""
    for pattern, name in _ALIKE:
        ref, own = pattern.sub(name, ref), pattern.sub(name, own)
    return ref == own or (" " in ref and " " in own)


def _different_objects(ref: Row, own: Row, path: str) -> Iterator[str]:
    """Yield differences of objects; ours may have more keys."""
    for key in ref:
        if key in own:
            yield from different(ref[key], own[key], f"{path}.{key}")
        else:
            yield f"{path}.{key}: missing"


def _different_lists(ref: list[Any], own: list[Any], path: str) -> Iterator[str]:
    if len(ref) != len(own) and not VARYING.search(path):
        yield f"{path}: {len(own)} items, the reference {len(ref)}"
    for number, (one, other) in enumerate(zip(ref, own, strict=False)):
        yield from different(one, other, f"{path}.{number}")


def _kind(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(type(value))
    return "number" if isinstance(value, int | float) else str(type(value))


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) < 100 else f"{text[:100]}..."

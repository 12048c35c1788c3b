"""Opcodes that ended in success, and hooks that ran: what the other walks have set off."""

from collections.abc import Iterator

from ganetix_test import spec
from ganetix_test.parity.place import Place


def opcodes() -> Iterator[str]:
    """Yield all opcodes."""
    for row in spec.load("opcodes")["opcodes"]:
        yield row["id"]


def hooks() -> Iterator[str]:
    """Yield the opcodes that have hooks."""
    for row in spec.load("opcodes")["opcodes"]:
        if row["hooks"]:
            yield row["id"]


def succeeded(place: Place) -> Iterator[str]:
    """Yield the opcodes that a job of this cluster has done."""
    found = set()
    for ops, states in place.client.call("QueryJobs", [], ["ops", "opstatus"]):
        found |= {op["OP_ID"] for op, state in zip(ops, states, strict=True) if state == "success"}
    yield from sorted(found & set(opcodes()))


def hooked(place: Place) -> Iterator[str]:
    """Yield the opcodes whose hooks ran before and after."""
    yield from sorted(place.hooked() & set(hooks()))

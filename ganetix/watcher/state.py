"""What the watcher of a group remembers from one run to the next; pure values and their file."""

import json
import math
from collections.abc import Mapping
from typing import Any, Final

import attrs

KEEP: Final = 8 * 3600
"""Seconds after its last try for which an instance's tries count."""


@attrs.frozen
class Tries:
    """How often something was tried, and when last (seconds since the epoch)."""

    count: int = 0
    when: float = 0.0


NONE: Final = Tries()


@attrs.frozen
class State:
    """*restarts* and *cleanups* are by instance, *boot_ids* by node."""

    restarts: Mapping[str, Tries] = attrs.field(factory=dict)
    cleanups: Mapping[str, Tries] = attrs.field(factory=dict)
    boot_ids: Mapping[str, str] = attrs.field(factory=dict)

    def restarted(self, name: str, now: float) -> "State":
        """Return the state after one more try to start instance *name*."""
        return attrs.evolve(self, restarts=_more(self.restarts, name, now))

    def cleaned(self, name: str, now: float) -> "State":
        """Return the state after one more try to note that the user stopped instance *name*."""
        return attrs.evolve(self, cleanups=_more(self.cleanups, name, now))

    def booted(self, boot_ids: Mapping[str, str]) -> "State":
        """Return the state that knows *boot_ids* too."""
        return attrs.evolve(self, boot_ids={**self.boot_ids, **boot_ids})

    def without(self, names: frozenset[str]) -> "State":
        """Return the state that has forgotten the tries of the instances *names*."""
        return attrs.evolve(
            self,
            restarts={name: one for name, one in self.restarts.items() if name not in names},
            cleanups={name: one for name, one in self.cleanups.items() if name not in names},
        )


def _more(tries: Mapping[str, Tries], name: str, now: float) -> Mapping[str, Tries]:
    return {**tries, name: Tries(tries.get(name, NONE).count + 1, now)}


def decode(text: bytes, now: float) -> State:
    """Return the state in the file's *text*, without tries older than `KEEP`.

    Raise `ValueError` if it is no state file.
    """
    found = json.loads(text)
    instances, nodes = _objects(found, "instance"), _objects(found, "node")
    return State(
        _tries(instances, "restart", now),
        _tries(instances, "cleanup", now),
        {name: str(row["bootid"]) for name, row in nodes.items() if row.get("bootid")},
    )


def _objects(found: Any, key: str) -> Mapping[str, Mapping[str, Any]]:
    rows = found.get(key, {}) if isinstance(found, dict) else None
    if isinstance(rows, dict) and all(isinstance(row, dict) for row in rows.values()):
        return rows
    raise ValueError(f"'{key}' is no object of objects")


def _tries(rows: Mapping[str, Mapping[str, Any]], what: str, now: float) -> Mapping[str, Tries]:
    found = {}
    for name, row in rows.items():
        count, when = row.get(f"{what}_count", 0), row.get(f"{what}_when", 0)
        if not (isinstance(count, int) and isinstance(when, int | float) and math.isfinite(when)):
            raise ValueError(f"the tries of '{name}' are no numbers")
        if count > 0 and now - KEEP <= when:
            # A clock that was set back must not keep an instance down for longer than KEEP.
            found[name] = Tries(count, min(when, now))
    return found


def encode(state: State) -> bytes:
    """Return the text of the file that holds *state*."""
    instances: dict[str, dict[str, float]] = {}
    for what, tries in (("restart", state.restarts), ("cleanup", state.cleanups)):
        for name, one in tries.items():
            row = instances.setdefault(name, {})
            row[f"{what}_count"], row[f"{what}_when"] = one.count, one.when
    nodes = {name: {"bootid": boot_id} for name, boot_id in state.boot_ids.items()}
    return f"{json.dumps({'instance': instances, 'node': nodes}, sort_keys=True)}\n".encode()

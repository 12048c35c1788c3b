"""The locks of one owner, from the acquire on: what it holds, and giving back some of it early."""

from collections.abc import Callable, Iterable, Sequence

import attrs

from ganetix import errors
from ganetix.master.locks.levels import Lock, Strength, index, intent, name
from ganetix.master.locks.table import Owner, Table
from ganetix.master.logic.unit import Level, Mode

GivenBack = Callable[["Held", Iterable[int], Sequence[Owner]], None]
"""Told by a handle: levels where it gave something back, and who got a lock by that."""


@attrs.define(eq=False)
class Held:
    """What one owner holds; `Locks.acquire` returns it.

    *whole* has the keys of each level whose set lock is held, as they were when it was taken.
    *over* is set once everything was given back for good.
    """

    owner: Owner
    priority: int
    _table: Table
    _given_back: GivenBack
    locks: dict[Lock, Strength] = attrs.field(factory=dict, init=False)
    whole: dict[int, frozenset[str]] = attrs.field(factory=dict, init=False)
    over: bool = attrs.field(default=False, init=False)

    def owned(self, level: Level) -> frozenset[str]:
        """The keys held at *level*; for a whole level those that it had when it was taken."""
        at = index(level)
        return self.whole.get(at, frozenset()) | {k for a, k in self.locks if a == at and k}

    def release(self, level: Level, keys: Iterable[str] | None = None) -> None:
        """Give back *keys* of *level* (None: all); keys that are not held are passed over."""
        at, mine = index(level), self.owned(level)
        gone = mine if keys is None else mine.intersection(keys)
        if keys is not None and not gone:
            return
        if gone != mine:
            self._split(at)
        self.whole.pop(at, None)
        granted: list[Owner] = []
        for lock in [lock for lock in self.locks if lock[0] == at and lock[1] in gone]:
            del self.locks[lock]
            granted += self._table.release(self.owner, lock)
        granted += self._narrow(at)
        self._given_back(self, (at,), granted)

    def downgrade(self, level: Level, keys: Iterable[str] | None = None) -> None:
        """Hold *keys* of *level* (None: all) only shared from now on."""
        at, mine = index(level), self.owned(level)
        some = mine if keys is None else mine.intersection(keys)
        if keys is not None and not some:
            return
        if some != mine and self.locks.get((at, "")) == "exclusive":
            self._split(at)
        granted: list[Owner] = []
        for lock in [lock for lock in self.locks if lock[0] == at and lock[1] in some]:
            granted += self._weaken(lock, "shared")
        if self.locks.get((at, "")) == "exclusive":
            granted += self._weaken((at, ""), "shared")
        granted += self._narrow(at)
        self._given_back(self, (at,), granted)

    def release_all(self) -> None:
        """Give back everything; the owner may acquire again. Doing it twice does no harm."""
        if self.over:
            return
        self.over = True
        granted: list[Owner] = []
        levels = {at for at, _ in self.locks}
        for lock in self.locks:
            granted += self._table.release(self.owner, lock)
        self.locks.clear()
        self.whole.clear()
        self._given_back(self, levels, granted)

    def _split(self, at: int) -> None:
        """Hold every member of a whole level by itself, so that some can be given back."""
        mode: Mode = "exclusive" if self.locks.get((at, "")) == "exclusive" else "shared"
        for key in sorted(self.whole.pop(at, ())):
            lock = (at, key)
            if lock in self.locks:
                continue
            if not self._table.attempt(self.owner, lock, mode, self.priority):
                raise errors.ProgrammerError(f"{name(lock)} is busy below its own set lock.")
            self.locks[lock] = mode

    def _weaken(self, lock: Lock, strength: Strength) -> list[Owner]:
        if self.locks[lock] == strength:
            return []
        self.locks[lock] = strength
        return self._table.weaken(self.owner, lock, strength)

    def _narrow(self, at: int) -> list[Owner]:
        """Hold the set lock no stronger than what is left of the level needs."""
        whole = (at, "")
        if whole not in self.locks:
            return []
        inside = {mode for lock, mode in self.locks.items() if lock[0] == at and lock[1]}
        if not inside and at not in self.whole:
            del self.locks[whole]
            return self._table.release(self.owner, whole)
        exclusive = "exclusive" in inside
        if at not in self.whole:
            return self._weaken(whole, intent("exclusive" if exclusive else "shared"))
        if self.locks[whole] == "shared-intent-exclusive" and not exclusive:
            return self._weaken(whole, "shared")
        return []

"""Who holds which lock and who waits for it: plain state, no time and no Deferreds.

A request for one lock is granted or waits. The queue of a lock is served by priority (the smaller
number first), then by arrival. A waiter whose priority is worse does not pass one whose priority
is better; among equals whoever fits with the holders may pass whoever does not. Each time somebody
who came later gets the lock, those who came earlier and still wait are overtaken; a waiter that
was overtaken `BOUND` times lets nobody else pass, whatever their priority.
"""

from collections.abc import Hashable, Iterable, Mapping
from typing import Final

import attrs

from ganetix import errors
from ganetix.master.locks.levels import COMPATIBLE, Lock, Strength, name

Owner = Hashable

BOUND: Final = 16
"""How often a waiter is overtaken at one lock before nobody passes it any more."""


@attrs.define(eq=False)
class Waiter:
    """One owner in the queue of one lock."""

    owner: Owner
    lock: Lock
    strength: Strength
    priority: int
    arrival: int
    overtaken: int = 0


@attrs.frozen
class Row:
    """One lock for people: *owners* hold it in *mode*; *pending* has mode and owner, in order."""

    name: str
    mode: Strength | None
    owners: tuple[Owner, ...]
    pending: tuple[tuple[Strength, Owner], ...]


@attrs.define(eq=False)
class _State:
    """One lock that somebody holds or waits for. *counts* says how many hold it in each way."""

    owners: dict[Owner, Strength] = attrs.field(factory=dict)
    counts: dict[Strength, int] = attrs.field(factory=dict)
    queue: list[Waiter] = attrs.field(factory=list)

    def fits(self, strength: Strength) -> bool:
        """Whether *strength* can be held beside what is held."""
        return not self.counts or self.counts.keys() <= COMPATIBLE[strength]

    def add(self, owner: Owner, strength: Strength) -> None:
        self.owners[owner] = strength
        self.counts[strength] = self.counts.get(strength, 0) + 1

    def discard(self, owner: Owner) -> None:
        strength = self.owners.pop(owner)
        if self.counts[strength] == 1:
            del self.counts[strength]
        else:
            self.counts[strength] -= 1


@attrs.define(eq=False)
class Table:
    """All locks. Methods that can let waiters in return the owners that got their lock by it."""

    bound: int = BOUND
    _locks: dict[Lock, _State] = attrs.field(factory=dict, init=False)
    _waiting: dict[Owner, Waiter] = attrs.field(factory=dict, init=False)
    _arrivals: int = attrs.field(default=0, init=False)

    def attempt(self, owner: Owner, lock: Lock, strength: Strength, priority: int) -> bool:
        """Take *lock* if it is to be had now, and say whether it was.

        Raise `errors.LockError` if *owner* holds it already.
        """
        state = self._locks.get(lock)
        if state is None:
            state = self._locks[lock] = _State()
        elif owner in state.owners:
            raise errors.LockError(f"{owner} asked for lock {name(lock)}, which it holds.")
        elif state.queue or state.counts:
            if not self._passes(state, strength, priority):
                return False
            for waiter in state.queue:
                waiter.overtaken += 1
        state.add(owner, strength)
        return True

    def free(self, lock: Lock, strength: Strength, priority: int) -> bool:
        """Whether `attempt` would take *lock*."""
        state = self._locks.get(lock)
        return state is None or self._passes(state, strength, priority)

    def _passes(self, state: _State, strength: Strength, priority: int) -> bool:
        """Whether a newcomer gets the lock past the whole queue."""
        return state.fits(strength) and not any(
            waiter.overtaken >= self.bound or waiter.priority < priority for waiter in state.queue
        )

    def request(self, owner: Owner, lock: Lock, strength: Strength, priority: int) -> bool:
        """Take *lock* now and return True, or join its queue and return False.

        An owner waits for one lock at a time: raise `errors.LockError` otherwise.
        """
        if owner in self._waiting:
            raise errors.LockError(f"{owner} asked for lock {name(lock)} while it waits already.")
        if self.attempt(owner, lock, strength, priority):
            return True
        self._arrivals += 1
        waiter = Waiter(owner, lock, strength, priority, self._arrivals)
        self._waiting[owner] = waiter
        self._locks[lock].queue.append(waiter)
        return False

    def release(self, owner: Owner, lock: Lock) -> list[Owner]:
        """Give back *lock*; raise `errors.LockError` if *owner* does not hold it."""
        state = self._held(owner, lock)
        state.discard(owner)
        return self._serve(lock, state)

    def weaken(self, owner: Owner, lock: Lock, strength: Strength) -> list[Owner]:
        """Hold *lock* only as *strength* from now on, which excludes fewer others than before."""
        state = self._held(owner, lock)
        state.discard(owner)
        state.add(owner, strength)
        return self._serve(lock, state)

    def _held(self, owner: Owner, lock: Lock) -> _State:
        state = self._locks.get(lock)
        if state is None or owner not in state.owners:
            raise errors.LockError(f"{owner} gave back lock {name(lock)}, which it does not hold.")
        return state

    def cancel(self, owner: Owner) -> list[Owner]:
        """Leave the queue in which *owner* waits, if any."""
        waiter = self._waiting.pop(owner, None)
        if waiter is None:
            return []
        state = self._locks[waiter.lock]
        state.queue.remove(waiter)
        return self._serve(waiter.lock, state)

    def set_priority(self, owner: Owner, priority: int) -> list[Owner]:
        """Give *owner*'s place in a queue, if it waits, another priority."""
        waiter = self._waiting.get(owner)
        if waiter is None:
            return []
        waiter.priority = priority
        return self._serve(waiter.lock, self._locks[waiter.lock])

    def _serve(self, lock: Lock, state: _State) -> list[Owner]:
        """Let in who may come in now; forget the lock when nobody is left."""
        granted: list[Owner] = []
        if state.queue:
            while (waiter := self._next(state)) is not None:
                self._let_in(state, waiter)
                granted.append(waiter.owner)
        if not state.owners and not state.queue:
            del self._locks[lock]
        return granted

    def _next(self, state: _State) -> Waiter | None:
        """Return the first waiter that fits and passes none that lets nobody pass."""
        firm_from: int | None = None
        best: int | None = None
        for waiter in sorted(state.queue, key=self._turn):
            firm = waiter.overtaken >= self.bound
            behind_firm = firm_from is not None and waiter.arrival > firm_from
            behind_better = not firm and best is not None and waiter.priority > best
            if not behind_firm and not behind_better and state.fits(waiter.strength):
                return waiter
            if firm:
                firm_from = waiter.arrival if firm_from is None else firm_from
            else:
                best = waiter.priority if best is None else best
        return None

    def _turn(self, waiter: Waiter) -> tuple[bool, int, int]:
        firm = waiter.overtaken >= self.bound
        return (not firm, 0 if firm else waiter.priority, waiter.arrival)

    def _let_in(self, state: _State, waiter: Waiter) -> None:
        state.queue.remove(waiter)
        del self._waiting[waiter.owner]
        state.add(waiter.owner, waiter.strength)
        for other in state.queue:
            if other.arrival < waiter.arrival:
                other.overtaken += 1

    def held(self) -> Mapping[Lock, Mapping[Owner, Strength]]:
        """Every lock that is held, with its owners and how they hold it, as it is right now."""
        return {lock: state.owners for lock, state in self._locks.items() if state.owners}

    def rows(self) -> list[Row]:
        """All locks that are held (not only by intent) or waited for, in order."""
        return [row for lock in sorted(self._locks) if (row := self._row(lock)) is not None]

    def _row(self, lock: Lock) -> Row | None:
        state = self._locks[lock]
        owners = {
            owner: _shown(strength)
            for owner, strength in state.owners.items()
            if not strength.startswith("intent")
        }
        if not owners and not state.queue:
            return None
        queue = sorted(state.queue, key=self._turn)
        pending = tuple((waiter.strength, waiter.owner) for waiter in queue)
        return Row(name(lock), _first(owners.values()), tuple(owners), pending)


def _shown(strength: Strength) -> Strength:
    return "shared" if strength == "shared-intent-exclusive" else strength


def _first(strengths: Iterable[Strength]) -> Strength | None:
    return next(iter(strengths), None)

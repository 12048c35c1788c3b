"""Waiting for locks: what the executor uses.

::

    held = await locks.acquire(owner, wants, priority, expand)
    try:
        held.owned("node")                  # keys held at a level
        held.release("node", {uuid})        # some before the end
        held.downgrade("instance")          # exclusive becomes shared
    finally:
        held.release_all()

*owner* is anything hashable that is the same for one holder at one time (an opcode of a job); it
is what `Locks.rows` shows. An owner acquires once, everything that it wants; to want something
else it gives back everything and acquires again. *wants* are taken in the order of
`ganetix.master.locks.levels`, whatever order they come in. *expand* gives the keys that a level
has now; it is called when the locks of that level are taken, and only for `ALL`.

Cancelling an acquire (wrap it: ``Deferred.fromCoroutine(locks.acquire(...))``) leaves nothing
behind. Nothing here yields to the reactor unless it has to wait: an acquire without contention is
a few dictionary operations. Whoever got a lock by a release runs after the release is complete.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence

import attrs
from twisted.internet.defer import Deferred

from ganetix import errors
from ganetix.master.locks.held import Held
from ganetix.master.locks.levels import LEVELS, LevelWant, Lock, Strength, in_order
from ganetix.master.locks.table import Owner, Row, Table
from ganetix.master.logic.unit import ALL, Level, Want

Expand = Callable[[Level], Collection[str]]


@attrs.define(eq=False)
class Locks:
    """The locks of the cluster."""

    table: Table = attrs.field(factory=Table)
    _held: dict[Owner, Held] = attrs.field(factory=dict, init=False)
    _queued: dict[Owner, Deferred[None]] = attrs.field(factory=dict, init=False)
    _watching: dict[Owner, tuple[int, Strength, Deferred[None]]] = attrs.field(
        factory=dict, init=False
    )
    _ready: deque[Deferred[None]] = attrs.field(factory=deque, init=False)
    _waking: bool = attrs.field(default=False, init=False)

    async def acquire(
        self, owner: Owner, wants: Sequence[Want], priority: int, expand: Expand
    ) -> Held:
        """Take all of *wants* for *owner*, waiting where somebody else holds them.

        *priority*: the smaller number is served first. Raise `errors.LockError` if *owner* holds
        or waits for locks already.
        """
        if owner in self._held:
            raise errors.LockError(f"{owner} holds locks or waits for them already.")
        held = self._held[owner] = Held(owner, priority, self.table, self._given_back)
        try:
            for want in in_order(wants):
                await self._take_level(held, want, expand)
        except BaseException:
            held.release_all()
            raise
        return held

    async def _take_level(self, held: Held, want: LevelWant, expand: Expand) -> None:
        if want.set_strength is not None:
            await self._take(held, (want.at, ""), want.set_strength)
        for key, mode in want.members:
            await self._take(held, (want.at, key), mode)
        if want.opportunistic is not None:
            await self._take_chances(held, want.at, want.opportunistic, expand)
        elif want.set_strength is not None and not want.set_strength.startswith("intent"):
            held.whole[want.at] = frozenset(expand(LEVELS[want.at]))

    async def _take(self, held: Held, lock: Lock, strength: Strength) -> None:
        if not self.table.request(held.owner, lock, strength, held.priority):
            await self._turn(held.owner, lock)
        held.locks[lock] = strength

    def _turn(self, owner: Owner, lock: Lock) -> Deferred[None]:
        """Fire when *lock* is *owner*'s; a cancel leaves the queue, or gives the lock back."""

        def leave(_: Deferred[None]) -> None:
            if self._queued.pop(owner, None) is not None:
                self._settle([lock[0]], self.table.cancel(owner))
            else:
                self._settle([lock[0]], self.table.release(owner, lock))

        done = self._queued[owner] = Deferred(leave)
        return done

    async def _take_chances(self, held: Held, at: int, want: Want, expand: Expand) -> None:
        """Take those of *want* that are free now, at least as many as it says.

        While too few are free nothing of the level is held but the intent, so that waiting for
        any of them can't be part of a circle. After some rounds without luck they are waited for
        one by one, in order.
        """

        def keys() -> list[str]:
            return sorted(expand(LEVELS[at]) if ALL in want.keys else set(want.keys))

        for _ in range(self.table.bound):
            wanted = keys()
            free = [k for k in wanted if self.table.free((at, k), want.mode, held.priority)]
            if len(free) >= min(want.at_least, len(wanted)):
                return await self._take_enough(held, at, free, want)
            await self._change_at(held.owner, at, want.mode)
        await self._take_enough(held, at, keys(), want)

    async def _take_enough(self, held: Held, at: int, keys: list[str], want: Want) -> None:
        """Take *keys* in order; a busy one is left out while enough others follow."""
        missing = min(want.at_least, len(keys))
        for position, key in enumerate(keys):
            spare = len(keys) - position > missing
            if spare and not self.table.free((at, key), want.mode, held.priority):
                continue
            await self._take(held, (at, key), want.mode)
            missing -= 1

    def _change_at(self, owner: Owner, at: int, mode: Strength) -> Deferred[None]:
        """Fire when somebody gave back something at level *at*."""

        def leave(_: Deferred[None]) -> None:
            self._watching.pop(owner, None)

        done: Deferred[None] = Deferred(leave)
        self._watching[owner] = (at, mode, done)
        return done

    def _given_back(self, held: Held, levels: Iterable[int], granted: Sequence[Owner]) -> None:
        if held.over:
            del self._held[held.owner]
        self._settle(levels, granted)

    def _settle(self, levels: Iterable[int], granted: Sequence[Owner]) -> None:
        """Let those run who were *granted* a lock, and who watch for a chance at *levels*."""
        self._ready.extend(self._queued.pop(owner) for owner in granted)
        if self._watching:
            where = set(levels)
            chances = [owner for owner, watch in self._watching.items() if watch[0] in where]
            self._ready.extend(self._watching.pop(owner)[2] for owner in chances)
        self._wake()

    def _wake(self) -> None:
        """Fire what is ready; one after the other, however deep this is called from a callback."""
        if self._waking:
            return
        self._waking = True
        try:
            while self._ready:
                done = self._ready.popleft()
                if not done.called:
                    done.callback(None)
        finally:
            self._waking = False

    def change_priority(self, owner: Owner, priority: int) -> None:
        """Serve *owner* with *priority* from now on, if it waits; nothing if it does not."""
        held = self._held.get(owner)
        if held is not None:
            held.priority = priority
            self._settle((), self.table.set_priority(owner, priority))

    def rows(self) -> list[Row]:
        """All locks that somebody holds or waits for, for ``gnt-debug locks``.

        Who watches for a chance at a level is pending at its set lock.
        """
        rows = {row.name: row for row in self.table.rows()}
        for owner, (at, mode, _) in self._watching.items():
            lock = f"{LEVELS[at]}/{ALL}"
            row = rows.get(lock) or Row(lock, None, (), ())
            rows[lock] = attrs.evolve(row, pending=(*row.pending, (mode, owner)))
        return list(rows.values())

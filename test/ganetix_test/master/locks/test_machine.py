"""Arbitrary histories of locks: the promises that hold in all of them."""

from collections.abc import Sequence

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from ganetix.master.locks.held import Held
from ganetix.master.locks.levels import COMPATIBLE, LEVELS, Lock, Strength
from ganetix.master.locks.table import Table
from ganetix.master.locks.waiter import Locks
from ganetix.master.logic.unit import ALL, Level, Mode, Want

KEYS = ("a", "b", "c")
BOUND = 1
OWNERS = range(8)
SETTINGS = settings(
    max_examples=200,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)

modes = st.sampled_from(("shared", "exclusive"))
priorities = st.sampled_from((-10, 0, 10))
some_keys = st.lists(st.sampled_from((*KEYS, ALL)), min_size=1, max_size=3).map(tuple)
plain = st.builds(Want, st.sampled_from(LEVELS[:3]), some_keys, modes)
chance = st.builds(
    Want,
    st.just("node"),
    st.lists(st.sampled_from((*KEYS, ALL)), min_size=1, max_size=2).map(tuple),
    modes,
    st.just(True),
    st.integers(1, 3),
)
some_wants = st.tuples(st.lists(plain, max_size=3), st.lists(chance, max_size=1)).map(
    lambda pair: [*pair[0], *pair[1]]
)


def expand(_: Level) -> Sequence[str]:
    """Every level has the same three objects."""
    return KEYS


class QueueMachine(RuleBasedStateMachine):
    """One lock of the table: exclusion and bounded overtaking, counted from outside."""

    LOCK: Lock = (1, "a")

    def __init__(self) -> None:
        super().__init__()
        self.table = Table(bound=BOUND)
        self.holding: dict[int, Strength] = {}
        self.waiting: dict[int, Strength] = {}
        """In the order of arrival."""
        self.overtaken: dict[int, int] = {}

    def came_in(self, owner: int, strength: Strength, before: Sequence[int]) -> None:
        """Note that *owner* got the lock, past those who came *before* it."""
        for other in before:
            self.overtaken[other] += 1
        for other, held in self.holding.items():
            assert held in COMPATIBLE[strength], (owner, strength, other, held)
        self.holding[owner] = strength

    def let_in(self, granted: Sequence[object]) -> None:
        """Note that the table let waiters in."""
        for owner in granted:
            assert isinstance(owner, int)
            before = list(self.waiting)[: list(self.waiting).index(owner)]
            self.came_in(owner, self.waiting.pop(owner), before)

    @precondition(lambda self: len(self.holding) + len(self.waiting) < len(OWNERS))
    @rule(data=st.data(), mode=modes, priority=priorities)
    def request(self, data: st.DataObject, mode: Mode, priority: int) -> None:
        """Somebody new wants the lock."""
        busy = self.holding.keys() | self.waiting.keys()
        owner = data.draw(st.sampled_from([owner for owner in OWNERS if owner not in busy]))
        if self.table.request(owner, self.LOCK, mode, priority):
            self.came_in(owner, mode, list(self.waiting))
        else:
            self.waiting[owner] = mode
            self.overtaken[owner] = 0

    @precondition(lambda self: self.holding)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        """An owner gives it back."""
        owner = data.draw(st.sampled_from(sorted(self.holding)))
        del self.holding[owner]
        self.let_in(self.table.release(owner, self.LOCK))

    @precondition(lambda self: self.holding)
    @rule(data=st.data())
    def weaken(self, data: st.DataObject) -> None:
        """An owner holds it shared from now on."""
        owner = data.draw(st.sampled_from(sorted(self.holding)))
        self.holding[owner] = "shared"
        self.let_in(self.table.weaken(owner, self.LOCK, "shared"))

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """A waiter gives up."""
        owner = data.draw(st.sampled_from(sorted(self.waiting)))
        del self.waiting[owner]
        self.let_in(self.table.cancel(owner))

    @rule(owner=st.sampled_from(OWNERS), priority=priorities)
    def reprioritise(self, owner: int, priority: int) -> None:
        """Somebody's priority changes."""
        self.let_in(self.table.set_priority(owner, priority))

    @invariant()
    def bounded(self) -> None:
        """No waiter was overtaken more often than the bound."""
        assert all(self.overtaken[owner] <= BOUND for owner in self.waiting), self.overtaken

    @invariant()
    def nobody_waits_for_nothing(self) -> None:
        """While somebody waits somebody holds, and the table agrees with what it said."""
        assert self.holding or not self.waiting
        assert self.table.held() == ({self.LOCK: self.holding} if self.holding else {})
        assert bool(self.table.rows()) == bool(self.holding or self.waiting)


class LocksMachine(RuleBasedStateMachine):
    """Whole acquires over three levels: exclusion below set locks, no circle, nothing left."""

    def __init__(self) -> None:
        super().__init__()
        self.locks = Locks(Table(bound=BOUND))
        self.pending: dict[int, Deferred[Held]] = {}
        self.held: dict[int, Held] = {}
        self.ended: list[Deferred[None]] = []

    @precondition(lambda self: len(self.pending) + len(self.held) < len(OWNERS))
    @rule(data=st.data(), wants=some_wants, priority=priorities)
    def acquire(self, data: st.DataObject, wants: list[Want], priority: int) -> None:
        """An owner begins to acquire."""
        busy = self.pending.keys() | self.held.keys()
        owner = data.draw(st.sampled_from([owner for owner in OWNERS if owner not in busy]))

        def got(result: Held | Failure) -> None:
            self.pending.pop(owner, None)
            if isinstance(result, Failure):
                result.trap(CancelledError)
            else:
                self.held[owner] = result

        done = Deferred.fromCoroutine(self.locks.acquire(owner, wants, priority, expand))
        self.pending[owner] = done
        self.ended.append(done.addBoth(got))

    @precondition(lambda self: self.pending)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """An owner stops waiting."""
        self.pending[data.draw(st.sampled_from(sorted(self.pending)))].cancel()

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release_all(self, data: st.DataObject) -> None:
        """An owner is done."""
        self.held.pop(data.draw(st.sampled_from(sorted(self.held)))).release_all()

    @precondition(lambda self: self.held)
    @rule(data=st.data(), level=st.sampled_from(LEVELS[:4]), keys=st.none() | some_keys)
    def release_some(self, data: st.DataObject, level: Level, keys: Sequence[str] | None) -> None:
        """An owner gives back some of a level, and keeps the rest."""
        held = self.held[data.draw(st.sampled_from(sorted(self.held)))]
        before = held.owned(level)
        held.release(level, keys)
        assert held.owned(level) == (before.difference(keys) if keys is not None else frozenset())

    @precondition(lambda self: self.held)
    @rule(data=st.data(), level=st.sampled_from(LEVELS[:4]), keys=st.none() | some_keys)
    def downgrade(self, data: st.DataObject, level: Level, keys: Sequence[str] | None) -> None:
        """An owner shares what it held alone, and keeps it."""
        held = self.held[data.draw(st.sampled_from(sorted(self.held)))]
        before = held.owned(level)
        held.downgrade(level, keys)
        assert held.owned(level) == before

    @rule(owner=st.sampled_from(OWNERS), priority=priorities)
    def change_priority(self, owner: int, priority: int) -> None:
        """A job's priority changes."""
        self.locks.change_priority(owner, priority)

    @invariant()
    def exclusive_is_alone(self) -> None:
        """Seen through set locks and members alike, nobody shares what somebody holds alone."""
        for at in range(len(LEVELS)):
            for key in KEYS:
                users = [mode for held in self.held.values() if (mode := _effective(held, at, key))]
                assert "exclusive" not in users or len(users) == 1, (at, key, self.locks.rows())

    @invariant()
    def no_circle(self) -> None:
        """Whoever waits, waits in the end for somebody who has all that it wants."""
        assert self.held or not self.pending, self.locks.rows()

    def teardown(self) -> None:
        """When everybody finishes or gives up, nothing is left."""
        while self.held:
            self.held.popitem()[1].release_all()
        assert not self.pending
        assert all(done.called and done.result is None for done in self.ended)
        assert self.locks.rows() == []
        assert not self.locks.table.held()


def _effective(held: Held, at: int, key: str) -> Strength | None:
    """Return how *held* has *key*, by itself or with the whole level."""
    whole = held.locks.get((at, ""))
    if whole in {"exclusive", "shared"} or (at, key) in held.locks:
        return "exclusive" if whole == "exclusive" else held.locks.get((at, key), "shared")
    return "shared" if whole == "shared-intent-exclusive" else None


class MachineTests(SynchronousTestCase):
    """Hypothesis plays the machines."""

    def test_queue(self) -> None:
        """One lock: exclusion, bounded overtaking, nobody waits for nothing."""
        run_state_machine_as_test(QueueMachine, settings=SETTINGS)

    def test_locks(self) -> None:
        """Many locks: exclusion through set locks, no deadlock, nothing left behind."""
        run_state_machine_as_test(LocksMachine, settings=SETTINGS)

"""Acquiring, waiting, cancelling, giving back."""

from collections.abc import Sequence

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.master.locks.held import Held
from ganetix.master.locks.table import Row, Table
from ganetix.master.locks.waiter import Locks
from ganetix.master.logic.unit import ALL, BGL_EXCLUSIVE, BGL_SHARED, Level, Want

NODES = ("n1", "n2", "n3")


def expand(level: Level) -> Sequence[str]:
    """Three nodes, and nothing else."""
    return NODES if level == "node" else ()


class LockCase(SynchronousTestCase):
    """A fresh set of locks."""

    def setUp(self) -> None:
        """No locks held."""
        self.locks = Locks(Table(bound=3))

    def start(self, owner: object, *wants: Want, priority: int = 0) -> "Deferred[Held]":
        """Begin to acquire."""
        return Deferred.fromCoroutine(self.locks.acquire(owner, wants, priority, expand))

    def take(self, owner: object, *wants: Want, priority: int = 0) -> Held:
        """Acquire without having to wait."""
        return self.successResultOf(self.start(owner, *wants, priority=priority))

    def assert_empty(self) -> None:
        """Nothing is held or waited for."""
        self.assertEqual(self.locks.rows(), [])
        self.assertFalse(self.locks.table.held())


class AcquireTests(LockCase):
    """Who gets a lock and who waits."""

    def test_shared_together(self) -> None:
        """Shared owners do not wait for each other; an exclusive one waits for all of them."""
        one, two = self.take(1, BGL_SHARED), self.take(2, BGL_SHARED)
        three = self.start(3, BGL_EXCLUSIVE)
        one.release_all()
        self.assertNoResult(three)
        two.release_all()
        self.successResultOf(three).release_all()
        self.assert_empty()

    def test_set_lock_waits_for_members(self) -> None:
        """All of a level can't be had while somebody has one of it exclusively, nor the reverse."""
        one = self.take(1, Want("node", ("n1",)))
        whole = self.start(2, Want("node", (ALL,), "shared"))
        self.assertNoResult(whole)
        one.release_all()
        held = self.successResultOf(whole)
        self.assertEqual(held.owned("node"), frozenset(NODES))
        self.take(3, Want("node", ("n2",), "shared"))
        self.assertNoResult(self.start(4, Want("node", ("n9",))))

    def test_twice_is_refused(self) -> None:
        """An owner that holds locks can't acquire more: that could wait in a circle."""
        held = self.take(1, BGL_SHARED)
        self.failureResultOf(self.start(1, Want("node", ("n1",))), errors.LockError)
        held.release_all()
        self.take(1, Want("node", ("n1",)))

    def test_priority(self) -> None:
        """The smaller number is served first, and a changed priority counts at once."""
        held = self.take(0, Want("instance", ("i",)))
        late, urgent = (
            self.start(1, Want("instance", ("i",)), priority=0),
            self.start(2, Want("instance", ("i",)), priority=-10),
        )
        raised = self.start(3, Want("instance", ("i",)), priority=10)
        self.locks.change_priority(3, -20)
        held.release_all()
        self.successResultOf(raised).release_all()
        self.assertNoResult(late)
        self.successResultOf(urgent).release_all()
        self.successResultOf(late)

    def test_many_waiters_do_not_recurse(self) -> None:
        """A thousand owners that pass a lock on at once do not exhaust the stack."""
        held = self.take("first", BGL_EXCLUSIVE)

        async def brief(owner: int) -> None:
            (await self.locks.acquire(owner, [BGL_EXCLUSIVE], 0, expand)).release_all()

        running = [Deferred.fromCoroutine(brief(owner)) for owner in range(1000)]
        held.release_all()
        for done in running:
            self.successResultOf(done)
        self.assert_empty()


class CancelTests(LockCase):
    """A cancel leaves nothing behind."""

    def test_while_waiting(self) -> None:
        """What was taken before the wait is given back, and those behind move up."""
        held = self.take(1, Want("node", ("n2",), "shared"))
        waiting = self.start(2, Want("node", ("n1", "n2")))
        behind = self.start(3, Want("node", ("n1",)))
        waiting.cancel()
        self.failureResultOf(waiting, CancelledError)
        self.successResultOf(behind).release_all()
        held.release_all()
        self.assert_empty()

    def test_between_grant_and_wake(self) -> None:
        """Somebody who is cancelled after the lock became theirs, before they ran, has not got it.

        The first of two woken owners cancels the second.
        """
        held = self.take(0, BGL_EXCLUSIVE)
        first = self.start(1, BGL_SHARED)
        second = self.start(2, BGL_SHARED)

        def cancel_second(got: Held) -> None:
            second.cancel()
            got.release_all()

        done = first.addCallback(cancel_second)
        held.release_all()
        self.successResultOf(done)
        self.failureResultOf(second, CancelledError)
        self.assert_empty()

    def test_while_watching(self) -> None:
        """A cancelled wait for a chance gives back its intent."""
        held = self.take(1, Want("node", (ALL,), "exclusive"))
        held.release("node", {"n1"})
        chance = self.start(2, Want("node", ("n2",), opportunistic=True))
        self.assertNoResult(chance)
        chance.cancel()
        self.failureResultOf(chance, CancelledError)
        held.release_all()
        self.assert_empty()


class ChanceTests(LockCase):
    """Opportunistic acquisition."""

    def chance(self, owner: object, at_least: int) -> "Deferred[Held]":
        """Want those of the nodes that are free."""
        return self.start(owner, Want("node", (ALL,), opportunistic=True, at_least=at_least))

    def test_takes_what_is_free(self) -> None:
        """Busy nodes are left out while enough are free."""
        self.take(1, Want("node", ("n2",)))
        held = self.successResultOf(self.chance(2, 2))
        self.assertEqual(held.owned("node"), {"n1", "n3"})

    def test_waits_for_enough(self) -> None:
        """With too few free it holds none of them, and goes on when enough came back."""
        one, two = self.take(1, Want("node", ("n1",))), self.take(2, Want("node", ("n2",)))
        waiting = self.chance(3, 2)
        self.take(4, Want("node", ("n3",))).release_all()
        self.assertNoResult(waiting)
        self.assertIn(Row("node/[lockset]", None, (), (("exclusive", 3),)), self.locks.rows())
        one.release_all()
        self.assertEqual(self.successResultOf(waiting).owned("node"), {"n1", "n3"})
        two.release_all()

    def test_without_luck_it_queues(self) -> None:
        """After as many rounds as the bound says it waits in the queues and gets its turn."""
        held = {name: self.take(name, Want("node", (name,))) for name in NODES}
        waiting = self.chance(9, 2)
        for round_ in range(3):
            held["n1"].release_all()
            self.assertNoResult(waiting)
            if round_ < 2:
                held["n1"] = self.take("n1", Want("node", ("n1",)))
        self.assertEqual(
            [row.pending for row in self.locks.rows() if row.name == "node/n3"],
            [(("exclusive", 9),)],
        )
        held["n3"].release_all()
        self.assertEqual(self.successResultOf(waiting).owned("node"), {"n1", "n3"})

    def test_fewer_than_asked_for(self) -> None:
        """If there are fewer objects than the least, all of them are enough."""
        self.assertEqual(self.successResultOf(self.chance(1, 7)).owned("node"), set(NODES))


class GiveBackTests(LockCase):
    """Giving back some, and holding less."""

    def test_part_of_a_whole_level(self) -> None:
        """Of a whole level some can be given back; the others stay locked."""
        held = self.take(1, Want("node", (ALL,)))
        held.release("node", {"n1"})
        self.assertEqual(held.owned("node"), {"n2", "n3"})
        self.take(2, Want("node", ("n1",)))
        self.assertNoResult(self.start(3, Want("node", ("n2",))))

    def test_unheld_keys(self) -> None:
        """Giving back keys that are not held changes nothing."""
        held = self.take(1, Want("node", ("n1",)))
        held.release("node", {"n2"})
        held.release("instance", {"i"})
        self.assertEqual(held.owned("node"), {"n1"})

    def test_whole_level_of_nothing(self) -> None:
        """A level without objects can be locked, so that none appears, and given back."""
        held = self.take(1, Want("network", (ALL,)))
        new = self.start(2, Want("network", ("w",)))
        held.release("network", {"w"})
        self.assertNoResult(new)
        held.release("network")
        self.successResultOf(new)

    def test_downgrade(self) -> None:
        """A downgraded lock can be shared at once, and its set lock too."""
        held = self.take(1, Want("node", ("n1",)))
        reader = self.start(2, Want("node", ("n1",), "shared"))
        everything = self.start(3, Want("node", (ALL,), "shared"))
        held.downgrade("node")
        self.successResultOf(reader)
        self.successResultOf(everything)
        self.assertNoResult(self.start(4, Want("node", ("n1",))))

    def test_downgrade_of_whole_level(self) -> None:
        """A set lock held exclusively becomes shared, all or in part."""
        held = self.take(1, Want("node", (ALL,)))
        held.downgrade("node", {"n1"})
        self.take(2, Want("node", ("n1",), "shared")).release_all()
        self.assertNoResult(blocked := self.start(3, Want("node", ("n2",), "shared")))
        held.downgrade("node")
        self.successResultOf(blocked)

    def test_after_everything_given_back(self) -> None:
        """Giving back level by level and then all is the same as giving back all."""
        held = self.take(1, BGL_SHARED, Want("node", ("n1",)))
        held.release("cluster")
        held.release("node")
        held.release_all()
        held.release_all()
        self.assert_empty()
        self.take(1, BGL_SHARED)


class RowTests(LockCase):
    """What gnt-debug locks is given."""

    def test_rows(self) -> None:
        """Owners with their mode, waiters in the order in which they will be served."""
        self.take(1, BGL_SHARED, Want("node", (ALL,), "shared"), Want("node", ("n1",)))
        self.assertNoResult(self.start(2, Want("node", ("n1",), "shared"), priority=5))
        self.assertNoResult(self.start(3, Want("node", ("n1",)), priority=-5))
        self.assertEqual(
            self.locks.rows(),
            [
                Row("cluster/BGL", "shared", (1,), ()),
                Row("node/[lockset]", "shared", (1,), (("intent-exclusive", 3),)),
                Row("node/n1", "exclusive", (1,), (("shared", 2),)),
            ],
        )

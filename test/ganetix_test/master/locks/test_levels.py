"""Levels, names and the order in which wants are taken."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.master.locks import levels
from ganetix.master.logic.unit import ALL, BGL_SHARED, Want
from ganetix_test import spec


class LevelTests(SynchronousTestCase):
    """What spec/constants.json says of locks."""

    def test_levels(self) -> None:
        """The levels and their order are those of the reference."""
        locks = spec.load("constants")["locks"]
        self.assertEqual(list(levels.LEVELS), locks["levels"])

    def test_names(self) -> None:
        """Locks are named level/key, and the set lock has the reference's key."""
        locks = spec.load("constants")["locks"]
        self.assertEqual(levels.name((levels.index("node"), "u")), "node/u")
        self.assertEqual(
            levels.name((levels.index("node-res"), "")),
            locks["set_lock"].replace("<level>", "node-res"),
        )

    def test_compatibility_is_mutual(self) -> None:
        """If one strength can be held beside another, the other can be held beside the one."""
        for one, others in levels.COMPATIBLE.items():
            for other in levels.COMPATIBLE:
                self.assertEqual(other in others, one in levels.COMPATIBLE[other], (one, other))


class OrderTests(SynchronousTestCase):
    """Wants become rows in lock order."""

    def test_levels_and_names_sorted(self) -> None:
        """Whatever order wants come in, they are taken by level and then by name."""
        rows = levels.in_order(
            [Want("node", ("b", "a"), "shared"), Want("instance", ("z", "y")), BGL_SHARED]
        )
        self.assertEqual(
            [(row.at, row.set_strength, row.members) for row in rows],
            [
                (0, None, (("BGL", "shared"),)),
                (1, "intent-exclusive", (("y", "exclusive"), ("z", "exclusive"))),
                (3, "intent-shared", (("a", "shared"), ("b", "shared"))),
            ],
        )

    def test_exclusive_wins(self) -> None:
        """A key wanted both ways is wanted exclusively."""
        rows = levels.in_order([Want("node", ("a", "b"), "shared"), Want("node", ("b",))])
        self.assertEqual(rows[0].members, (("a", "shared"), ("b", "exclusive")))
        self.assertEqual(rows[0].set_strength, "intent-exclusive")

    def test_whole_level_covers_members(self) -> None:
        """A set lock makes members of the same mode needless, not exclusive ones below shared."""
        rows = levels.in_order([Want("node", (ALL,), "shared"), Want("node", ("a",), "shared")])
        self.assertEqual((rows[0].set_strength, rows[0].members), ("shared", ()))
        rows = levels.in_order([Want("node", (ALL,), "shared"), Want("node", ("a",))])
        self.assertEqual(rows[0].set_strength, "shared-intent-exclusive")
        self.assertEqual(rows[0].members, (("a", "exclusive"),))
        rows = levels.in_order([Want("node", (ALL,)), Want("node", ("a",))])
        self.assertEqual((rows[0].set_strength, rows[0].members), ("exclusive", ()))

    def test_no_keys_no_lock(self) -> None:
        """A want without keys takes nothing, not even an intent."""
        self.assertEqual(levels.in_order([Want("node", ())]), [])

    def test_opportunistic_stands_alone(self) -> None:
        """An opportunistic want beside others of its level could wait in a circle: refused."""
        self.assertRaises(
            errors.ProgrammerError,
            levels.in_order,
            [Want("node", ("a",)), Want("node", (ALL,), opportunistic=True)],
        )

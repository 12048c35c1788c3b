"""What the errors say beside the fact."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.errors import near

NAMES = ("web1.example.com", "web22.example.com", "mail.example.com", "backup.example.com")


class NearTests(SynchronousTestCase):
    """The name that was most likely meant."""

    def test_one_slip(self) -> None:
        """A letter too many, too few, another one, or two exchanged."""
        for typed in ("maill", "mal", "mall", "amil", "mail.exmaple.com"):
            self.assertEqual(near(typed, NAMES), " Perhaps 'mail.example.com' was meant.", typed)

    def test_nearest(self) -> None:
        """The nearest is named: of several that are as near the one with the same letters."""
        known = ("list", "init", "info", "lists")
        self.assertEqual(near("lsit", known), " Perhaps 'list' was meant.")
        self.assertEqual(near("lis", known), " Perhaps 'list' was meant.")

    def test_nothing_near(self) -> None:
        """Nothing is said about a word that is like none or short, or another number."""
        for typed in ("database", "ma", "", "bkcup", "web3", "mail.example.com"):
            self.assertEqual(near(typed, NAMES), "", typed)


class PlaceTests(SynchronousTestCase):
    """Errors of nodes, where the sentence may not say which."""

    def test_named(self) -> None:
        """The node is named once, by whichever name."""
        told = errors.with_place(errors.StorageError("No space left."), "node1.example.com")
        self.assertIsInstance(told, errors.StorageError)
        self.assertEqual(told.message, "Node node1.example.com: No space left.")
        self.assertIs(errors.with_place(told, "node1.example.com"), told)

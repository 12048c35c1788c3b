"""What every memory of a mastership promises, as one set of tests."""

from collections.abc import Callable

from zope.interface.verify import verifyObject

from ganetix.rpc.interfaces import IMastership
from ganetix.rpc.tables.sessions import MasterInfo
from ganetix.testing.cases import AwaitingTestCase


class _Promises(AwaitingTestCase):
    """The promises of `IMastership`."""

    made: Callable[[AwaitingTestCase], IMastership]

    def setUp(self) -> None:
        """Make one that has obeyed nobody."""
        self.mastership = type(self).made(self)

    def test_interface(self) -> None:
        """It has every method of the interface."""
        self.assertTrue(verifyObject(IMastership, self.mastership))

    def test_nobody(self) -> None:
        """Before the first master the epoch is 0."""
        self.assertEqual(self.mastership.get().epoch, 0)

    def test_raised(self) -> None:
        """The newest master is known by name and epoch."""
        self.awaited(self.mastership.raise_to(2, "node2"))
        self.awaited(self.mastership.raise_to(5, "node1"))
        self.assertEqual(self.mastership.get(), MasterInfo("node1", 5))


def make_mastership_tests(
    made: Callable[[AwaitingTestCase], IMastership],
) -> type[AwaitingTestCase]:
    """Return the tests of `IMastership` for what *made* makes."""
    return type("MastershipTests", (_Promises,), {"made": staticmethod(made)})

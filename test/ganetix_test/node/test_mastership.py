"""The epoch that a node obeys, in a file and in memory."""

from ganetix.node.roles import Mastership
from ganetix.testing.cases import AwaitingTestCase
from ganetix.testing.masterships import make_mastership_tests
from ganetix_test.node.made import make
from ganetix_test.rpc.world import MemoryMastership


def of_node(case: AwaitingTestCase) -> Mastership:
    """Return that of a virtual node."""
    return make(case).services.mastership


class FileTests(make_mastership_tests(of_node)):  # type: ignore[misc]  # made by a function
    """A node's mastership in its file."""


class MemoryTests(make_mastership_tests(lambda _: MemoryMastership())):  # type: ignore[misc]  # made by a function
    """The fake in memory."""

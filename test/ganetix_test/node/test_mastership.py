"""The epoch that a node obeys, in a file and in memory."""

from ganetix.node.roles import Mastership
from ganetix.testing.cases import AwaitingTestCase
from ganetix.testing.masterships import make_mastership_tests
from ganetix_test.node.made import make
from ganetix_test.rpc.world import MemoryMastership


def of_node(case: AwaitingTestCase) -> Mastership:
    """Return that of a virtual node."""
    return make(case).services.mastership


FileTests = make_mastership_tests(of_node)
MemoryTests = make_mastership_tests(lambda _: MemoryMastership())

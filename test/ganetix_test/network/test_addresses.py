"""Which addresses are the machine's own."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix.network.addresses import Addresses, ipv4_addresses, ipv6_addresses
from ganetix.paths import Paths
from ganetix.testing.cases import AwaitingTestCase
from ganetix.testing.workers import InlineWorker
from ganetix.toolkit.files import FileSystem

FIB_TRIE = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
           |-- 127.0.0.1
              /32 host LOCAL
        |-- 127.255.255.255
           /32 link BROADCAST
           |-- 192.0.2.0
              /24 link UNICAST
           |-- 192.0.2.2
              /32 host LOCAL
"""
IF_INET6 = "20010db8000000000000000000000007 02 40 00 80     eth0\n"


class ParsingTests(SynchronousTestCase):
    """The kernel's tables."""

    def test_ipv4(self) -> None:
        """Local addresses are found; networks and broadcast addresses are none."""
        self.assertEqual(ipv4_addresses(FIB_TRIE), {"127.0.0.1", "192.0.2.2"})

    def test_ipv6(self) -> None:
        """Addresses come in their short form."""
        self.assertEqual(ipv6_addresses(IF_INET6), {"2001:db8::7"})


class OwnedTests(AwaitingTestCase):
    """Real and virtual nodes."""

    def addresses(self, root: str) -> Addresses:
        """Return the addresses of a node with *root*."""
        return Addresses(Paths(root, "n"), FileSystem(), InlineWorker(), "127.1.2.3")

    def test_real(self) -> None:
        """A real machine owns its loopback address, and not one of the documentation's."""
        real = self.addresses("")
        self.assertTrue(self.awaited(real.owned("127.0.0.1")))
        self.assertFalse(self.awaited(real.owned("203.0.113.77")))
        self.assertFalse(self.awaited(real.owned("no address")))

    def test_virtual(self) -> None:
        """A virtual node owns the address that its daemons bind, and no other."""
        virtual = self.addresses("/srv/n")
        self.assertTrue(self.awaited(virtual.owned("127.1.2.3")))
        self.assertFalse(self.awaited(virtual.owned("127.0.0.1")))

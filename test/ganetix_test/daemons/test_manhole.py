"""Promises of a daemon's console on a real machine: its alarm, its directory, its socket."""

import os
import signal
import stat

from twisted.internet import reactor as global_reactor
from twisted.internet.interfaces import IReactorUNIX
from twisted.trial.unittest import SynchronousTestCase, TestCase

from ganetix import errors
from ganetix.daemons.manhole import Alarm, ConsoleOptions, Offer, private_directory
from ganetix.luxi.peercred import Allowed, Peer
from ganetix.manhole.console import Console, LineTooLong
from ganetix.manhole.service import ManholeService
from ganetix.manhole.session import ConsoleFactory
from ganetix.toolkit.files import FileSystem


class AlarmTests(SynchronousTestCase):
    """The kernel's timer; the tests ring it themselves."""

    def setUp(self) -> None:
        """Put the process's own handler back afterwards."""
        self.addCleanup(signal.signal, signal.SIGALRM, signal.getsignal(signal.SIGALRM))

    def test_it_rings_in_the_line(self) -> None:
        """The line that takes too long gets the error, in whatever it is doing."""
        alarm = Alarm()
        with self.assertRaises(LineTooLong), alarm.limited():
            signal.raise_signal(signal.SIGALRM)

    def test_it_rings_nowhere_else(self) -> None:
        """A ring that comes after the line, or after one inside another, hits nothing else."""
        alarm = Alarm()
        with alarm.limited():
            pass
        signal.raise_signal(signal.SIGALRM)
        self.assertEqual(signal.getitimer(signal.ITIMER_REAL), (0.0, 0.0))

    def test_limits_nest(self) -> None:
        """The end of an inner step does not end the limit of the line around it."""
        alarm = Alarm()
        with alarm.limited():
            with alarm.limited():
                pass
            self.assertGreater(signal.getitimer(signal.ITIMER_REAL)[0], 0.0)
            with self.assertRaises(LineTooLong):
                signal.raise_signal(signal.SIGALRM)


class DirectoryTests(SynchronousTestCase):
    """The directory of the socket."""

    def test_made_for_us_alone(self) -> None:
        """It is made with mode 0700, and used again."""
        path = self.mktemp()
        for _ in range(2):
            os.close(private_directory(path))
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o700)

    def test_open_to_others_is_refused(self) -> None:
        """Somebody else could put a socket of their own there."""
        path = self.mktemp()
        os.mkdir(path)
        os.chmod(path, 0o770)
        with self.assertRaisesRegex(errors.GenericError, f"rm -r {path}"):
            private_directory(path)

    def test_a_link_is_refused(self) -> None:
        """A link could lead anywhere."""
        path = self.mktemp()
        os.symlink("/", path)
        with self.assertRaises(OSError):
            private_directory(path)


class OfferTests(SynchronousTestCase):
    """The command line."""

    def test_offer(self) -> None:
        """The console is there unless it is refused; SSH only if a port is given."""
        for words, told in (
            ([], Offer("noded", True, None)),
            (["--no-manhole"], Offer("noded", False, None)),
            (["--manhole-ssh", "2222"], Offer("noded", True, 2222)),
        ):
            options = ConsoleOptions()
            options.parseOptions(words)
            self.assertEqual(Offer.of("noded", options), told)


class ServiceTests(TestCase):
    """The socket itself."""

    async def test_socket(self) -> None:
        """It has mode 0600, replaces one that was left over, and is gone after stop."""
        path = f"{os.path.abspath(self.mktemp())}/socket"
        console = Console("a daemon", (), Alarm().limited)
        factory = ConsoleFactory(console, Allowed(frozenset()), lambda _: Peer(1, 1, 1))
        service = ManholeService(
            IReactorUNIX(global_reactor), path, factory, FileSystem(), private_directory, os.close
        )
        os.close(private_directory(os.path.dirname(path)))
        with open(path, "w", encoding="ascii"):
            pass
        await service.start()
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        await service.stop()
        self.assertFalse(os.path.exists(path))

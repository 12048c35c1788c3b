"""Tests of `ganetix.daemons.settings` and `ganetix.toolkit.hosts`."""

import os
import pathlib

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.daemons import settings
from ganetix.paths import Paths
from ganetix.toolkit.hosts import HostsFile, parse_hosts
from ganetix_test import spec


class EnvironmentTests(SynchronousTestCase):
    """Which node the environment names."""

    def test_virtual(self) -> None:
        """Both variables make a node of a virtual cluster."""
        paths = settings.node_paths({"GANETI_ROOTDIR": "/c/node1.x", "GANETI_HOSTNAME": "node1.x"})
        self.assertEqual((paths.root, paths.hostname), ("/c/node1.x", "node1.x"))
        self.assertTrue(os.path.isdir(f"{paths.share}/os"))

    def test_real(self) -> None:
        """Without them it is this machine, with files where they always are."""
        self.assertEqual(settings.node_paths({}).root, "")

    def test_what_does_not_fit(self) -> None:
        """One variable alone, a relative or unclean path, another last component: refused."""
        for root, hostname in (
            ("/c/node1.x", ""),
            ("", "node1.x"),
            ("c/node1.x", "node1.x"),
            ("/c/./node1.x", "node1.x"),
            ("/c/node1.x/", "node1.x"),
            ("/c/node2.x", "node1.x"),
        ):
            environ = {"GANETI_ROOTDIR": root, "GANETI_HOSTNAME": hostname}
            with self.assertRaises(errors.GenericError) as caught:
                settings.node_paths(environ)
            self.assertIn("GANETI_ROOTDIR", caught.exception.message)


class DefaultArgumentTests(SynchronousTestCase):
    """What /etc/default/ganeti adds to the daemons' command lines."""

    def arguments(self, text: str | None, daemon: str = "ganeti-rapi") -> list[str]:
        """Return what a file with *text* adds; None: there is no file."""
        root = os.path.abspath(self.mktemp())
        path = pathlib.Path(root, "etc/default/ganeti")
        path.parent.mkdir(parents=True)
        if text is not None:
            path.write_text(text, "utf-8")
        return settings.default_arguments(Paths(root, "node1.x"), daemon)

    def test_arguments(self) -> None:
        """Each daemon has a line of its own; quotes and comments are as in a shell."""
        text = (
            "# NODED_ARGS='-x'\nRAPI_ARGS=\"--metrics-port 9100 -b '::1'\" # why\n"
            "NODED_ARGS=-d\nOTHER=$(reboot)\n"
        )
        self.assertEqual(self.arguments(text), ["--metrics-port", "9100", "-b", "::1"])
        self.assertEqual(self.arguments(text, "ganeti-noded"), ["-d"])
        self.assertEqual(self.arguments(text, "ganeti-masterd"), [])
        self.assertEqual(self.arguments(None), [])
        self.assertEqual(self.arguments("RAPI_ARGS=\n"), [])

    def test_what_can_not_be_understood(self) -> None:
        """A line without its second quote is told by number."""
        with self.assertRaises(errors.GenericError) as caught:
            self.arguments("\nRAPI_ARGS='-b")
        self.assertIn("Line 2 ", caught.exception.message)


class TableTests(SynchronousTestCase):
    """Ports, logs and users are the reference's."""

    def test_against_the_reference(self) -> None:
        """Ports and users of noded and rapi, and all log names, are those of its tables."""
        table = spec.load("constants")
        for daemon in ("ganeti-noded", "ganeti-rapi"):
            row = table["daemons"][daemon]
            self.assertEqual(settings.DEFAULT_PORTS[daemon], row["port"])
            self.assertEqual(settings.USERS[daemon], row["user"])
        logs = table["raw"]["DAEMONS_LOGFILES"]
        paths = Paths("", "node1.x")
        for daemon in settings.LOG_FILES:
            self.assertEqual(settings.log_file(paths, daemon), logs[daemon])

    def test_virtual_daemons_stay_who_they_are(self) -> None:
        """In a virtual cluster no daemon changes its user, root or not."""
        paths = Paths("/c/node1.x", "node1.x")
        for daemon in settings.USERS:
            self.assertIsNone(settings.account(daemon, paths))


class HostsTests(SynchronousTestCase):
    """The hosts file of a virtual cluster."""

    def test_parse(self) -> None:
        """Names and aliases lead to the first name of their line; comments and repeats do not."""
        hosts = parse_hosts("# c\n127.1.1.1 a.x a # b\n\n127.1.1.2 a.x\n127.1.1.3\n")
        self.assertEqual(set(hosts), {"a.x", "a"})
        self.assertEqual((hosts["a"].name, hosts["a"].address), ("a.x", "127.1.1.1"))

    def test_unknown_name(self) -> None:
        """A name that is not there is refused with the file where to add it."""
        resolver = HostsFile("/c/hosts", lambda path: b"127.1.1.1 a.x\n")
        self.assertEqual(resolver.lookup("A.X").address, "127.1.1.1")
        with self.assertRaises(errors.ResolverError) as caught:
            resolver.lookup("b.x")
        self.assertIn("/c/hosts", caught.exception.message)
        self.assertEqual(caught.exception.exit_code, 12)

    def test_own_address(self) -> None:
        """A virtual node's daemons bind the address that the hosts file gives the node."""
        base = pathlib.Path(os.path.realpath(self.mktemp()))
        base.mkdir()
        (base / "hosts").write_text("127.9.9.11 node1.x node1\n", "ascii")
        self.assertEqual(settings.own_address(Paths(f"{base}/node1.x", "node1.x")), "127.9.9.11")
        self.assertEqual(settings.own_address(Paths("", "node1.x")), "")

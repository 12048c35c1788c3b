"""Tests of `ganetix.daemons.noded`: its command line, decided."""

import os
import pathlib

from twisted.python import usage
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.daemons.noded import NodedSettings, Options, decided
from ganetix.paths import Paths
from ganetix_test import spec

REAL = Paths("", "node1.x")


def settings_for(*words: str, paths: Paths = REAL) -> NodedSettings:
    """Return what the command line *words* decides."""
    options = Options()
    options.parseOptions(list(words))
    return decided(options, paths)


class OptionsTests(SynchronousTestCase):
    """The options are the reference's."""

    def test_every_option_of_the_reference(self) -> None:
        """Each long and short option of ganeti-noded is taken."""
        rows = spec.load("cli")["other_programs"]["ganeti-noded"]["options"]
        options = Options()
        for row in rows:
            self.assertIn(row["long"].removeprefix("--"), options, row["long"])
            if row["short"]:
                self.assertIn(row["short"].removeprefix("-"), options.synonyms, row["short"])

    def test_defaults(self) -> None:
        """Without options: all addresses, port 1811, the node's certificate, locked in memory."""
        chosen = settings_for()
        self.assertEqual((chosen.address, chosen.port), ("", 1811))
        self.assertEqual(chosen.key_file, "/var/lib/ganeti/server.pem")
        self.assertEqual(chosen.certificate_file, "/var/lib/ganeti/server.pem")
        self.assertTrue(chosen.ssl and chosen.lock_memory)

    def test_given(self) -> None:
        """What is given wins."""
        chosen = settings_for("-p", "2000", "-b", "192.0.2.1", "-K", "/k", "-C", "/c", "--no-mlock")
        self.assertEqual((chosen.address, chosen.port), ("192.0.2.1", 2000))
        self.assertEqual((chosen.key_file, chosen.certificate_file), ("/k", "/c"))
        self.assertFalse(chosen.lock_memory)

    def test_no_number(self) -> None:
        """A port that is no number is told in words."""
        error = self.assertRaises(usage.UsageError, settings_for, "-p", "abc")
        self.assertIn("'abc' is not a whole number", str(error))

    def test_virtual(self) -> None:
        """A node of a virtual cluster listens on its own address."""
        base = pathlib.Path(os.path.realpath(self.mktemp()))
        base.mkdir()
        (base / "hosts").write_text("127.9.9.11 node1.x\n", "ascii")
        chosen = settings_for(paths=Paths(f"{base}/node1.x", "node1.x"))
        self.assertEqual(chosen.address, "127.9.9.11")

    def test_no_ssl_only_on_loopback(self) -> None:
        """Plain TCP is refused on any address that others can reach."""
        for words in (["--no-ssl"], ["--no-ssl", "-b", "192.0.2.1"]):
            with self.assertRaises(errors.GenericError) as caught:
                settings_for(*words)
            self.assertIn("loopback", caught.exception.message)
        self.assertFalse(settings_for("--no-ssl", "-b", "127.0.0.1").ssl)

    def test_interface(self) -> None:
        """An interface stands for its address; with another address beside it, it is refused."""
        self.assertEqual(settings_for("--interface", "lo").address, "127.0.0.1")
        for words in (["-i", "lo", "-b", "192.0.2.1"], ["-i", "no-such-one"]):
            with self.assertRaises(errors.GenericError) as caught:
                settings_for(*words)
            self.assertIn(words[1], caught.exception.message)

    def test_syslog(self) -> None:
        """The system log takes no, yes and only; anything else is refused."""
        options = Options()
        self.assertRaises(usage.UsageError, options.parseOptions, ["--syslog", "maybe"])
        options.parseOptions(["--syslog", "only"])

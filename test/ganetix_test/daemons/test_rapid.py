"""Promises of the remote API daemon's own parts."""

import os
import pathlib
from typing import Any

from twisted.logger import capturedLogs
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.daemons.rapi_certificate import self_signed
from ganetix.daemons.rapid import Options, UsersFile, certificate_in


class UsersFileTests(SynchronousTestCase):
    """The users file on disk."""

    def setUp(self) -> None:
        """Have a name for it; it is not there yet."""
        self.path = pathlib.Path(self.mktemp())
        self.users = UsersFile(str(self.path))

    def test_it_is_read_again(self) -> None:
        """A change counts at the next request; a file that is gone, or is not there, has nobody."""
        path, users = self.path, self.users
        self.assertEqual(set(users.current().users), set())
        path.write_text("jack secret write\n", "ascii")
        self.assertEqual(set(users.current().users), {"jack"})
        fresh = pathlib.Path(f"{path}.new")
        fresh.write_text("jill secret write\n", "ascii")
        os.replace(fresh, path)
        self.assertEqual(set(users.current().users), {"jill"})
        path.unlink()
        self.assertEqual(set(users.current().users), set())

    def test_forgotten(self) -> None:
        """What is forgotten is read again, and complained of again, though nothing has changed."""
        self.path.write_text("jack {MD9}hush write\njill secret\n", "ascii")
        with capturedLogs() as events:
            self.users.current()
            self.users.forget()
            self.assertEqual(set(self.users.current().users), {"jill"})
        self.assertEqual(len(events), 2)

    def test_a_time_that_is_set_back(self) -> None:
        """A change counts although the file's length and time are those of before."""
        path, users = self.path, self.users
        path.write_text("jack secret write\n", "ascii")
        before = path.stat()
        self.assertEqual(users.current().users["jack"].secret, "secret")
        path.write_text("jack sesame write\n", "ascii")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        self.assertEqual(users.current().users["jack"].secret, "sesame")

    def test_complaints(self) -> None:
        """A line that can't be understood is in the log once, by number, not by word."""
        self.path.write_text("jack {MD9}hush write\n", "ascii")
        with capturedLogs() as events:
            self.users.current()
            self.users.current()
        [event] = events
        self.assertIn("Line 1 ", event["complaint"])
        self.assertNotIn("hush", repr(event))


class CertificateTests(SynchronousTestCase):
    """A key and a certificate that are given."""

    def file(self, text: bytes) -> str:
        """Return the path of a file with *text*."""
        path = pathlib.Path(self.mktemp())
        path.write_bytes(text)
        return str(path)

    def test_given(self) -> None:
        """Key and certificate are taken from one file, or from two."""
        both = self_signed("c.example.com", 0.0)
        key, mark, rest = both.partition(b"-----BEGIN CERTIFICATE")
        for names in (
            (self.file(both), self.file(both)),
            (self.file(key), self.file(mark + rest)),
        ):
            certificate: Any = certificate_in(*names).certificate
            self.assertIn("c.example.com", certificate.subject.rfc4514_string())

    def test_unusable(self) -> None:
        """What is none, is another key's, or is not there is refused before anybody is served."""
        one = self.file(self_signed("c.example.com", 0.0))
        other = self.file(self_signed("c.example.com", 0.0))
        junk, missing = self.file(b"junk"), self.mktemp()
        for names, told in (
            ((junk, one), "do not hold a key and its certificate"),
            ((one, junk), "do not hold a key and its certificate"),
            ((other, one), "do not hold a key and its certificate"),
            ((missing, one), f"{missing} can't be read"),
            ((one, missing), f"{missing} can't be read"),
        ):
            error = self.assertRaises(errors.GenericError, certificate_in, *names)
            self.assertIn(told, error.message)
            self.assertIn("-K and -C", error.message)


class OptionsTests(SynchronousTestCase):
    """The command line."""

    def test_max_clients(self) -> None:
        """Nobody at all is not a number of clients."""
        with self.assertRaises(UsageError):
            Options().parseOptions(["--max-clients", "0"])

    def test_authentication(self) -> None:
        """Users are required unless that is turned off; the older switch is known."""
        for words, off in (
            ([], False), (["--require-authentication"], False),
            (["--no-require-authentication"], True),
        ):  # fmt: skip
            options = Options()
            options.parseOptions(words)
            self.assertEqual(bool(options["no-require-authentication"]), off)

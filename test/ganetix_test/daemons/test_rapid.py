"""Promises of the remote API daemon's own parts."""

import os
import pathlib

from twisted.logger import capturedLogs
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from ganetix.daemons.rapid import Options, UsersFile


class UsersFileTests(SynchronousTestCase):
    """The users file on disk."""

    def test_it_is_read_again(self) -> None:
        """A change counts at the next request; a file that is gone, or is not there, has nobody."""
        path = pathlib.Path(self.mktemp())
        users = UsersFile(str(path))
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
        path = pathlib.Path(self.mktemp())
        path.write_text("jack {MD9}hush write\njill secret\n", "ascii")
        users = UsersFile(str(path))
        with capturedLogs() as events:
            users.current()
            users.forget()
            self.assertEqual(set(users.current().users), {"jill"})
        self.assertEqual(len(events), 2)

    def test_a_time_that_is_set_back(self) -> None:
        """A change counts although the file's length and time are those of before."""
        path = pathlib.Path(self.mktemp())
        path.write_text("jack secret write\n", "ascii")
        users, before = UsersFile(str(path)), path.stat()
        self.assertEqual(users.current().users["jack"].secret, "secret")
        path.write_text("jack sesame write\n", "ascii")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        self.assertEqual(users.current().users["jack"].secret, "sesame")

    def test_complaints(self) -> None:
        """A line that can't be understood is in the log once, by number, not by word."""
        path = pathlib.Path(self.mktemp())
        path.write_text("jack {MD9}hush write\n", "ascii")
        users = UsersFile(str(path))
        with capturedLogs() as events:
            users.current()
            users.current()
        [event] = events
        self.assertIn("Line 1 ", event["complaint"])
        self.assertNotIn("hush", repr(event))


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

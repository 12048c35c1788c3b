"""Promises about what is told of the other daemons of a node."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix.node.daemons import reads_want_no_user
from ganetix.paths import Paths
from ganetix.testing.dice import seeded
from ganetix.testing.files import FakeFileSystem


class RemoteApiTests(SynchronousTestCase):
    """Whether the remote API daemon lets anybody look."""

    def told(self, line: str, pid: str = "7\n") -> bool:
        """Return what is told of a process 7 with the command *line*."""
        files, paths = FakeFileSystem(seeded(1).uniform), Paths("", "node1.x")
        for path, text in (
            (paths.pid_file("ganeti-rapi"), pid),
            ("/proc/7/cmdline", line.replace(" ", "\0") + "\0"),
        ):
            files.make_dirs(path.rpartition("/")[0], 0o755)
            files.replace(path, text.encode(), 0o644, True)
        return reads_want_no_user(paths, files)

    def test_anybody(self) -> None:
        """It does when it was started so, in whatever form."""
        for line in (
            "python3 -m ganetix.daemons.rapid --no-require-authentication",
            "/usr/bin/python3 /usr/sbin/ganeti-rapi -p 5081 --no-require-auth",
            "/usr/bin/python3 /usr/bin/twistd -n rapid --no-r",
        ):
            self.assertTrue(self.told(line), line)

    def test_users_only(self) -> None:
        """It does not by default, and another process with its number is not it."""
        for line in (
            "python3 -m ganetix.daemons.rapid",
            "python3 -m ganetix.daemons.rapid --require-authentication --no-ssl",
            "python3 -m ganetix.daemons.rapid --no-reply",
            "vim --no-require-authentication",
        ):
            self.assertFalse(self.told(line), line)

    def test_it_does_not_run(self) -> None:
        """Without a pid file, or a process for it, there is nothing to tell."""
        files, paths = FakeFileSystem(seeded(1).uniform), Paths("", "node1.x")
        self.assertFalse(reads_want_no_user(paths, files))
        self.assertFalse(self.told("python3 -m ganetix.daemons.rapid --no-r", pid="8\n"))
        self.assertFalse(self.told("python3 -m ganetix.daemons.rapid --no-r", pid="\n"))

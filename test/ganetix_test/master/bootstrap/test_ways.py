"""Both ways to a node: over ssh, and to the directory beside ours."""

from ganetix import errors
from ganetix.master.bootstrap.interface import Spawn, Target
from ganetix.master.bootstrap.sibling import SiblingDirectory
from ganetix.master.bootstrap.ssh import Ssh
from ganetix.paths import Paths
from ganetix.testing.bootstraps import Spawned, make_bootstrap_tests
from ganetix.testing.cases import AwaitingTestCase

TARGET = Target("node2.example.com", "192.0.2.2")
PATHS = Paths("/clusters/one/node1.example.com", "node1.example.com")


def over_ssh(spawn: Spawn) -> Ssh:
    """Return the way over ssh."""
    return Ssh("/usr/bin/python3", spawn, port=22, ask=True)


def beside(spawn: Spawn) -> SiblingDirectory:
    """Return the way beside, with the node's directory in place."""
    there = "/clusters/one/node2.example.com"
    return SiblingDirectory(PATHS, "/usr/bin/python3", spawn, there.__eq__)


class SshTests(make_bootstrap_tests(over_ssh)):  # type: ignore[misc]  # made by a function
    """Over ssh."""

    def test_unknown_key_is_asked_about(self) -> None:
        """With key checks on, ssh asks about an unknown key, under the node's name."""
        command = over_ssh(Spawned(b"")).command(TARGET, "certify")
        self.assertIn("StrictHostKeyChecking=ask", command)
        self.assertIn("HostKeyAlias=node2.example.com", command)
        self.assertIn("root@192.0.2.2", command)

    def test_no_key_check(self) -> None:
        """With key checks off, any key is taken and none is written down."""
        command = Ssh("python3", Spawned(b""), port=2222, ask=False).command(TARGET, "certify")
        self.assertIn("StrictHostKeyChecking=no", command)
        self.assertIn("UserKnownHostsFile=/dev/null", command)
        self.assertIn("2222", command)


class SiblingTests(make_bootstrap_tests(beside)):  # type: ignore[misc]  # made by a function
    """To the directory beside ours."""


class SiblingPlaceTests(AwaitingTestCase):
    """Whose directory the program sees."""

    def test_runs_as_the_other_node(self) -> None:
        """The program finds the other node's root and name in its environment."""
        spawned = Spawned(b"{}")
        self.awaited(beside(spawned).run(TARGET, "certify", b"{}"))
        [(_, environment, _)] = spawned.runs
        self.assertEqual(
            environment,
            {
                "GANETI_ROOTDIR": "/clusters/one/node2.example.com",
                "GANETI_HOSTNAME": "node2.example.com",
            },
        )

    def test_no_directory(self) -> None:
        """A node without a directory is refused before anything runs."""
        spawned = Spawned(b"{}")
        way = SiblingDirectory(PATHS, "python3", spawned, lambda _: False)
        error = self.refusal(way.run(TARGET, "certify", b"{}"), errors.OpPrereqError)
        self.assertIn("/clusters/one/node2.example.com does not exist", error.message)
        self.assertEqual(spawned.runs, [])

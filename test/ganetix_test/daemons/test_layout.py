"""Tests of `ganetix.daemons.layout`."""

import os
import stat
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from ganetix.daemons import layout
from ganetix.paths import Paths
from ganetix.toolkit.files import FileSystem
from ganetix_test import spec


def mode_of(path: str) -> int:
    """Return the permission bits of *path*."""
    return stat.S_IMODE(os.stat(path).st_mode)


class TableTests(SynchronousTestCase):
    """Owners and modes are the reference's."""

    def test_against_the_reference(self) -> None:
        """Every path that both tables have has the same mode, owner and group in both."""
        table = spec.load("constants")
        names: dict[str, str] = {
            key: value for key, value in table["paths"].items() if isinstance(value, str)
        }
        theirs: dict[str, Any] = {
            names[row["path"]]: row for row in table["path_permissions"] if row["path"] in names
        }
        ours = {entry.path: entry for entry in (*layout.DIRECTORIES, *layout.FILES.values())}
        both = set(theirs) & set(ours)
        self.assertGreater(len(both), 15)
        for path in sorted(both):
            row, entry = theirs[path], ours[path]
            self.assertEqual(
                (f"{entry.mode:04o}", entry.owner, entry.group),
                (row["mode"], row["owner"], row["group"]),
                path,
            )


class WritingTests(SynchronousTestCase):
    """Making directories and files in a virtual node's directory."""

    def setUp(self) -> None:
        """Use a root of this test alone."""
        self.paths = Paths(f"{os.path.realpath(self.mktemp())}/node1.x", "node1.x")
        layout.make_directories(self.paths)

    def test_directories(self) -> None:
        """All are there with their modes, and making them again changes nothing."""
        layout.make_directories(self.paths)
        for entry in layout.DIRECTORIES:
            self.assertEqual(mode_of(self.paths.at(entry.path)), entry.mode, entry.path)

    def test_files(self) -> None:
        """A file has its content and mode, also when it replaces one that none may write."""
        for name, entry in layout.FILES.items():
            for data in (b"one", b"two"):
                layout.write(self.paths, name, data)
            path = self.paths.at(entry.path)
            self.assertEqual(mode_of(path), entry.mode, name)
            with open(path, "rb") as source:
                self.assertEqual(source.read(), b"two")

    def test_ssconf(self) -> None:
        """Simple values may be read by all and written by none."""
        layout.write_ssconf(self.paths, "master_node", "node1.x\n")
        self.assertEqual(mode_of(self.paths.ssconf("master_node")), 0o444)


class OwnerTests(SynchronousTestCase):
    """To whom files belong that the node daemon writes."""

    def test_virtual_cluster(self) -> None:
        """In a virtual cluster everything belongs to whoever made it."""
        owner = layout.owner_of(Paths("/x/node1", "node1"))
        self.assertIsNone(owner("/x/node1/var/lib/ganeti/journal"))

    def test_real_machine(self) -> None:
        """As root the store's files are given away, an instance's disk is not."""
        if os.geteuid() != 0:
            raise SkipTest("Only root gives files away.")
        owner = layout.owner_of(Paths("", "node1"))
        for path in ("journal", "config.data", "queue/job-7"):
            self.assertIsNotNone(owner(f"/var/lib/ganeti/{path}"), path)
        self.assertIsNone(owner("/srv/ganeti/file-storage/instance1/disk"))

    def test_a_new_file_gets_its_owner(self) -> None:
        """The file system gives each new file to whom it is told."""
        asked: list[str] = []

        def owner(path: str) -> tuple[int, int]:
            asked.append(path)
            return os.geteuid(), os.getegid()

        files, path = FileSystem(owner), self.mktemp()
        files.replace(path, b"x", 0o600, False)
        files.append_to(f"{path}.log", 0o600).close()
        self.assertEqual(asked, [path, f"{path}.log"])

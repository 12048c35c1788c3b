"""Disks that are files, and the directories in which they may be."""

import os

import msgspec
from twisted.internet.task import Clock as FakeReactor
from twisted.trial.unittest import SynchronousTestCase

from ganetix.errors import BlockDeviceError, FileStoragePathError, StorageError
from ganetix.model.objects import Disk
from ganetix.paths import VIRTUAL_PREFIX, Paths
from ganetix.storage import table
from ganetix.storage.file_dirs import FileDirs
from ganetix.storage.file_paths import AllowedPaths, parse
from ganetix.testing.blockdevs import BlockDeviceFixture, make_block_device_tests
from ganetix.testing.cases import AwaitingTestCase
from ganetix.testing.processes import FakeRunner
from ganetix.testing.workers import InlineWorker
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.files import FileSystem

BASE = "/srv/ganeti/file-storage"


def allowed(case: SynchronousTestCase) -> AllowedPaths:
    """Return the list of a virtual node that allows `BASE`, which holds a directory vm1."""
    paths = Paths(os.path.abspath(case.mktemp()), "node1.example.com")
    os.makedirs(paths.at(f"{BASE}/vm1"))
    os.makedirs(paths.at("/etc/ganeti"))
    with open(paths.file_storage_paths_file, "w", encoding="utf-8") as target:
        target.write(f"# where disks may be\n\n{BASE}\n")
    return AllowedPaths(paths, FileSystem())


def disk(dev_type: str, place: str = f"{BASE}/vm1/uuid.file.disk0") -> Disk:
    """Return a disk of 4 MiB in *place*."""
    return Disk("uuid", dev_type, ["loop", place], 4, "disk/0")


def no_programs() -> FakeRunner:
    """Return a runner on a machine without programs."""
    return FakeRunner(Clock(FakeReactor(), lambda: 0.0))


def fixture(case: SynchronousTestCase, dev_type: str) -> BlockDeviceFixture:
    """Return the driver of *dev_type* from the table."""
    made = table.drivers(FileSystem(), InlineWorker(), allowed(case), no_programs())
    return BlockDeviceFixture(table.driver(made.by_type, dev_type), disk(dev_type), BASE)


class FileTests(make_block_device_tests(lambda case: fixture(case, "file"))):  # type: ignore[misc]  # made by a function
    """Disks as files of one node."""


class SharedFileTests(make_block_device_tests(lambda case: fixture(case, "sharedfile"))):  # type: ignore[misc]  # made by a function
    """Disks as files that all nodes see."""


class PlaceTests(AwaitingTestCase):
    """A disk is where the node allows it, or nowhere."""

    def setUp(self) -> None:
        """Make a node that allows one directory."""
        self.allowed = allowed(self)
        self.root = self.allowed.paths.root
        drivers = table.drivers(FileSystem(), InlineWorker(), self.allowed, no_programs())
        self.driver = table.driver(drivers.by_type, "file")

    def test_outside(self) -> None:
        """Neither another directory, nor one by way of '..', nor the directory itself."""
        for place in ("/srv/other/disk0", f"{BASE}/../disk0", BASE, f"{BASE}-2/disk0"):
            error = self.refusal(self.driver.create(disk("file", place)), FileStoragePathError)
            self.assertIn("file-storage-paths", error.message)

    def test_forbidden(self) -> None:
        """No list can allow the directories of the system."""
        with open(self.allowed.paths.file_storage_paths_file, "w", encoding="utf-8") as target:
            target.write("/etc\n/usr/bin\n")
        for place in ("/etc/disk0", "/usr/bin/disk0"):
            error = self.refusal(self.driver.create(disk("file", place)), FileStoragePathError)
            self.assertIn("no disk may be", error.message)

    def test_no_list(self) -> None:
        """A node without a list allows nothing."""
        os.remove(self.allowed.paths.file_storage_paths_file)
        self.refusal(self.driver.create(disk("file")), FileStoragePathError)

    def test_virtual_path(self) -> None:
        """A virtual path of another node is this node's own file; the file is sparse."""
        sent = disk("file", f"{VIRTUAL_PREFIX}{BASE}/vm1/disk0")
        self.awaited(self.driver.create(sent))
        made = os.stat(f"{self.root}{BASE}/vm1/disk0")
        self.assertEqual(made.st_size, 4 * 1024 * 1024)
        self.assertEqual(made.st_blocks, 0)
        self.assertEqual(made.st_mode & 0o777, 0o600)

    def test_content_survives_growth(self) -> None:
        """What is on a disk stays when it grows."""
        one = disk("file")
        self.awaited(self.driver.create(one))
        with open(f"{self.root}{one.logical_id[1]}", "r+b") as target:
            target.write(b"data")
        self.awaited(self.driver.grow(one, 1, False))
        with open(f"{self.root}{one.logical_id[1]}", "rb") as source:
            self.assertEqual(source.read(8), b"data\0\0\0\0")

    def test_no_directory(self) -> None:
        """A disk whose directory is missing is refused in words."""
        error = self.refusal(
            self.driver.create(disk("file", f"{BASE}/vm2/disk0")), BlockDeviceError
        )
        self.assertIn("vm2/disk0", error.message)

    def test_usable(self) -> None:
        """Of a storage directory it is told what is wrong: not listed, not there."""
        self.assertEqual(self.allowed.usable(BASE), "")
        self.assertIn("outside", self.allowed.usable("/srv/other"))
        self.assertIn("does not exist", self.allowed.usable(f"{BASE}/none"))

    def test_unknown_type(self) -> None:
        """Types that the node does not serve are refused with those that it serves."""
        error = self.assertRaises(BlockDeviceError, table.driver, {"file": self.driver}, "rbd")
        self.assertIn("file", error.message)
        error = self.assertRaises(BlockDeviceError, table.driver, {}, "diskless")
        self.assertIn("no disks", error.message)

    def test_size_is_the_files(self) -> None:
        """The size that is found is the file's, not the configuration's."""
        self.awaited(self.driver.create(disk("file")))
        other = msgspec.structs.replace(disk("file"), size=99)
        found = self.awaited(self.driver.find(other))
        self.assertEqual(found and found.size, 4)

    def test_parse(self) -> None:
        """Comments and empty lines are no directories."""
        self.assertEqual(parse("# a\n\n /srv/a \n#/srv/b\n/srv/c"), ("/srv/a", "/srv/c"))


class DirectoryTests(AwaitingTestCase):
    """The directories of instances."""

    def setUp(self) -> None:
        """Make a node that allows one directory, with vm1 in it."""
        self.allowed = allowed(self)
        self.dirs = FileDirs(FileSystem(), InlineWorker(), self.allowed)

    def exists(self, path: str) -> bool:
        """Whether *path* is there on the node."""
        return os.path.exists(self.allowed.paths.at(path))

    def test_create_and_remove(self) -> None:
        """Both can be repeated."""
        for _ in range(2):
            self.awaited(self.dirs.create(f"{BASE}/vm2"))
        self.assertTrue(self.exists(f"{BASE}/vm2"))
        for _ in range(2):
            self.awaited(self.dirs.remove(f"{BASE}/vm2"))
        self.assertFalse(self.exists(f"{BASE}/vm2"))

    def test_remove_full(self) -> None:
        """A directory with something in it stays, and what is in it is named."""
        FileSystem().allocate(self.allowed.paths.at(f"{BASE}/vm1/disk0"), 1, 0o600)
        error = self.refusal(self.dirs.remove(f"{BASE}/vm1"), StorageError)
        self.assertIn("disk0", error.message)
        self.assertEqual(
            self.awaited(self.dirs.disk_files()), [self.allowed.paths.at(f"{BASE}/vm1/disk0")]
        )

    def test_all_disks(self) -> None:
        """Disks are found in instances' directories and in those that an instance named."""
        places = [f"{BASE}/vm1/disk0", f"{BASE}/fast/vm2/disk0"]
        self.awaited(self.dirs.create(f"{BASE}/fast/vm2"))
        for place in places:
            FileSystem().allocate(self.allowed.paths.at(place), 1, 0o600)
        wanted = sorted(self.allowed.paths.at(place) for place in places)
        self.assertEqual(self.awaited(self.dirs.disk_files()), wanted)

    def test_empty(self) -> None:
        """Directories with nothing in them are found, and no others."""
        FileSystem().allocate(self.allowed.paths.at(f"{BASE}/vm1/disk0"), 1, 0o600)
        for name in ("vm2", "fast/vm3"):
            self.awaited(self.dirs.create(f"{BASE}/{name}"))
        wanted = [self.allowed.paths.at(f"{BASE}/{name}") for name in ("fast/vm3", "vm2")]
        self.assertEqual(self.awaited(self.dirs.empty_dirs()), wanted)

    def test_rename(self) -> None:
        """A rename can be repeated, takes everything along, and never replaces a directory."""
        FileSystem().allocate(self.allowed.paths.at(f"{BASE}/vm1/disk0"), 1, 0o600)
        for _ in range(2):
            self.awaited(self.dirs.rename(f"{BASE}/vm1", f"{BASE}/vm2"))
        self.assertTrue(self.exists(f"{BASE}/vm2/disk0"))
        self.awaited(self.dirs.create(f"{BASE}/vm3"))
        error = self.refusal(self.dirs.rename(f"{BASE}/vm2", f"{BASE}/vm3"), StorageError)
        self.assertIn("already exists", error.message)

    def test_outside(self) -> None:
        """Directories elsewhere are neither made nor removed."""
        self.refusal(self.dirs.create("/srv/other/vm1"), FileStoragePathError)
        self.refusal(self.dirs.remove("/var/lib/ganeti"), FileStoragePathError)

"""Disks that DRBD mirrors, on a node whose peer never answers."""

import msgspec
from twisted.internet.task import Clock as FakeReactor

from ganetix.errors import BlockDeviceError
from ganetix.model.objects import Disk
from ganetix.process.command import Command, Result
from ganetix.storage import drbd_argv
from ganetix.storage.drbd import DrbdDisks
from ganetix.storage.lvm import Lvm
from ganetix.storage.plain import PlainDisks
from ganetix.storage.programs import Programs
from ganetix.testing.cases import AwaitingTestCase
from ganetix.testing.drbd_programs import STATUS, FakeDrbd
from ganetix.testing.files import FakeFileSystem
from ganetix.testing.lvm_programs import FakeLvm
from ganetix.testing.processes import FakeRunner
from ganetix.testing.workers import InlineWorker
from ganetix.toolkit.clock import Clock

RATES = {
    "dynamic-resync": False, "resync-rate": 61440, "c-plan-ahead": 20, "c-fill-target": 0,
    "c-delay-target": 1, "c-max-rate": 61440, "c-min-rate": 4096,
}  # fmt: skip
PEERS = [["node1", "192.0.2.1"], ["node2", "192.0.2.2"]]
SECRET = "5ec3e7"
DISK = Disk(
    "uuid",
    "drbd",
    ["uuid-1", "uuid-2", 11000, 0, 3, SECRET],
    8,
    "disk/0",
    children=[
        Disk("data", "plain", ["xenvg", "uuid.disk0_data"], 8),
        Disk("meta", "plain", ["xenvg", "uuid.disk0_meta"], 128),
    ],
    params={"peers": PEERS, **RATES},
)


class StatusFiles(FakeFileSystem):
    """Files of a node whose ``/proc/drbd`` is what *drbd* says."""

    def __init__(self, drbd: FakeDrbd) -> None:
        super().__init__(lambda: 0.0)
        self.drbd = drbd

    def read(self, path: str) -> bytes:
        """See `IFileSystem`."""
        return self.drbd.status if path == STATUS else super().read(path)


class DrbdTests(AwaitingTestCase):
    """One node's half of a mirrored disk."""

    def setUp(self) -> None:
        """Node 2 with an empty volume group."""
        self.lvm, self.drbd = FakeLvm(), FakeDrbd()
        programs = {**self.lvm.programs(), **self.drbd.programs()}
        self.runner = FakeRunner(Clock(FakeReactor(), lambda: 0.0), programs)
        self.driver = self.on("node2")

    def on(self, hostname: str) -> DrbdDisks:
        """Return the driver of node *hostname*."""
        tools = Programs(self.runner)
        plain = PlainDisks(Lvm(tools))
        return DrbdDisks(hostname, plain, tools, StatusFiles(self.drbd), InlineWorker())

    def make(self) -> None:
        """Make the disk and assemble it as secondary."""
        self.awaited(self.driver.create(DISK))
        self.awaited(self.driver.assemble(DISK, False))

    def test_create(self) -> None:
        """A new disk has both volumes, and metadata on the second; no device yet."""
        self.awaited(self.driver.create(DISK))
        self.assertEqual(self.lvm.volumes["xenvg", "uuid.disk0_meta"], 128)
        self.assertEqual(self.drbd.metadata, {"/dev/xenvg/uuid.disk0_meta"})
        self.assertEqual(self.drbd.devices, {})

    def test_create_half(self) -> None:
        """When the second volume can't be made, the first is gone again."""
        self.lvm.groups["xenvg"] = 64
        self.refusal(self.driver.create(DISK), BlockDeviceError)
        self.assertEqual(self.lvm.volumes, {})

    def test_create_metadata_fails(self) -> None:
        """When metadata can't be written, both volumes are gone again."""

        async def failing(command: Command) -> Result:
            return Result(command, 20, b"", b"open failed\n")

        self.runner.programs[drbd_argv.META] = failing
        error = self.refusal(self.driver.create(DISK), BlockDeviceError)
        self.assertIn("drbdmeta ended with exit code 20 (open failed)", error.message)
        self.assertEqual(self.lvm.volumes, {})

    def test_few_programs(self) -> None:
        """LVM, which is slow, is run once a volume and once to find them."""
        self.make()
        self.awaited(self.driver.remove(DISK))
        ran = [command.argv[0].rpartition("/")[2] for command in self.runner.ran]
        slow = [name for name in ran if not name.startswith("drbd")]
        listed = ["lvs", "lvremove", "lvremove"]
        self.assertEqual(slow, ["lvcreate", "lvcreate", "lvs", *listed])

    def test_assemble(self) -> None:
        """The device has this node's minor, both volumes, and the peer's address."""
        self.make()
        device = self.drbd.devices[3]
        self.assertEqual(device["disk"], "/dev/xenvg/uuid.disk0_data")
        self.assertEqual(device["local"], "ipv4:192.0.2.2:11000")
        self.assertEqual(device["remote"], "ipv4:192.0.2.1:11000")
        self.assertEqual(device["options"], ("--c-plan-ahead=0", "--resync-rate=61440k"))
        self.assertEqual(device["role"], "Secondary")

    def test_other_side(self) -> None:
        """The first node has its own minor and looks the other way."""
        self.driver = self.on("node1")
        self.make()
        self.assertEqual(self.drbd.devices[0]["remote"], "ipv4:192.0.2.2:11000")

    def test_stranger(self) -> None:
        """A node that has no half of the disk says whose it is."""
        error = self.refusal(self.on("node3").assemble(DISK, True), BlockDeviceError)
        self.assertIn("mirrored between node1 and node2, and this is node3", error.message)

    def test_assemble_again(self) -> None:
        """What is assembled is left as it is."""
        self.make()
        before = len(self.drbd.asked)
        self.awaited(self.driver.assemble(DISK, False))
        self.assertEqual([row[0] for row in self.drbd.asked[before:]], ["show"])

    def test_primary(self) -> None:
        """Only a fresh disk is made primary though it was never in sync."""
        self.make()
        error = self.refusal(self.driver.assemble(DISK, True), BlockDeviceError)
        self.assertIn("Need access to UpToDate data", error.message)
        found = self.awaited(self.driver.assemble(DISK, True, fresh=True))
        self.assertEqual(found.path, "/dev/drbd3")
        self.assertEqual(self.drbd.devices[3]["role"], "Primary")

    def test_file_in_the_way(self) -> None:
        """A file where the device should be is told with what removes it."""
        self.make()
        self.drbd.in_the_way = True
        error = self.refusal(self.driver.assemble(DISK, True, fresh=True), BlockDeviceError)
        self.assertIn("'rm /dev/drbd3'", error.message)

    def test_taken_minor(self) -> None:
        """A device that somebody else's volume is attached to is left alone."""
        self.make()
        self.drbd.devices[3]["disk"] = "/dev/xenvg/other"
        error = self.refusal(self.driver.assemble(DISK, False), BlockDeviceError)
        self.assertIn("has /dev/xenvg/other attached", error.message)

    def test_wrong_peer(self) -> None:
        """A device that is connected to another node is left alone."""
        self.make()
        self.drbd.devices[3]["remote"] = "ipv4:192.0.2.9:11000"
        error = self.refusal(self.driver.assemble(DISK, False), BlockDeviceError)
        self.assertIn("is connected to ipv4:192.0.2.9:11000", error.message)

    def test_remove(self) -> None:
        """A removed half leaves neither device nor volume; again is fine."""
        self.make()
        self.awaited(self.driver.remove(DISK))
        self.awaited(self.driver.remove(DISK))
        self.assertEqual((self.drbd.devices, self.lvm.volumes), ({}, {}))

    def test_find(self) -> None:
        """The half is there when both volumes are."""
        self.assertIsNone(self.awaited(self.driver.find(DISK)))
        self.make()
        found = self.awaited(self.driver.find(DISK))
        self.assertEqual((found.path, found.size) if found else None, ("/dev/drbd3", 8))
        del self.lvm.volumes["xenvg", "uuid.disk0_meta"]
        self.assertIsNone(self.awaited(self.driver.find(DISK)))

    def test_grow(self) -> None:
        """The data volume grows, then the device follows."""
        self.make()
        self.awaited(self.driver.grow(DISK, 4, False))
        self.awaited(self.driver.resize(DISK))
        self.assertEqual(self.lvm.volumes["xenvg", "uuid.disk0_data"], 12)
        self.assertTrue(self.drbd.devices[3]["resized"])

    def test_sync(self) -> None:
        """A device without its peer is degraded; how its own copy is, is told."""
        self.make()
        sync = self.awaited(self.driver.sync(DISK))
        self.assertEqual((sync.degraded, sync.local) if sync else None, (True, "faulty"))
        self.awaited(self.driver.assemble(DISK, True, fresh=True))
        sync = self.awaited(self.driver.sync(DISK))
        self.assertEqual(sync.local if sync else None, "ok")

    def test_new_volumes(self) -> None:
        """Volumes can be taken away and new ones given, which count as out of sync."""
        self.make()
        self.awaited(self.driver.detach(DISK))
        self.assertEqual(self.drbd.devices[3]["disk"], "")
        self.awaited(self.driver.renew(DISK))
        self.assertEqual(self.drbd.devices[3]["disk"], "/dev/xenvg/uuid.disk0_data")

    def test_disconnect(self) -> None:
        """A device can be left without its peer, and finds it again when it is assembled."""
        self.make()
        self.awaited(self.driver.disconnect(DISK))
        self.awaited(self.driver.disconnect(DISK))
        self.assertEqual(self.drbd.devices[3]["remote"], "")
        self.awaited(self.driver.assemble(DISK, False))
        self.assertEqual(self.drbd.devices[3]["remote"], "ipv4:192.0.2.1:11000")

    def test_two_primaries(self) -> None:
        """Both nodes may write for a while, and then one again."""
        self.make()
        self.awaited(self.driver.allow_two_primaries(DISK, allowed=True))
        self.assertTrue(self.drbd.devices[3]["two"])
        self.awaited(self.driver.allow_two_primaries(DISK, allowed=False))
        self.assertFalse(self.drbd.devices[3]["two"])

    def test_secret(self) -> None:
        """No text about a command has the secret."""
        self.make()
        told = " ".join(str(command) for command in self.runner.ran)
        self.assertIn("--shared-secret=", told)
        self.assertNotIn(SECRET, told)
        self.assertNotIn(SECRET, repr(drbd_argv.side_of(DISK, "node1")))

    def test_parameters(self) -> None:
        """Barriers, flushes, rates, protocol and custom options reach the command lines."""
        side = drbd_argv.side_of(DISK, "node1")
        given = {
            **RATES, "dynamic-resync": True, "disabled-barriers": "bf", "disable-meta-flush": True,
            "disk-custom": "--al-extents=1237", "net-custom": "--max-buffers=8000",
            "protocol": "A",
        }  # fmt: skip
        attach = drbd_argv.attach(side, "/dev/a", "/dev/b", given)
        self.assertEqual(
            attach[-4:],
            ("--disk-barrier=no", "--disk-flushes=no", "--md-flushes=no", "--al-extents=1237"),
        )
        rates = drbd_argv.rates(side, given)
        self.assertIn("--c-plan-ahead=20", rates)
        self.assertIn("--c-max-rate=61440k", rates)
        connect = drbd_argv.connect(side, given)
        self.assertIn("--protocol=A", connect)
        self.assertEqual(connect[-1], "--max-buffers=8000")

    def test_ipv6(self) -> None:
        """IPv6 addresses are written as DRBD wants them."""
        peers = [["node1", "2001:db8::1"], ["node2", "2001:db8::2"]]
        disk = msgspec.structs.replace(DISK, params={"peers": peers})
        self.assertEqual(drbd_argv.side_of(disk, "node1").local, "ipv6:[2001:db8::1]:11000")

    def test_no_module(self) -> None:
        """Without DRBD in the kernel the command that loads it is told."""
        bare = DrbdDisks(
            "node2",
            self.driver.plain,
            self.driver.programs,
            FakeFileSystem(lambda: 0.0),
            InlineWorker(),
        )
        error = self.refusal(bare.sync(DISK), BlockDeviceError)
        self.assertIn("'modprobe drbd' loads it", error.message)

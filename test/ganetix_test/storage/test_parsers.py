"""What LVM and DRBD said on a real machine is understood."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix.storage import drbd_parse, lvm_parse
from ganetix.storage.drbd_parse import Minor
from ganetix_test.storage import recorded


def minor(name: str, number: int = 0) -> Minor:
    """Return device *number* of the recorded ``/proc/drbd``."""
    return drbd_parse.minors(recorded.read(f"proc-drbd-{name}"))[number]


class DrbdTests(SynchronousTestCase):
    """``/proc/drbd`` of DRBD 8.4 and ``drbdsetup show`` of the tools of DRBD 9."""

    def test_syncing(self) -> None:
        """Percentage and time left are known on both sides of a sync."""
        source, target = minor("syncing"), minor("target")
        self.assertEqual((source.percent, source.seconds), (6.1, 63))
        self.assertEqual((target.percent, target.seconds), (24.3, 38))
        self.assertTrue(source.syncing and target.syncing and source.connected)
        self.assertFalse(source.healthy)

    def test_paused(self) -> None:
        """A paused sync is a sync without an end in sight."""
        paused = minor("paused")
        self.assertTrue(paused.syncing)
        self.assertIsNone(paused.seconds)

    def test_connected(self) -> None:
        """Two good copies are healthy; a minor that is not in use is not configured."""
        self.assertTrue(minor("connected").healthy)
        self.assertEqual(minor("connected").role, "Primary")
        self.assertFalse(minor("connected", 1).configured)

    def test_alone(self) -> None:
        """Without its peer a device is not healthy, whatever it has itself."""
        alone = minor("alone")
        self.assertEqual((alone.connection, alone.disk), ("WFConnection", "UpToDate"))
        self.assertFalse(alone.healthy or alone.connected)

    def test_diskless(self) -> None:
        """A device that lost its disk says so."""
        self.assertEqual(minor("diskless").disk, drbd_parse.DISKLESS)
        self.assertFalse(minor("diskless").healthy)

    def test_new(self) -> None:
        """A device that has never met its peer stands alone."""
        self.assertEqual(minor("new").connection, drbd_parse.STANDALONE)

    def test_version(self) -> None:
        """The kernel module's version is the first thing it says."""
        self.assertEqual(drbd_parse.version(recorded.read("proc-drbd-new")), "8.4.11")
        self.assertEqual(drbd_parse.version(""), "")

    def test_shown(self) -> None:
        """Volumes and addresses of a device are found; the secret is not looked for."""
        shown = drbd_parse.shown(recorded.read("drbdsetup-show"))
        self.assertEqual(shown.disk, "/dev/xenvg/aa.disk0_data")
        self.assertEqual(shown.meta, "/dev/xenvg/aa.disk0_meta")
        self.assertEqual(shown.local, "ipv4:198.18.0.1:11000")
        self.assertEqual(shown.remote, "ipv4:198.18.0.2:11000")


class LvmTests(SynchronousTestCase):
    """Listings of LVM 2.03."""

    def test_volumes(self) -> None:
        """A volume has its place, its size in MiB and its state."""
        [volume] = lvm_parse.volumes(recorded.read("lvs"))
        self.assertEqual((volume.path, volume.size), ("/dev/xenvg/aa.disk0_data", 128))
        self.assertTrue(volume.active)
        self.assertFalse(volume.in_use)

    def test_group(self) -> None:
        """A group has its size and room in MiB."""
        [group] = lvm_parse.groups(recorded.read("vgs"))
        self.assertEqual((group.name, group.size, group.free), ("xenvg", 24572, 24316))

    def test_physical(self) -> None:
        """A physical volume tells whether new volumes may be on it."""
        [physical] = lvm_parse.physicals(recorded.read("pvs"))
        self.assertEqual((physical.path, physical.group), ("/dev/ubdb", "xenvg"))
        self.assertTrue(physical.allocatable)

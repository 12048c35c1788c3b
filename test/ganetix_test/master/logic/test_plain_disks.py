"""Instances on LVM alone, new or adopted, and disks that are wiped before they are used."""

from typing import Any

from ganetix.errors import OpExecError
from ganetix.opcodes.instance import OpInstanceCreate, OpInstanceSetParams
from ganetix.rpc.tables.storage import LogicalVolume
from ganetix_test.master.logic.test_drbd_disks import NAME, NODE1, DiskTestCase, creation


class PlainTests(DiskTestCase):
    """Instances on LVM alone, new or adopted."""

    def test_make(self) -> None:
        """A plain disk is one volume on the primary, in the group that was asked for."""
        self.make(disk_template="plain", snode=None, disks=[{"size": 64 * 16, "vg": "fastvg"}])
        disk = self.disk()
        self.assertEqual(disk.logical_id[0], "fastvg")
        self.assertEqual({node for node, _ in self.world.disks}, {NODE1})

    def volume(self, *, in_use: bool = False) -> None:
        """Put the volume ``old`` of 2048 MiB on node 1."""
        old = LogicalVolume("xenvg", "old", 2048, active=True, in_use=in_use)
        self.mirrors.volumes = {NODE1: [old]}

    def adoption(self) -> OpInstanceCreate:
        """Return the opcode that adopts the volume ``old``."""
        return creation(disk_template="plain", snode=None, disks=[{"adopt": "old"}])

    def test_adopt(self) -> None:
        """An adopted volume is renamed, has its own size, and no OS is put on it."""
        self.volume()
        self.run_op(self.adoption())
        disk = self.disk()
        self.assertEqual(disk.size, 2048)
        self.assertEqual(self.world.disks, {(NODE1, disk.logical_id[1]): 2048})
        self.assertEqual(self.world.scripts, [])

    def test_adopt_fails(self) -> None:
        """When creation fails, the adopted volume has its old name again, and is there."""

        def failing(node: str, call: str) -> None:
            if call == "instance_start":
                raise OpExecError("No memory.")

        self.volume()
        self.world.before = failing
        self.refusal(self.adoption(), OpExecError)
        self.assertEqual(self.world.disks, {(NODE1, "old"): 2048})

    def test_not_adoptable(self) -> None:
        """A volume that is not there, or in use, is refused by name."""
        self.assertIn("xenvg/old on node1.example.com", self.refusal(self.adoption()))
        self.volume(in_use=True)
        self.assertIn("it is in use", self.refusal(self.adoption()))

    def test_all_or_none(self) -> None:
        """Adopted and new disks don't mix."""
        self.volume()
        op = creation(disk_template="plain", snode=None, disks=[{"adopt": "old"}, {"size": 1024}])
        self.assertIn("adopt all of them, or none", self.refusal(op))

    def test_blockdev(self) -> None:
        """A block device is adopted by its path, which must be below /dev."""
        op = creation(disk_template="blockdev", snode=None, disks=[{"adopt": "/etc/x"}])
        self.assertIn("below /dev", self.refusal(op))
        op = creation(disk_template="blockdev", snode=None, disks=[{"size": 1024}])
        self.assertIn("give adopt=/dev/", self.refusal(op))


class WipeTests(DiskTestCase):
    """A cluster that wipes new disks."""

    def settings(self) -> dict[str, Any]:
        """Return the setting."""
        return {"prealloc_wipe_disks": True}

    def test_wipe(self) -> None:
        """All of a new disk is wiped in parts, while its sync stands still."""
        self.make()
        self.assertEqual(sum(size for _, _, size in self.mirrors.wiped), 1024)
        self.assertEqual(self.mirrors.wiped[0], (NODE1, 0, 102))
        paused = [row for row in self.mirrors.done if row[1] == "pause"]
        self.assertEqual(paused, [(NODE1, "pause", True), (NODE1, "pause", False)])
        self.assertIn("is wiped to 100%", "\n".join(self.context.logged))

    def test_adopted(self) -> None:
        """What is on an adopted volume stays."""
        old = LogicalVolume("xenvg", "old", 2048, active=True, in_use=False)
        self.mirrors.volumes = {NODE1: [old]}
        self.make(disk_template="plain", snode=None, disks=[{"adopt": "old"}])
        self.assertEqual(self.mirrors.wiped, [])

    def test_file(self) -> None:
        """A new file is all zeros, and stays sparse."""
        self.make(disk_template="file", snode=None)
        self.assertEqual(self.mirrors.wiped, [])

    def test_added(self) -> None:
        """A disk that an instance gets later is wiped, too, and is down then if the others are."""
        self.make(disk_template="plain", snode=None, start=False)
        self.mirrors.wiped.clear()
        op = OpInstanceSetParams(instance_name=NAME, disks=[("add", -1, {"size": 1024})])
        self.run_op(op)
        self.assertEqual(sum(size for _, _, size in self.mirrors.wiped), 1024)
        self.assertEqual(self.world.assembled, set())

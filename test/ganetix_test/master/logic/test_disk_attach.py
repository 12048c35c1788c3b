"""Disks that are detached from an instance and attached to another, with all that is on them."""

from typing import Any

import msgspec

from ganetix import errors
from ganetix.model.objects import Disk
from ganetix.opcodes.instance import OpInstanceRemove, OpInstanceSetParams
from ganetix.opcodes.verify import OpClusterVerifyGroup
from ganetix.testing.logic import node_uuid
from ganetix_test.master.logic.cases import UnitTestCase

VM, OTHER = "vm1.example.com", "vm2.example.com"


class AttachTestCase(UnitTestCase):
    """Two stopped instances on one node; the first has two disks."""

    template = "file"

    def setUp(self) -> None:
        """Create them."""
        super().setUp()
        disks: list[Any] = [{"size": 1024}, {"size": 2048, "name": "data"}]
        self.add(VM, disks=disks, start=False, disk_template=self.template)
        self.add(OTHER, start=False, disk_template=self.template)
        self.moved = self.disks()[1]
        self.context.fake.made.clear()

    def disks(self, name: str = VM) -> list[Disk]:
        """Return the disks of an instance."""
        return self.context.cluster.disks_of(self.instance(name))

    def modify(self, name: str, *changes: Any) -> Any:
        """Change the disks of an instance."""
        return self.run_op(OpInstanceSetParams(instance_name=name, disks=list(changes)))

    def refused(self, name: str, *changes: Any) -> str:
        """Return why that change is refused."""
        return self.refusal(OpInstanceSetParams(instance_name=name, disks=list(changes)))


class AttachTests(AttachTestCase):
    """From one to the other."""

    def test_detach(self) -> None:
        """The disk leaves the instance and stays where it is, in the configuration too."""
        seen = dict(self.context.world.disks)
        self.assertEqual(self.modify(VM, ("detach", 1, {})), [["disk/1", "detach"]])
        self.assertIn(f"--disk attach:uuid={self.moved.uuid}", self.context.logged[-1])
        self.assertEqual([disk.uuid for disk in self.disks()], [self.instance().disks[0]])
        self.assertIn(self.moved.uuid, self.context.cluster.disks)
        self.assertEqual(self.context.world.disks, seen)
        self.assertEqual(self.context.fake.made, [self.context.fake.made[0]])

    def test_attach(self) -> None:
        """It is found by uuid or by name, and gets its number in the other instance."""
        for given, at in (({"uuid": self.moved.uuid}, -1), ({"name": "data"}, 0)):
            source = VM if self.moved.uuid in self.instance(VM).disks else OTHER
            target = OTHER if source == VM else VM
            self.modify(source, ("detach", "data", {}))
            told = self.modify(target, ("attach", at, given))
            self.assertIn(f"attach:uuid={self.moved.uuid}", told[0][1])
            found = self.disks(target)
            self.assertEqual(
                [disk.iv_name for disk in found], [f"disk/{n}" for n in range(len(found))]
            )
            self.assertEqual(found[at].uuid, self.moved.uuid)
            self.assertEqual(found[at].logical_id, self.moved.logical_id)

    def test_both_at_once(self) -> None:
        """Detached and attached by one command, a disk changes its number and nothing else."""
        self.modify(VM, ("detach", 1, {}), ("attach", 0, {"uuid": self.moved.uuid}))
        self.assertEqual([disk.name for disk in self.disks()], ["data", None])

    def test_refused(self) -> None:
        """What belongs to somebody, is elsewhere, or is not there can't be attached."""
        mine = {"uuid": self.moved.uuid}
        for change, word in (
            (("attach", -1, mine), "belongs to instance vm1.example.com"),
            (("attach", -1, {"name": "nothing"}), "no disk"),
            (("attach", -1, {}), "by its uuid or by its name"),
            (("attach", -1, {"uuid": "a", "name": "b"}), "by its uuid or by its name"),
            (("attach", -1, {"uuid": "a", "size": 4}), "by its uuid or by its name"),
            (("attach", 7, mine), "can't be added at '7'"),
            (("detach", 7, {}), "no disk 7"),
        ):
            self.assertIn(word, self.refused(OTHER, change))
        self.assertIn("belongs to instance vm1", self.refused(VM, ("attach", -1, mine)))
        self.modify(VM, ("detach", 1, {}))
        self.add("vm3.example.com", pnode="node2.example.com", start=False)
        self.assertIn(
            "is on node1.example.com", self.refused("vm3.example.com", ("attach", -1, mine))
        )
        added: Any = (("add", -1, {"size": 4}), ("detach", -1, {}))
        self.assertIn("only about to be added", self.refused(VM, *added))

    def test_nics(self) -> None:
        """A NIC is nothing without an instance."""
        for action in ("attach", "detach"):
            change: Any = (action, 0, {})
            told = self.refusal(OpInstanceSetParams(instance_name=VM, nics=[change]))
            self.assertIn(f"can't be {action}ed", told)

    def test_mirror(self) -> None:
        """Neither is a mirror."""
        ends = [node_uuid(1), node_uuid(2), 11001, 0, 0, "secret"]
        below = [Disk(f"{part}-uuid", "plain", ["vg", part], 128) for part in ("data", "meta")]
        row = msgspec.structs.replace(
            self.moved, dev_type="drbd", logical_id=ends, children=below,
            nodes=[node_uuid(1), node_uuid(2)],
        )  # fmt: skip
        self.context.state = msgspec.structs.replace(
            self.context.state, disks={**self.context.state.disks, row.uuid: row}
        )
        self.assertIn("mirrored by DRBD", self.refused(VM, ("detach", 1, {})))

    def test_removal(self) -> None:
        """An instance goes without the disk that it lost; the directory stays with the disk."""
        self.modify(VM, ("detach", 1, {}))
        self.run_op(OpInstanceRemove(instance_name=VM))
        place = str(self.moved.logical_id[1])
        self.assertIn((node_uuid(1), place), self.context.world.disks)
        self.assertIn((node_uuid(1), place.rpartition("/")[0]), self.context.world.directories)
        self.modify(OTHER, ("attach", -1, {"name": "data"}))
        self.run_op(OpInstanceRemove(instance_name=OTHER))
        self.assertEqual((self.context.world.disks, self.context.world.directories), ({}, set()))
        self.assertEqual(self.context.cluster.disks, {})

    def test_verify(self) -> None:
        """A disk of nobody is no orphan: the configuration knows it."""
        self.modify(VM, ("detach", 1, {}))
        self.run_op(OpClusterVerifyGroup(group_name="default"))
        told = [line for _, lines in self.context.entries for line in lines]
        self.assertFalse([line for line in told if "belongs to no instance" in line], told)


class RunningTests(AttachTestCase):
    """With an instance that runs."""

    def test_needs_stop(self) -> None:
        """A running instance keeps its disks."""
        self.add("vm3.example.com")
        self.assertIn("needs it", self.refused("vm3.example.com", ("detach", 0, {})))

    def test_active(self) -> None:
        """Where disks are active, one that comes is assembled, and one that goes is shut down."""
        self.modify(VM, ("detach", 1, {}))
        running = self.add("vm3.example.com")
        self.assertTrue(running.disks_active)
        self.modify("vm3.example.com", ("attach", -1, {"name": "data"}))
        self.assertIn((node_uuid(1), self.moved.uuid), self.assembled())

    def assembled(self) -> set[tuple[str, str]]:
        """Return (node, disk uuid) of what is assembled."""
        by_path = {str(d.logical_id[1]): d.uuid for d in self.context.cluster.disks.values()}
        return {(node, by_path.get(path, path)) for node, path in self.context.world.assembled}

    def test_refusal_kind(self) -> None:
        """A disk that there is not is an unknown entity."""
        op = OpInstanceSetParams(instance_name=VM, disks=[("attach", -1, {"name": "nothing"})])
        self.assertEqual(self.refusal_kind(op), errors.NOENT)

"""Whatever fails in an operation on disks: it is undone, or verify names what is left."""

from typing import Any, Final

import attrs

from ganetix.model.cluster import Cluster
from ganetix.opcodes.backup import OpBackupExport
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.instance import OpInstanceRename, OpInstanceSetParams
from ganetix.opcodes.instance_disks import (
    OpInstanceActivateDisks,
    OpInstanceGrowDisk,
    OpInstanceRecreateDisks,
    OpInstanceReplaceDisks,
)
from ganetix.opcodes.instance_state import OpInstanceFailover, OpInstanceMigrate, OpInstanceMove
from ganetix.rpc.tables.storage import LogicalVolume
from ganetix.testing.logic import LogicContext, node_uuid, three_nodes
from ganetix.testing.transfers import TransferWorld
from ganetix_test.master.logic.fault_cases import FaultCase
from ganetix_test.master.logic.test_drbd_disks import NAME, creation

DOWN: Final = {"start": False}
PLAIN: Final = {"disk_template": "plain", "snode": None}
FILE: Final = {"disk_template": "file", "snode": None}


@attrs.frozen
class Case:
    """*op* on an instance that is made with *made* (None: there is none)."""

    op: OpCode
    made: dict[str, Any] | None
    lost: bool = False
    """Whether all disks were lost before."""


def change(**fields: Any) -> OpInstanceSetParams:
    """Return a change of the instance."""
    return OpInstanceSetParams(instance_name=NAME, **fields)


def replacing(mode: str, **fields: Any) -> OpInstanceReplaceDisks:
    """Return a replacement of its disks; *mode* is without its prefix."""
    whole: Any = f"replace_{mode}"
    return OpInstanceReplaceDisks(instance_name=NAME, mode=whole, **fields)


ADD: Final[list[Any]] = [("add", -1, {"size": 1024}), ("add", -1, {"size": 2048})]
CASES: Final[dict[str, Case]] = {
    "create drbd": Case(creation(disks=[{"size": 1024}, {"size": 2048}]), None),
    "create plain": Case(creation(**PLAIN), None),
    "create file": Case(creation(**FILE), None),
    "adopt": Case(creation(**PLAIN, disks=[{"adopt": "old"}]), None),
    "add drbd": Case(change(disks=ADD), {}),
    "add drbd stopped": Case(change(disks=ADD), DOWN),
    "add plain": Case(change(disks=ADD), PLAIN),
    "add file stopped": Case(change(disks=ADD), {**FILE, **DOWN}),
    "remove drbd": Case(change(disks=[("remove", 1, {})]), {**DOWN, "disks": [{"size": 1024}] * 2}),
    "grow drbd": Case(OpInstanceGrowDisk(instance_name=NAME, disk=0, amount=512), {}),
    "grow drbd stopped": Case(OpInstanceGrowDisk(instance_name=NAME, disk=0, amount=512), DOWN),
    "grow file": Case(OpInstanceGrowDisk(instance_name=NAME, disk=0, amount=512), FILE),
    "replace on primary": Case(replacing("on_primary"), {}),
    "replace on secondary stopped": Case(replacing("on_secondary"), DOWN),
    "new secondary": Case(replacing("new_secondary", remote_node="node3"), {}),
    "new secondary early": Case(
        replacing("new_secondary", remote_node="node3", early_release=True), {}
    ),
    "new secondary stopped": Case(replacing("new_secondary", remote_node="node3"), DOWN),
    "plain to drbd": Case(change(disk_template="drbd", remote_node="node2"), {**PLAIN, **DOWN}),
    "drbd to plain": Case(change(disk_template="plain"), DOWN),
    "plain to file": Case(change(disk_template="file"), {**PLAIN, **DOWN}),
    "file to drbd": Case(change(disk_template="drbd", remote_node="node2"), {**FILE, **DOWN}),
    "file to plain": Case(change(disk_template="plain"), {**FILE, **DOWN}),
    "recreate drbd": Case(OpInstanceRecreateDisks(instance_name=NAME), DOWN, lost=True),
    "recreate elsewhere": Case(
        OpInstanceRecreateDisks(instance_name=NAME, nodes=["node2", "node3"]), DOWN, lost=True
    ),
    "activate": Case(OpInstanceActivateDisks(instance_name=NAME), DOWN),
    "rename file": Case(
        OpInstanceRename(
            instance_name=NAME, new_name="other.example.com", name_check=False, ip_check=False
        ),
        {**FILE, **DOWN},
    ),
    "move plain": Case(OpInstanceMove(instance_name=NAME, target_node="node3"), PLAIN),
    "move file": Case(OpInstanceMove(instance_name=NAME, target_node="node3"), FILE),
    "migrate": Case(OpInstanceMigrate(instance_name=NAME), {}),
    "fail over": Case(OpInstanceFailover(instance_name=NAME, shutdown_timeout=0), {}),
    "export with snapshots": Case(
        OpBackupExport(instance_name=NAME, target_node="node3", shutdown=False),
        {"disks": [{"size": 1024}] * 2},
    ),
    "export stopped": Case(OpBackupExport(instance_name=NAME, target_node="node3"), DOWN),
}


class DiskFaultTests(FaultCase):
    """Each node call of each operation fails: refused, its answer lost, its node lost."""

    def cluster(self) -> Cluster:
        """See `UnitTestCase`."""
        return three_nodes(
            enabled_disk_templates=["drbd", "plain", "file", "blockdev", "diskless"],
            volume_group_name="xenvg",
            drbd_usermode_helper="",
        )

    def made(self, case: Case) -> LogicContext:
        """Return a context in which *case* can begin."""
        context = LogicContext(self.cluster(), handlers=dict(TransferWorld().handlers()))
        old = LogicalVolume("xenvg", "old", 2048, active=True, in_use=False)
        context.world.mirrors.volumes = {node_uuid(1): [old]}
        if case.made is not None:
            self.run_op(creation(**case.made), context)
        if case.lost:
            context.world.disks.clear()
        context.fake.made.clear()
        context.logged.clear()
        return context

    def check_all(self, *begins: str) -> None:
        """Check the cases whose names begin so."""
        for name, case in CASES.items():
            if name.startswith(begins):
                with self.subTest(name):
                    self.check_one(case)

    def check_one(self, case: Case) -> None:
        """Check what is left after each fault, and that the operation works then."""
        count = 0
        for outcome in self.outcomes(case.op, lambda: self.made(case)):
            self.check(outcome)
            self.again(case.op, outcome)
            count += 1
        self.assertGreater(count, 4)

    def test_every_case(self) -> None:
        """No case is left out below."""
        told = "create adopt add remove grow replace new recreate activate rename move migrate"
        told += " fail export plain file drbd"
        self.assertEqual({name.split()[0] for name in CASES}, set(told.split()))

    def test_create(self) -> None:
        """A creation that fails leaves nothing, or what it could not reach is named."""
        self.check_all("create", "adopt")

    def test_change(self) -> None:
        """Disks that an instance gets or loses are all there, or named."""
        self.check_all("add", "remove", "rename")

    def test_grow(self) -> None:
        """A disk that could not grow can be grown again."""
        self.check_all("grow", "activate")

    def test_replace(self) -> None:
        """Mirrors that get new parts have the old or the new ones."""
        self.check_all("replace", "new secondary")

    def test_convert(self) -> None:
        """Disks are of the old or of the new template; parts of the other are named."""
        self.check_all("plain to", "drbd to", "file to")

    def test_recreate(self) -> None:
        """Lost disks are made, or still lost."""
        self.check_all("recreate")

    def test_move(self) -> None:
        """An instance that moves is at one of its nodes."""
        self.check_all("move", "migrate", "fail over")

    def test_export(self) -> None:
        """An export leaves no snapshots that nobody names."""
        self.check_all("export")

"""What a node lacks, or LVM refuses: said by node and thing before anything is made."""

from collections.abc import Callable
from typing import Any, Final

import attrs
import msgspec
from twisted.internet.defer import Deferred

from ganetix import errors
from ganetix.model.cluster import Cluster
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.cluster import OpClusterSetParams
from ganetix.opcodes.group import OpGroupAdd, OpGroupSetParams
from ganetix.opcodes.instance import OpInstanceSetParams
from ganetix.opcodes.instance_disks import (
    OpInstanceGrowDisk,
    OpInstanceRecreateDisks,
    OpInstanceReplaceDisks,
)
from ganetix.opcodes.instance_state import (
    OpInstanceFailover,
    OpInstanceMigrate,
    OpInstanceMove,
    OpInstanceReboot,
    OpInstanceStartup,
)
from ganetix.rpc.tables.blockdev import DiskInfo
from ganetix.rpc.tables.storage import LogicalVolume
from ganetix.testing.logic import LogicContext, run, three_nodes
from ganetix_test.master.logic.cases import UnitTestCase
from ganetix_test.master.logic.test_drbd_disks import NAME, NODE1, NODE2, NODE3, creation

PLAIN: Final = {"disk_template": "plain", "snode": None}
DOWN: Final = {"start": False}
LOOKS: Final = frozenset({
    "node_info", "instance_info", "all_instances_info", "blockdev_find", "blockdev_getmirrorstatus",
    "bridges_exist", "hypervisor_validate_params", "lv_list", "os_validate", "node_has_ip_address",
    "node_verify_light",
})  # fmt: skip
"""Calls that change nothing."""


def change(**fields: Any) -> OpInstanceSetParams:
    """Return a change of the instance."""
    return OpInstanceSetParams(instance_name=NAME, **fields)


def added(**disk: Any) -> OpInstanceSetParams:
    """Return the addition of a disk."""
    return change(disks=[("add", -1, {"size": 1024, **disk})])


MIGRATE: Final = OpInstanceMigrate(instance_name=NAME)
FAIL_OVER: Final = OpInstanceFailover(instance_name=NAME)
START: Final = OpInstanceStartup(instance_name=NAME)
REBOOT: Final = OpInstanceReboot(instance_name=NAME, reboot_type="hard")
RECREATE: Final = OpInstanceRecreateDisks(instance_name=NAME)
MOVE: Final = OpInstanceMove(instance_name=NAME, target_node="node3")
NEW_SECONDARY: Final = OpInstanceReplaceDisks(
    instance_name=NAME, mode="replace_new_secondary", remote_node="node3"
)
TO_DRBD: Final = change(disk_template="drbd", remote_node="node2")

NEEDS: Final[list[tuple[OpCode, dict[str, Any] | None, str, str]]] = [
    (creation(), None, NODE1, "bridges_exist"),
    (creation(), None, NODE1, "hypervisor_validate_params"),
    (creation(), None, NODE2, "hypervisor_validate_params"),
    (creation(), None, NODE1, "os_validate"),
    (START, DOWN, NODE1, "bridges_exist"),
    (START, DOWN, NODE1, "hypervisor_validate_params"),
    (REBOOT, {}, NODE1, "bridges_exist"),
    (change(nics=[("add", -1, {"link": "br9"})]), DOWN, NODE1, "bridges_exist"),
    (change(hvparams={"kernel_path": "/x"}), DOWN, NODE1, "hypervisor_validate_params"),
    (change(hvparams={"kernel_path": "/x"}), DOWN, NODE2, "hypervisor_validate_params"),
    (MIGRATE, {}, NODE2, "bridges_exist"),
    (MIGRATE, {}, NODE2, "hypervisor_validate_params"),
    (FAIL_OVER, {}, NODE2, "bridges_exist"),
    (FAIL_OVER, {}, NODE2, "hypervisor_validate_params"),
    (MOVE, PLAIN, NODE3, "bridges_exist"),
]
"""Operation, what its instance is made with, and which check of which node fails."""

ROOM: Final[list[tuple[OpCode, dict[str, Any] | None, str]]] = [
    (creation(), None, NODE1),
    (creation(), None, NODE2),
    (creation(**PLAIN), None, NODE1),
    (added(), DOWN, NODE1),
    (added(), DOWN, NODE2),
    (added(), PLAIN, NODE1),
    (TO_DRBD, {**PLAIN, **DOWN}, NODE2),
    (change(disk_template="plain"), {**PLAIN, **DOWN, "disk_template": "file"}, NODE1),
    (RECREATE, DOWN, NODE1),
    (NEW_SECONDARY, {}, NODE3),
    (MOVE, PLAIN, NODE3),
]
"""Operation, what its instance is made with, and a node that has no volume group, or no room."""

DRBD: Final[list[dict[str, Any]]] = [
    {"protocol": "X"}, {"disk-barriers": "xyz"}, {"disk-barriers": "bb"}, {"resync-rate": "fast"},
    {"resync-rate": 0}, {"c-plan-ahead": -1}, {"data-stripes": 0}, {"nope": 1},
]  # fmt: skip


@attrs.frozen
class Adoption:
    """A volume or device that can't be adopted."""

    op: OpCode
    words: str
    volume: bool = True
    in_use: bool = False
    reserved: bool = False


ADOPTIONS: Final = [
    Adoption(creation(**PLAIN, disks=[{"adopt": "old"}]), "it is not there", volume=False),
    Adoption(creation(**PLAIN, disks=[{"adopt": "old"}]), "it is in use", in_use=True),
    Adoption(creation(**PLAIN, disks=[{"adopt": "old"}]), "has reserved it", reserved=True),
    Adoption(creation(**PLAIN, disks=[{"adopt": "a b"}]), "can't be a name for LVM"),
    Adoption(creation(**PLAIN, disks=[{"size": 1024, "vg": "-x"}]), "can't be a name for LVM"),
    Adoption(creation(disks=[{"size": 1024, "metavg": "a/b"}]), "can't be a name for LVM"),
    Adoption(
        creation(snode=None, disk_template="blockdev", disks=[{"adopt": "/dev/sdb"}]),
        "/dev/sdb on node1.example.com can't be adopted: it is in use",
        in_use=True,
    ),
    Adoption(
        creation(snode=None, disk_template="blockdev", disks=[{"adopt": "/dev/sdb"}]),
        "/dev/sdb on node1.example.com can't be adopted: it is not there",
        volume=False,
    ),
]


class BadInputTests(UnitTestCase):
    """Each is refused, and nodes and configuration are as they were."""

    def cluster(self) -> Cluster:
        """See `UnitTestCase`."""
        return three_nodes(
            enabled_disk_templates=["drbd", "plain", "file", "blockdev", "diskless"],
            enabled_hypervisors=["kvm"], volume_group_name="xenvg",
            reserved_lvs=["xenvg/kept"],
        )  # fmt: skip

    def made(self, fields: dict[str, Any] | None) -> LogicContext:
        """Return a context with the instance that *fields* make, None: without one."""
        context = LogicContext(self.cluster())
        if fields is not None:
            self.run_op(creation(**fields), context)
        return context

    def refused(self, op: OpCode, context: LogicContext) -> str:
        """Return with which words *op* is refused; nothing is made or changed."""
        seen, state = context.world.seen(), context.cluster
        context.fake.made.clear()
        work = Deferred.fromCoroutine(run(self.unit(op), op, context))
        error = self.failureResultOf(work, errors.OpPrereqError, errors.TypeEnforcementError).value
        self.assertEqual(context.world.seen(), seen)
        self.assertIs(context.cluster, state)
        self.assertEqual({made.call for made in context.fake.made} - LOOKS, set())
        message = str(error.message)
        self.assertTrue(message.endswith("."), message)
        return message

    def test_what_guests_need(self) -> None:
        """A bridge, kernel, firmware, CD image or OS that a node lacks."""
        for op, fields, node, check in NEEDS:
            with self.subTest(f"{type(op).__name__} {check} {node[-1]}"):
                context = self.made(fields)
                context.world.before = self.lacking(context, node, check)
                self.assertIn("lacks it", self.refused(op, context))

    def lacking(self, context: LogicContext, node: str, check: str) -> Callable[[str, str], None]:
        """Return what lets *check* of *node* fail."""

        def before(where: str, call: str) -> None:
            if (where, call) == (node, check):
                name = context.cluster.nodes[node].name
                raise errors.HypervisorError(f"Node {name} lacks it.")

        return before

    def test_no_group(self) -> None:
        """A node without the volume group is named with it."""
        for op, fields, node in ROOM:
            with self.subTest(f"{type(op).__name__} {node[-1]}"):
                context = self.made(fields)
                if op is RECREATE:
                    context.world.disks.clear()
                self.room(context, node, None)
                name = context.cluster.nodes[node].name
                self.assertIn(f"{name} has no volume group xenvg", self.refused(op, context))

    def test_full_group(self) -> None:
        """A node without room is named with what is free and what is needed."""
        for op, fields, node in ROOM:
            with self.subTest(f"{type(op).__name__} {node[-1]}"):
                context = self.made(fields)
                if op is RECREATE:
                    context.world.disks.clear()
                self.room(context, node, 0)
                name = context.cluster.nodes[node].name
                words = f"{name} has 0 MiB free in volume group xenvg"
                self.assertIn(words, self.refused(op, context))

    def room(self, context: LogicContext, node: str, free: int | None) -> None:
        """Let *node* have *free* MiB in its volume groups, None: no group at all."""
        answer = context.fake.handlers["node_info"]

        async def handler(where: str, request: Any) -> Any:
            info = await answer(where, request)
            if where != node:
                return info
            rows = [msgspec.structs.replace(row, free=free) for row in info.storage]
            return msgspec.structs.replace(info, storage=rows)

        context.fake.handlers["node_info"] = handler

    def test_grow(self) -> None:
        """A disk that can't grow on one node grows on none."""
        context = self.made({})

        def before(where: str, call: str) -> None:
            if (where, call) == (NODE2, "blockdev_grow"):
                raise errors.BlockDeviceError("Volume group xenvg has no room.")

        context.world.before = before
        before_it = context.world.seen(), context.cluster
        op = OpInstanceGrowDisk(instance_name=NAME, disk=0, amount=512)
        work = Deferred.fromCoroutine(run(self.unit(op), op, context))
        self.failureResultOf(work, errors.BlockDeviceError)
        self.assertEqual((context.world.seen(), context.cluster), before_it)

    def test_adoption(self) -> None:
        """What can't be adopted, or is no name for LVM."""
        for case in ADOPTIONS:
            with self.subTest(case.words):
                context = self.made(None)
                if case.reserved:
                    settings = msgspec.structs.replace(
                        context.state.cluster, reserved_lvs=["xenvg/old"]
                    )
                    context.state = msgspec.structs.replace(context.state, cluster=settings)
                if case.volume:
                    old = LogicalVolume("xenvg", "old", 2048, active=True, in_use=case.in_use)
                    context.world.mirrors.volumes = {NODE1: [old]}
                self.device(context, there=case.volume, in_use=case.in_use)
                self.assertIn(case.words, self.refused(case.op, context))

    def device(self, context: LogicContext, *, there: bool, in_use: bool) -> None:
        """Let the nodes have the device /dev/sdb."""

        async def handler(node: str, request: Any) -> DiskInfo:
            return DiskInfo("/dev/sdb", 2048, in_use) if there else DiskInfo(None)

        context.fake.handlers["blockdev_find"] = handler

    def test_taken_device(self) -> None:
        """A block device that an instance has already is nobody else's."""
        context = self.made(None)
        self.device(context, there=True, in_use=False)
        given = {"snode": None, "disk_template": "blockdev", "disks": [{"adopt": "/dev/sdb"}]}
        context.world.disks[NODE1, "/dev/sdb"] = 2048
        self.run_op(creation(**given), context)
        words = self.refused(creation(**given, instance_name="other.example.com"), context)
        self.assertIn("an instance has it already", words)

    def test_drbd(self) -> None:
        """Options that DRBD does not take, for the cluster or a group."""
        for options in DRBD:
            for op in (
                OpClusterSetParams(diskparams={"drbd": options}),
                OpGroupSetParams(group_name="default", diskparams={"drbd": options}),
                OpGroupAdd(group_name="new", diskparams={"drbd": options}),
            ):
                with self.subTest(f"{options} {type(op).__name__}"):
                    self.assertIn(next(iter(options)), self.refused(op, self.made(None)))

    def test_adding_by_adoption(self) -> None:
        """An instance that is there adopts nothing."""
        op = change(disks=[("add", -1, {"adopt": "old"})])
        self.assertIn("'gnt-instance add --disk", self.refused(op, self.made(PLAIN)))

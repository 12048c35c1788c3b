"""Forthcoming instances: what a reservation holds, what it refuses, and how it becomes real."""

from typing import Any

from twisted.internet.defer import Deferred

from ganetix import errors
from ganetix.master.config.ssconf import values
from ganetix.model import pools
from ganetix.model.objects import Instance
from ganetix.opcodes.group import OpGroupSetParams
from ganetix.opcodes.instance import (
    OpInstanceReinstall,
    OpInstanceRemove,
    OpInstanceRename,
    OpInstanceSetParams,
)
from ganetix.opcodes.instance_disks import OpInstanceActivateDisks, OpInstanceGrowDisk
from ganetix.opcodes.instance_state import (
    OpInstanceFailover,
    OpInstanceMigrate,
    OpInstanceReboot,
    OpInstanceShutdown,
    OpInstanceStartup,
)
from ganetix.opcodes.network import OpNetworkAdd, OpNetworkConnect
from ganetix.opcodes.tags import OpTagsSet
from ganetix.opcodes.verify import OpClusterVerifyGroup
from ganetix.testing.logic import LogicContext, node_uuid, run
from ganetix_test.master.logic.cases import UnitTestCase, creation, fail_at

VM = "vm1.example.com"
NIC = {"network": "lan", "ip": "pool"}


class ReserveTestCase(UnitTestCase):
    """A cluster with a network and a reservation."""

    def setUp(self) -> None:
        """Make both."""
        super().setUp()
        self.run_op(OpNetworkAdd(network_name="lan", network="192.0.2.0/28"))
        self.run_op(
            OpNetworkConnect(
                network_name="lan", group_name="default", network_mode="bridged", network_link="br0"
            )
        )
        self.context.fake.made.clear()
        self.reserved = self.add(forthcoming=True, disk_template="sharedfile", nics=[NIC])

    def committing(self, **fields: Any) -> Any:
        """Return the opcode that makes the reservation real."""
        return creation(**{"commit": True, "disk_template": "sharedfile", "nics": [NIC], **fields})

    def used(self) -> list[str]:
        """Return the addresses that instances use, as the pool has it."""
        network = self.context.cluster.network_named("lan")
        return pools.addresses(network, pools.by_instances(network))


class ReservationTests(ReserveTestCase):
    """The reservation."""

    def test_only_written_down(self) -> None:
        """Name, address, MAC and disks are in the configuration; no node has heard of it."""
        one = self.reserved
        self.assertTrue(one.forthcoming)
        self.assertEqual((one.admin_state, one.disks_active), ("down", False))
        self.assertEqual((one.nics[0].ip, self.used()), ("192.0.2.1", ["192.0.2.1"]))
        self.assertTrue(all(disk.forthcoming for disk in self.context.cluster.disks_of(one)))
        self.assertEqual(self.context.fake.made, [])
        self.assertEqual(self.context.pending, [])
        self.assertEqual(self.refusal_kind(creation()), errors.EXISTS)

    def test_policy(self) -> None:
        """A reservation has to keep the policy too."""
        self.run_op(OpGroupSetParams(group_name="default", ipolicy={"disk-templates": ["file"]}))
        op = creation("vm2.example.com", forthcoming=True, disk_template="diskless", disks=[])
        self.assertIn("not allowed", self.refusal(op))

    def test_refused(self) -> None:
        """What needs an instance that is there refuses one that is not, and says what to do."""
        for op in (
            OpInstanceStartup(instance_name=VM),
            OpInstanceShutdown(instance_name=VM),
            OpInstanceReboot(instance_name=VM, reboot_type="hard"),
            OpInstanceReinstall(instance_name=VM),
            OpInstanceRename(instance_name=VM, new_name="x.example.com"),
            OpInstanceSetParams(instance_name=VM, beparams={"vcpus": 2}),
            OpInstanceActivateDisks(instance_name=VM),
            OpInstanceGrowDisk(instance_name=VM, disk=0, amount=4),
            OpInstanceMigrate(instance_name=VM, target_node="node2"),
        ):
            caught = self.assertRaises(errors.OpPrereqError, self.locks, op)
            self.assertIn("gnt-instance add --commit", caught.message)

    def test_allowed(self) -> None:
        """It can be tagged, fail over and be removed: in the configuration alone."""
        self.run_op(OpTagsSet(kind="instance", name=VM, tags=["x"]))
        self.run_op(OpInstanceFailover(instance_name=VM, target_node="node2"))
        self.assertEqual(self.instance().primary_node, node_uuid(2))
        self.set_node(2, offline=True)
        self.run_op(OpInstanceRemove(instance_name=VM))
        self.assertEqual(self.context.fake.made, [])
        self.assertEqual((self.context.cluster.disks, self.used()), ({}, []))

    def test_seen(self) -> None:
        """Verify misses nothing of it; the list of instances that nodes get leaves it out."""
        self.run_op(OpClusterVerifyGroup(group_name="default"))
        told = [line for _, lines in self.context.entries for line in lines if VM in line]
        self.assertEqual(told, [])
        self.assertEqual(values(self.context.cluster)["instance_list"].split(), [])


class CommitTests(ReserveTestCase):
    """Making it real."""

    def test_kept(self) -> None:
        """Uuid, MAC and IP are the reserved ones where the choice is left; the rest is made."""
        self.run_op(self.committing())
        made = self.instance()
        self.assertFalse(made.forthcoming)
        self.assertEqual(
            (made.uuid, made.nics[0].mac), (self.reserved.uuid, self.reserved.nics[0].mac)
        )
        self.assertEqual((made.nics[0].ip, self.used()), ("192.0.2.1", ["192.0.2.1"]))
        self.assertFalse(set(made.disks) & set(self.reserved.disks))
        self.assertEqual(set(self.context.cluster.disks), set(made.disks))
        self.assertIn((node_uuid(1), VM), self.context.world.guests)

    def test_changed(self) -> None:
        """What is asked for otherwise is so: another node, another address, its own MAC."""
        nic = {"network": "lan", "ip": "192.0.2.9", "mac": self.reserved.nics[0].mac}
        self.run_op(self.committing(pnode="node2", nics=[nic, {}]))
        made = self.instance()
        self.assertEqual(made.primary_node, node_uuid(2))
        self.assertEqual((len(made.nics), self.used()), (2, ["192.0.2.9"]))

    def test_refused(self) -> None:
        """There must be a reservation, and one of both is asked for."""
        self.add("vm2.example.com")
        for op, kind in (
            (creation("vm2.example.com", commit=True), errors.EXISTS),
            (creation("vm3.example.com", commit=True), errors.NOENT),
            (self.committing(forthcoming=True), errors.INVAL),
        ):
            self.assertEqual(self.refusal_kind(op), kind)

    def test_failure(self) -> None:
        """Whatever call fails, the reservation is as before and nothing else is left."""
        start = self.context.cluster
        counted = LogicContext(start)
        self.run_op(self.committing(), counted)
        calls = len(counted.fake.made)
        self.assertGreater(calls, 3)
        for number in range(1, calls + 1):
            self.context = LogicContext(start)
            seen = self.context.world.seen()
            fail_at(self.context, number, "after")
            wait = Deferred.fromCoroutine(
                run(self.unit(self.committing()), self.committing(), self.context)
            )
            self.failureResultOf(wait, errors.GanetiError)
            self.assertEqual(self.context.world.seen(), seen, number)
            self.same(self.instance())
            self.assertEqual(self.used(), ["192.0.2.1"])

    def same(self, found: Instance) -> None:
        """Look that *found* is the reservation, but for its serial number and times."""
        for field in ("uuid", "nics", "disks", "forthcoming", "primary_node", "admin_state"):
            self.assertEqual(getattr(found, field), getattr(self.reserved, field), field)
        self.assertEqual(set(self.context.cluster.disks), set(self.reserved.disks))

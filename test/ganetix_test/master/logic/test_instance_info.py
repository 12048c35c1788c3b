"""Looking at instances: their data, their console, their disks on the node."""

from ganetix import errors
from ganetix.opcodes.group import OpGroupSetParams
from ganetix.opcodes.instance import OpInstanceConsole, OpInstanceQueryData
from ganetix.opcodes.instance_disks import OpInstanceActivateDisks, OpInstanceDeactivateDisks
from ganetix.testing.logic import node_uuid
from ganetix_test.master.logic.cases import UnitTestCase

VM = "vm1.example.com"
NODE1 = node_uuid(1)


class DataTests(UnitTestCase):
    """OP_INSTANCE_QUERY_DATA."""

    def setUp(self) -> None:
        """Create two instances."""
        super().setUp()
        self.add(osparams={"a": "1"}, beparams={"vcpus": 2}, nics=[{"ip": "192.0.2.1"}])
        self.add("vm2.example.com", disk_template="diskless", disks=[], start=False)
        self.context.fake.made.clear()

    def test_live(self) -> None:
        """The nodes are asked for state and disks."""
        found = self.run_op(OpInstanceQueryData(instances=["vm1"], use_locking=True))[VM]
        path = self.context.cluster.disks_of(self.instance())[0].logical_id[1]
        self.assertEqual((found["config_state"], found["run_state"]), ("up", "up"))
        self.assertEqual(found["disks"][0]["pstatus"], [path, None, None, None, None, False, 1])
        self.assertEqual((found["be_instance"], found["be_actual"]["vcpus"]), ({"vcpus": 2}, 2))
        self.assertEqual(found["pnode_group_name"], "default")
        nic = self.instance().nics[0]
        self.assertEqual(
            found["nics"],
            [[None, nic.uuid, "192.0.2.1", nic.mac, "bridged", "xen-br0", "", None, None]],
        )

    def test_policy(self) -> None:
        """In what an instance breaks the policy of its group is told."""
        self.run_op(OpGroupSetParams(group_name="default", ipolicy={"disk-templates": ["file"]}))
        found = self.run_op(OpInstanceQueryData(static=True))
        self.assertEqual(found[VM]["policy_violations"], [])
        [text] = found["vm2.example.com"]["policy_violations"]
        self.assertIn("disk template diskless is not allowed", text)

    def test_static(self) -> None:
        """Statically nobody is asked and nothing is locked."""
        op = OpInstanceQueryData(static=True)
        found = self.run_op(op)
        self.assertEqual(sorted(found), [VM, "vm2.example.com"])
        self.assertIsNone(found[VM]["run_state"])
        self.assertEqual(self.context.fake.made, [])
        self.assertEqual(self.locks(op), [("cluster", ("BGL",), "shared")])

    def test_unreachable(self) -> None:
        """A node that does not answer leaves its fields empty; one that is offline is not asked."""
        self.context.fake.down = {NODE1}
        found = self.run_op(OpInstanceQueryData(use_locking=True))
        self.assertIsNone(found[VM]["run_state"])
        self.set_node(1, offline=True)
        self.context.fake.made.clear()
        self.run_op(OpInstanceQueryData())
        self.assertEqual(self.context.fake.made, [])

    def test_locks(self) -> None:
        """Otherwise everything that is shown is locked shared."""
        rows = {level: keys for level, keys, _ in self.locks(OpInstanceQueryData())}
        self.assertEqual(rows["instance"], ("[lockset]",))
        rows = {
            level: keys for level, keys, _ in self.locks(OpInstanceQueryData(instances=["vm1"]))
        }
        self.assertEqual((rows["instance"], rows["node"]), ((VM,), (NODE1,)))


class ConsoleTests(UnitTestCase):
    """OP_INSTANCE_CONSOLE."""

    def test_console(self) -> None:
        """A running instance has one; a stopped one has its status told."""
        self.add()
        found = self.run_op(OpInstanceConsole(instance_name="vm1"))
        self.assertEqual((found["instance"], found["kind"]), (VM, "msg"))
        self.context.world.guests.clear()
        told = self.refusal(OpInstanceConsole(instance_name="vm1"), errors.OpExecError)
        self.assertIn("ERROR_down", told)


class DiskTests(UnitTestCase):
    """OP_INSTANCE_ACTIVATE_DISKS, OP_INSTANCE_DEACTIVATE_DISKS."""

    def test_both(self) -> None:
        """Disks are assembled, told with node and device, and shut down again."""
        self.add(start=False)
        (disk,) = self.context.cluster.disks_of(self.instance())
        rows = self.run_op(OpInstanceActivateDisks(instance_name=VM))
        self.assertEqual(rows, [["node1.example.com", "disk/0", disk.logical_id[1]]])
        self.assertTrue(self.instance().disks_active)
        self.run_op(OpInstanceDeactivateDisks(instance_name=VM))
        self.assertFalse(self.instance().disks_active)
        self.assertEqual(self.context.world.assembled, set())

    def test_running(self) -> None:
        """Those of a running instance are only shut down by force."""
        self.add()
        op = OpInstanceDeactivateDisks(instance_name=VM)
        self.assertIn("marked to be up", self.refusal(op))
        self.run_op(OpInstanceDeactivateDisks(instance_name=VM, force=True))
        self.assertFalse(self.instance().disks_active)

    def test_missing(self) -> None:
        """If one is missing those before it are shut down again."""
        self.add(start=False, disks=[{"size": 1024}, {"size": 1024}])
        gone = self.context.cluster.disks_of(self.instance())[1].logical_id[1]
        del self.context.world.disks[NODE1, gone]
        self.refusal(OpInstanceActivateDisks(instance_name=VM), errors.BlockDeviceError)
        self.assertEqual(self.context.world.assembled, set())

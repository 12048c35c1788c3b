"""Changing instances: name, OS, disks, parameters."""

from typing import Any

from ganetix import errors
from ganetix.opcodes.instance import (
    OpInstanceReinstall,
    OpInstanceRename,
    OpInstanceSetParams,
)
from ganetix.opcodes.instance_disks import OpInstanceGrowDisk
from ganetix.rpc.tables.oses import OsScript
from ganetix.testing.logic import LogicContext, node_uuid, three_nodes
from ganetix_test.master.logic.cases import UnitTestCase, creation

VM = "vm1.example.com"
NEW = "new.example.com"
NODE1 = node_uuid(1)


def setting(**fields: Any) -> OpInstanceSetParams:
    """Return a change of the instance."""
    return OpInstanceSetParams(instance_name=VM, **fields)


class StoppedTestCase(UnitTestCase):
    """Has a stopped instance with one disk."""

    def setUp(self) -> None:
        """Create the instance."""
        super().setUp()
        self.context = self.made()

    def made(self) -> LogicContext:
        """Return a context with the instance in it."""
        context = LogicContext(three_nodes())
        self.run_op(creation(start=False), context)
        context.fake.made.clear()
        context.commits.clear()
        context.world.scripts.clear()
        return context

    def paths(self) -> list[str]:
        """The paths of the instance's disks in the configuration."""
        name = NEW if NEW in self.context.cluster.indexes.instance_names else VM
        rows = self.context.cluster.disks_of(self.instance(name))
        return [disk.logical_id[1] for disk in rows]


class RenameTests(StoppedTestCase):
    """OP_INSTANCE_RENAME."""

    def test_rename(self) -> None:
        """Name, directory and paths change together, and the OS's script is run."""
        op = OpInstanceRename(instance_name=VM, new_name="New.example.com")
        self.assertEqual(self.run_op(op), NEW)
        (path,) = self.paths()
        self.assertIn(f"/{NEW}/", path)
        self.assertEqual(list(self.context.world.disks), [(NODE1, path)])
        self.assertEqual(self.context.world.scripts, [(NODE1, "rename", VM)])
        self.assertEqual(self.context.world.assembled, set())
        self.assertNotIn(VM, self.context.cluster.indexes.instance_names)

    def test_same_name(self) -> None:
        """With the name that it has the OS's script is run, and all else stays."""
        before = self.paths()
        op = OpInstanceRename(instance_name=VM, new_name=VM.upper())
        self.assertEqual(self.run_op(op), VM)
        self.assertEqual(self.paths(), before)
        self.assertEqual(self.context.world.scripts, [(NODE1, "rename", VM)])

    def test_script_fails(self) -> None:
        """A script that fails is told; the new name stays."""

        def before(node: str, call: str) -> None:
            if call == "instance_run_rename":
                raise errors.OpExecError("No.")

        self.context.world.before = before
        self.run_op(OpInstanceRename(instance_name=VM, new_name=NEW))
        self.assertIn("rename script", self.context.logged[-1])
        self.assertEqual(self.context.world.assembled, set())
        self.instance(NEW)

    def test_directory_fails(self) -> None:
        """If the directory can't be renamed nothing is."""

        def before(node: str, call: str) -> None:
            if call == "file_storage_dir_rename":
                raise errors.StorageError("No.")

        self.context.world.before = before
        self.refusal(OpInstanceRename(instance_name=VM, new_name=NEW), errors.StorageError)
        self.instance(VM)

    def test_refused(self) -> None:
        """A taken name, and an instance that is up."""
        self.add("vm2.example.com")
        op = OpInstanceRename(instance_name=VM, new_name="vm2.example.com")
        self.assertIn("already in the cluster", self.refusal(op))
        op = OpInstanceRename(instance_name="vm2.example.com", new_name=NEW)
        self.assertIn("marked to be up", self.refusal(op))
        op = OpInstanceRename(instance_name=VM, new_name="short", name_check=True)
        self.assertIn("resolves to 'short.example.com'", self.refusal(op))

    def test_locks(self) -> None:
        """Both names are locked."""
        op = OpInstanceRename(instance_name=VM, new_name=NEW)
        self.assertEqual(self.locks(op)[1], ("instance", (NEW, VM), "exclusive"))


class ReinstallTests(StoppedTestCase):
    """OP_INSTANCE_REINSTALL."""

    def test_reinstall(self) -> None:
        """The create script is run with the reinstall flag; the disks are down afterwards."""
        op = OpInstanceReinstall(
            instance_name=VM, osparams={"a": "1"}, osparams_secret={"word": "s"}
        )
        self.run_op(op)
        self.assertEqual(self.context.world.scripts, [(NODE1, "reinstall", VM)])
        self.assertEqual(self.instance().osparams, {"a": "1"})
        self.assertEqual(self.context.world.assembled, set())
        (made,) = [m for m in self.context.fake.made if m.call == "instance_os_add"]
        assert isinstance(made.request, OsScript)
        self.assertEqual(made.request.spec.osparams, {"a": "1", "word": "s"})

    def test_fails(self) -> None:
        """The disks are down also after a script that failed."""

        def before(node: str, call: str) -> None:
            if call == "instance_os_add":
                raise errors.OpExecError("No.")

        self.context.world.before = before
        self.refusal(OpInstanceReinstall(instance_name=VM), errors.OpExecError)
        self.assertEqual(self.context.world.assembled, set())

    def test_refused(self) -> None:
        """An unknown OS, a diskless instance, one that is up."""
        op = OpInstanceReinstall(instance_name=VM, os_type="unknown")
        self.assertIn("OS unknown", self.refusal(op))
        self.add("vm2.example.com", disk_template="diskless", disks=[], start=False)
        self.assertIn("diskless", self.refusal(OpInstanceReinstall(instance_name="vm2")))
        self.add("vm3.example.com")
        self.assertIn("marked to be up", self.refusal(OpInstanceReinstall(instance_name="vm3")))


class GrowTests(StoppedTestCase):
    """OP_INSTANCE_GROW_DISK."""

    def test_by_and_to(self) -> None:
        """A disk grows by an amount, or to a size; inactive disks are down afterwards."""
        self.run_op(OpInstanceGrowDisk(instance_name=VM, disk=0, amount=512))
        self.run_op(OpInstanceGrowDisk(instance_name=VM, disk=0, amount=4096, absolute=True))
        (disk,) = self.context.cluster.disks_of(self.instance())
        self.assertEqual(disk.size, 4096)
        self.assertEqual(list(self.context.world.disks.values()), [4096])
        self.assertEqual(self.context.world.assembled, set())

    def test_locks(self) -> None:
        """While the new part is wiped or synced the nodes are free and the instance is shared."""
        self.run_op(OpInstanceGrowDisk(instance_name=VM, disk=0, amount=512))
        self.assertEqual(self.context.released[-1], ("node", None))
        self.assertEqual(self.context.downgraded, ["instance"])

    def test_refused(self) -> None:
        """No such disk, nothing to grow, smaller, against the policy."""
        rows: list[tuple[dict[str, Any], str]] = [
            ({"disk": 1, "amount": 1}, "no disk 1"),
            ({"disk": 0, "amount": 0}, "more than nothing"),
            ({"disk": 0, "amount": 1, "absolute": True}, "smaller"),
            ({"disk": 0, "amount": 2**21}, "policy"),
        ]
        for fields, words in rows:
            op = OpInstanceGrowDisk(instance_name=VM, **fields)
            self.assertIn(words, self.refusal(op))

    def test_fails(self) -> None:
        """When the node refuses, the size stays as it was and the disks are down."""

        def before(node: str, call: str) -> None:
            if call == "blockdev_grow":
                raise errors.BlockDeviceError("No space.")

        self.context.world.before = before
        op = OpInstanceGrowDisk(instance_name=VM, disk=0, amount=512)
        self.refusal(op, errors.BlockDeviceError)
        self.assertEqual(self.context.commits, [])
        self.assertEqual(self.context.world.assembled, set())

    def test_fails_half_way(self) -> None:
        """When the node fails in the middle of it, the error says how it is completed."""
        grown = 0

        def before(node: str, call: str) -> None:
            nonlocal grown
            grown += call == "blockdev_grow"
            if grown == 2:
                raise errors.BlockDeviceError("No space.")

        self.context.world.before = before
        op = OpInstanceGrowDisk(instance_name=VM, disk=0, amount=512)
        self.assertIn("the same command completes it", self.refusal(op, errors.OpExecError))


class SetParamsTests(StoppedTestCase):
    """OP_INSTANCE_SET_PARAMS."""

    def test_parameters(self) -> None:
        """Values are set, converted and dropped, and told."""
        told = self.run_op(setting(beparams={"memory": "1g"}, osparams={"a": "1"}, os_name="tiny"))
        self.assertEqual(told, [["be/memory", "1g"], ["os/a", "1"], ["os", "tiny"]])
        self.assertEqual(self.instance().beparams, {"minmem": 1024, "maxmem": 1024})
        self.run_op(setting(beparams={"memory": "default"}, osparams={"a": "default"}))
        self.assertEqual((self.instance().beparams, self.instance().osparams), ({}, {}))

    def test_private_not_told(self) -> None:
        """Values of private parameters are not in the result."""
        told = self.run_op(setting(osparams_private={"key": "pr1vate"}))
        self.assertEqual(told, [["os_private/key", "<redacted>"]])
        self.assertEqual(self.instance().osparams_private, {"key": "pr1vate"})

    def test_nics(self) -> None:
        """NICs are added, modified by index, name and uuid, and removed."""
        self.run_op(setting(nics=[("add", -1, {"mac": "aa:00:00:00:00:07", "name": "up"})]))
        uuid = self.instance().nics[1].uuid
        self.run_op(setting(nics=[("modify", "up", {"ip": "192.0.2.1"}),
                                  ("modify", uuid, {"link": "br5"})]))  # fmt: skip
        nic = self.instance().nics[1]
        self.assertEqual((nic.ip, nic.nicparams), ("192.0.2.1", {"link": "br5"}))
        told = self.run_op(setting(nics=[("remove", 0, {}), ("modify", 0, {"mac": "auto"})]))
        self.assertEqual(told[0], ["nic/0", "remove"])
        (nic,) = self.instance().nics
        self.assertEqual(nic.uuid, uuid)
        self.assertNotEqual(nic.mac, "aa:00:00:00:00:07")

    def test_disks(self) -> None:
        """Disks are added on the node, modified, removed, and numbered anew."""
        told = self.run_op(setting(disks=[("add", -1, {"size": 2048, "name": "data"})]))
        self.assertEqual(told, [["disk/1", "add:size=2048,mode=rw"]])
        self.assertEqual(sorted(self.context.world.disks.values()), [1024, 2048])
        self.run_op(setting(disks=[("modify", "data", {"mode": "ro"}), ("remove", 0, {})]))
        (disk,) = self.context.cluster.disks_of(self.instance())
        self.assertEqual((disk.iv_name, disk.mode, disk.size), ("disk/0", "ro", 2048))
        self.assertEqual(list(self.context.world.disks.values()), [2048])
        self.assertEqual(len(self.context.cluster.disks), 1)

    def test_last_disk(self) -> None:
        """Removing the last disk removes the directory; a new one needs its type."""
        self.run_op(setting(disks=[("remove", -1, {})], ignore_ipolicy=True))
        self.assertEqual(self.context.world.seen()[:2], ({}, set()))
        self.assertIn("dev_type", self.refusal(setting(disks=[("add", -1, {"size": 1024})])))
        self.run_op(setting(disks=[("add", -1, {"size": 1024, "dev_type": "file"})]))
        self.assertEqual(len(self.context.world.disks), 1)

    def test_each_call(self) -> None:
        """Whichever call fails when disks are added: nothing is left of them."""
        op = setting(disks=[("add", -1, {"size": 2048}), ("add", 0, {"size": 1024})])
        self.assertEqual(self.fails_anywhere(op, self.made), 3)

    def test_removed_disk_stays(self) -> None:
        """A disk that can't be removed is out of the configuration and told."""

        def before(node: str, call: str) -> None:
            if call == "blockdev_remove":
                raise errors.BlockDeviceError("No.")

        self.run_op(setting(disks=[("add", -1, {"size": 1024})]))
        self.context.world.before = before
        self.run_op(setting(disks=[("remove", 1, {})]))
        self.assertEqual(len(self.instance().disks), 1)
        self.assertIn("there removes that", self.context.logged[-1])

    def test_offline(self) -> None:
        """A stopped instance goes offline and back."""
        self.run_op(setting(offline=True))
        self.assertEqual(self.instance().admin_state, "offline")
        self.run_op(setting(offline=False))
        self.assertEqual(self.instance().admin_state, "down")
        self.assertIn("not offline", self.refusal(setting(offline=False)))

    def test_primary(self) -> None:
        """A new primary node is only written down."""
        self.run_op(setting(pnode="node2"))
        self.assertEqual(self.instance().primary_node, node_uuid(2))
        self.assertEqual({made.call for made in self.context.fake.made}, {"instance_info"})

    def test_running(self) -> None:
        """What needs a stopped instance is refused while it is up; the rest is for later."""
        self.add("vm2.example.com")

        def change(**fields: Any) -> OpInstanceSetParams:
            return OpInstanceSetParams(instance_name="vm2.example.com", **fields)

        refused: list[dict[str, Any]] = [
            {"offline": True},
            {"disks": [("remove", 0, {})]},
            {"pnode": "node2"},
        ]
        for fields in refused:
            self.assertIn("marked to be up", self.refusal(change(**fields)))
        self.run_op(change(beparams={"vcpus": 2}))
        self.assertIn("next start", self.context.logged[-1])
        self.run_op(change(disks=[("add", -1, {"size": 1024})]))
        self.assertEqual(len(self.context.world.assembled), 2)

    def test_memory(self) -> None:
        """More memory than the node has is refused, unless forced."""
        self.context.world.memory[NODE1] = 512
        self.assertIn("lacks", self.refusal(setting(beparams={"memory": 1024})))
        self.run_op(setting(beparams={"memory": 1024}, force=True))

    def test_refused(self) -> None:
        """Every impossible change is refused in words."""
        rows: list[tuple[dict[str, Any], str]] = [
            ({}, "Nothing to change"),
            ({"disk_template": "drbd"}, "not enabled"),
            ({"instance_communication": True}, "communication"),
            ({"ext_params": {"a": 1}}, "external storage"),
            ({"beparams": {"minmem": 512}}, "above the maximum"),
            ({"beparams": {"vcpus": 99}}, "policy"),
            ({"hvparams": {"migration_mode": "live"}}, "whole cluster"),
            ({"os_name": "unknown"}, "OS unknown"),
            ({"nics": [("modify", 5, {})]}, "no nic 5"),
            ({"nics": [("modify", "x", {})]}, "no nic called 'x'"),
            ({"nics": [("add", -1, {})] * 8}, "at most 8"),
            ({"nics": [("add", 9, {})]}, "can't be added at"),
            ({"nics": [("attach", 0, {})]}, "attach"),
            ({"disks": [("modify", 0, {"size": 5})]}, "can't be changed"),
            ({"disks": [("modify", 0, {"mode": "x"})]}, "mode 'x'"),
            ({"disks": [("add", -1, {"size": 1024})] * 16}, "at most 16"),
        ]
        for fields, words in rows:
            with self.subTest(words):
                self.assertIn(words, self.refusal(setting(**fields)))
        self.assertEqual(self.context.commits, [])

    def test_hooks(self) -> None:
        """The hooks see the new values before they are set."""
        hooks = self.hooks(setting(beparams={"memory": 256}, disks=[("add", -1, {"size": 2048})]))
        assert hooks is not None
        self.assertEqual(hooks.env["INSTANCE_MAXMEM"], "256")
        self.assertEqual(hooks.env["INSTANCE_DISK_COUNT"], "2")
        self.assertEqual(hooks.env["INSTANCE_DISK1_SIZE"], "2048")

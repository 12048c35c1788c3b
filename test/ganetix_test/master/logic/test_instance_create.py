"""OP_INSTANCE_CREATE: what it makes, what it refuses, and that nothing is left when it fails."""

from typing import Any

import attrs

from ganetix import errors
from ganetix.master.logic.table import units
from ganetix.paths import Paths
from ganetix.testing.logic import GROUP, LogicContext, node_uuid, three_nodes
from ganetix_test.master.logic.cases import OUTSIDE, UnitTestCase, creation

NODE1, NODE2, NODE3 = node_uuid(1), node_uuid(2), node_uuid(3)


class CreationTests(UnitTestCase):
    """Instances that come into being."""

    def test_file(self) -> None:
        """A file instance gets directory, disk and OS, is started, and stays."""
        result = self.run_op(creation(tags=["b", "a"]))
        instance = self.instance()
        self.assertEqual(result, ["node1.example.com"])
        self.assertEqual(
            (instance.admin_state, instance.disks_active, instance.tags), ("up", True, ["a", "b"])
        )
        (disk,) = self.context.cluster.disks_of(instance)
        driver, path = disk.logical_id
        self.assertEqual(driver, "loop")
        self.assertRegex(
            path, r"^/srv/ganeti/file-storage/vm1.example.com/[0-9a-f-]{36}\.file\.disk0$"
        )
        self.assertEqual((disk.iv_name, disk.size, disk.nodes), ("disk/0", 1024, [NODE1]))
        self.assertEqual(self.context.world.disks, {(NODE1, path): 1024})
        self.assertEqual(self.context.world.scripts, [(NODE1, "create", instance.name)])
        self.assertIn((NODE1, instance.name), self.context.world.guests)
        self.assertEqual(self.context.pending, [])

    def test_diskless(self) -> None:
        """A diskless instance has no disks, and no OS script is run for it."""
        self.add(disk_template="diskless", disks=[])
        self.assertEqual(self.context.world.disks, {})
        self.assertEqual(self.context.world.scripts, [])
        self.assertIn((NODE1, "vm1.example.com"), self.context.world.guests)
        self.assertFalse(self.instance().disks_active)

    def test_diskless_calls(self) -> None:
        """It costs three node calls and one change of the configuration, for it must be quick."""
        self.add(disk_template="diskless", disks=[])
        calls = [made.call for made in self.context.fake.made]
        self.assertEqual(calls, ["os_validate", "node_info", "instance_start"])
        self.assertEqual(len(self.context.commits), 1)

    def test_shared(self) -> None:
        """A sharedfile instance lives in the shared directory."""
        self.add(disk_template="sharedfile", disks=[{"size": "1g"}, {"size": 2048, "mode": "ro"}])
        first, second = self.context.cluster.disks_of(self.instance())
        self.assertTrue(first.logical_id[1].startswith("/srv/ganeti/shared-file-storage/vm1"))
        self.assertTrue(second.logical_id[1].endswith(".sharedfile.disk1"))
        self.assertEqual((first.size, second.mode), (1024, "ro"))

    def test_not_started(self) -> None:
        """Without start it is down, its disks too; without installation it is not started."""
        self.add(start=False)
        self.assertEqual(self.instance().admin_state, "down")
        self.add("vm2.example.com", no_install=True)
        self.assertEqual(self.instance("vm2").admin_state, "down")
        world = self.context.world
        self.assertEqual((world.guests, world.assembled), ({}, set()))
        self.assertEqual(len(world.scripts), 1)

    def test_parameters(self) -> None:
        """Own parameters are converted and kept; the rest is inherited."""
        instance = self.add(
            beparams={"memory": "256m", "vcpus": "2"},
            osparams={"mirror": "x"}, osparams_private={"key": "y"}, file_storage_dir="sub",
            file_driver="blktap",
        )  # fmt: skip
        self.assertEqual(instance.beparams, {"minmem": 256, "maxmem": 256, "vcpus": 2})
        self.assertEqual(instance.osparams_private, {"key": "y"})
        (disk,) = self.context.cluster.disks_of(instance)
        self.assertEqual(disk.logical_id[0], "blktap")
        self.assertIn("/file-storage/sub/vm1", disk.logical_id[1])

    def test_nics(self) -> None:
        """NICs get a MAC address of the cluster's prefix, or the one that was given."""
        nics = [{}, {"mac": "AA:00:00:11:22:33", "ip": "192.0.2.4", "link": "br7", "name": "up"}]
        first, second = self.add(nics=nics).nics
        self.assertTrue(first.mac.startswith("aa:00:00:"))
        self.assertEqual(second.mac, "aa:00:00:11:22:33")
        self.assertEqual((second.ip, second.name), ("192.0.2.4", "up"))
        self.assertEqual(second.nicparams, {"link": "br7"})

    def test_name_check(self) -> None:
        """With the name check an address ``auto`` becomes the name's own."""
        self.add(name_check=True, ip_check=True, nics=[{"ip": "auto"}])
        self.assertEqual(self.instance().nics[0].ip, "192.0.2.7")

    def test_dry_run(self) -> None:
        """A dry run names the chosen nodes and changes nothing."""
        self.assertEqual(self.run_op(creation(dry_run=True)), [NODE1])
        self.assertEqual(self.context.commits, [])

    def test_virtual_paths(self) -> None:
        """In a virtual cluster paths in the configuration are without the node's root."""
        root = "/tmp/vc/node1.example.com"
        settings = three_nodes(file_storage_dir=f"{root}/srv/ganeti/file-storage")
        self.context = LogicContext(settings, paths=Paths(root, "node1.example.com"))
        instance = self.add()
        (disk,) = self.context.cluster.disks_of(instance)
        self.assertTrue(disk.logical_id[1].startswith("/srv/ganeti/file-storage/vm1"))


class AllocationTests(UnitTestCase):
    """Instances whose node is chosen by the instance allocator."""

    def test_chosen(self) -> None:
        """The allocator's node is taken; the other nodes' locks are given back."""
        self.run_op(creation(pnode=None, iallocator="hail"))
        self.assertEqual(self.instance().primary_node, NODE3)
        self.assertEqual(
            self.context.released[:2],
            [("node", frozenset({NODE1, NODE2})), ("node-res", frozenset({NODE1, NODE2}))],
        )

    def test_default(self) -> None:
        """Without node and allocator, or with a dot, the cluster's default chooses."""
        self.context = LogicContext(three_nodes(default_iallocator="hail"))
        self.run_op(creation(pnode=None))
        self.run_op(creation("vm2.example.com", pnode=None, iallocator="."))
        self.assertEqual(self.instance("vm2").primary_node, NODE3)

    def test_unreachable(self) -> None:
        """A node that does not answer is not chosen."""
        self.context.fake.down = {NODE3}
        self.run_op(creation(pnode=None, iallocator="hail"))
        self.assertEqual(self.instance().primary_node, NODE2)

    def test_refused(self) -> None:
        """No place, no allocator, an unknown one, or both are refused in words."""
        self.context.fake.down = {NODE1, NODE2, NODE3}
        self.assertIn("no node is left", self.refusal(creation(pnode=None, iallocator="hail")))
        self.assertIn("has no default", self.refusal(creation(pnode=None)))
        self.assertIn("not available", self.refusal(creation(pnode=None, iallocator="dice")))
        self.assertIn("Both", self.refusal(creation(iallocator="hail")))


class RefusalTests(UnitTestCase):
    """What can't be, told in a sentence, with nothing changed."""

    def test_requests(self) -> None:
        """Each wrong request is refused with words that name what is wrong."""
        self.add("taken.example.com", nics=[{"mac": "aa:00:00:00:00:01", "ip": "192.0.2.1"}])
        commits = len(self.context.commits)
        rows: list[tuple[dict[str, Any], str]] = [
            ({"instance_name": "taken.example.com"}, "already in the cluster"),
            ({"instance_name": "bad name"}, "can't be the name"),
            ({"mode": "import"}, "No node has an export"),
            ({"ip_check": True}, "check of the name"),
            ({"disk_template": "plain"}, "not enabled"),
            ({"disk_template": "diskless"}, "diskless instance has no disks"),
            ({"hypervisor": "kvm"}, "Hypervisor kvm is not enabled"),
            ({"os_type": None}, "No OS was given"),
            ({"os_type": "unknown"}, "OS unknown is not known"),
            ({"disks": [{}]}, "has no size"),
            ({"disks": [{"size": "1g", "spindles": "x"}]}, "spindles=x"),
            ({"disks": [{"size": "big"}]}, "is not a size"),
            ({"disks": [{"size": 0}]}, "more than nothing"),
            ({"disks": [{"size": 1024, "mode": "wx"}]}, "mode 'wx'"),
            ({"disks": [{"size": 1024, "vg": "x"}]}, "'vg'"),
            ({"disks": [{"size": 1024, "name": "3"}]}, "index"),
            ({"disks": [{"size": 1024}] * 17}, "at most 16"),
            ({"nics": [{}] * 9}, "at most 8"),
            ({"nics": [{"mac": "x"}]}, "not a MAC address"),
            ({"nics": [{"mac": "aa:00:00:00:00:01"}]}, "already in use"),
            ({"nics": [{"ip": "192.0.2.1"}]}, "already used by taken.example.com"),
            ({"nics": [{"ip": "x"}]}, "not an IP address"),
            ({"nics": [{"ip": "auto"}]}, "name check"),
            ({"nics": [{"mode": "routed"}]}, "needs an IP address"),
            ({"nics": [{"network": "lan"}]}, "not known"),
            ({"nics": [{"link": "a", "bridge": "b"}]}, "mean the same"),
            ({"pnode": "node9"}, "not known"),
            ({"snode": "node2"}, "secondary node"),
            ({"beparams": {"minmem": 512}}, "above the maximum"),
            ({"hvparams": {"migration_mode": "live"}}, "whole cluster"),
            ({"beparams": {"vcpus": 99}}, "breaks the instance policy"),
            ({"beparams": {"memory": 8192}}, "memory free"),
            ({"file_storage_dir": "../x"}, "relative"),
            ({"name_check": True, "instance_name": "short"}, "resolves to"),
        ]  # fmt: skip
        for fields, words in rows:
            with self.subTest(words):
                self.assertIn(words, self.refusal(creation(**{"name": "new.example.com"} | {
                    {"instance_name": "name"}.get(key, key): value for key, value in fields.items()
                })))  # fmt: skip
        self.assertEqual(len(self.context.commits), commits)

    def test_types(self) -> None:
        """Parameters of the wrong type or name are refused by name."""
        for fields, words in (
            ({"beparams": {"vcpus": "many"}}, "'vcpus'"),
            ({"hvparams": {"colour": 1}}, "'colour'"),
        ):
            told = self.refusal(creation(**fields), errors.TypeEnforcementError)
            self.assertIn(words, told)
        self.refusal(creation(tags=["no blanks"]), errors.TagError)

    def test_nodes(self) -> None:
        """Offline, drained and incapable nodes get nothing."""
        for fields, words in (
            ({"offline": True}, "is offline"),
            ({"offline": False, "drained": True}, "is drained"),
            ({"drained": False, "vm_capable": False}, "not vm_capable"),
        ):
            self.set_node(1, **fields)
            self.assertIn(words, self.refusal(creation()))

    def test_ignored_policy(self) -> None:
        """With ignore_ipolicy what is broken is only told in the log."""
        self.run_op(creation(beparams={"vcpus": 99}, ignore_ipolicy=True))
        self.assertIn("cpu-count value 99", " ".join(self.context.logged))

    def test_address_in_use(self) -> None:
        """The IP check refuses an address at which something answers."""

        async def answers(address: str) -> bool:
            return True

        self.units = units(attrs.evolve(OUTSIDE, answers=answers))
        self.assertIn("in use", self.refusal(creation(name_check=True, ip_check=True)))


class UndoTests(UnitTestCase):
    """Nothing is left of an instance that could not be made."""

    def test_each_call(self) -> None:
        """Whichever node call fails: no disk, directory, guest, or entry is left."""
        op = creation(disks=[{"size": 1024}, {"size": 2048}])
        calls = self.fails_anywhere(op, lambda: LogicContext(three_nodes()))
        self.assertEqual(calls, 9)

    def test_diskless(self) -> None:
        """Neither of a diskless one."""
        op = creation(disk_template="diskless", disks=[])
        self.assertEqual(self.fails_anywhere(op, lambda: LogicContext(three_nodes())), 3)

    def test_secrets(self) -> None:
        """Undo actions, which are journalled, have no OS parameters in them."""
        op = creation(osparams_private={"key": "pr1vate"}, osparams_secret={"word": "s3cret"})
        self.run_op(op)
        (raw,) = self.context.journalled
        self.assertNotIn(b"s3cret", raw)
        self.assertNotIn(b"pr1vate", raw)


class LockAndHookTests(UnitTestCase):
    """Locks and hooks as the interface tables have them."""

    def test_locks(self) -> None:
        """With a node: name, the node and its resources exclusive, its group shared."""
        self.assertEqual(
            self.locks(creation()),
            [
                ("cluster", ("BGL",), "shared"),
                ("instance", ("vm1.example.com",), "exclusive"),
                ("nodegroup", (GROUP,), "shared"),
                ("node", (NODE1,), "exclusive"),
                ("node-res", (NODE1,), "exclusive"),
            ],
        )

    def test_allocator_locks(self) -> None:
        """With an allocator: all nodes; opportunistic: those of them that are free."""
        rows = self.locks(creation(pnode=None, iallocator="hail"))
        self.assertIn(("node", ("[lockset]",), "exclusive"), rows)
        op = creation(pnode=None, iallocator="hail", opportunistic_locking=True)
        chance = [want for want in self.unit(op).locks(op, self.context.cluster)
                  if want.opportunistic]  # fmt: skip
        self.assertEqual([want.level for want in chance], ["node", "node-res"])
        self.assertEqual(chance[0].keys, (NODE1, NODE2, NODE3))

    def test_opportunistic_with_node(self) -> None:
        """Where the node is given there is nothing to take a chance with."""
        self.assertIn("leave --opportunistic-locking out",
                      self.refusal(creation(opportunistic_locking=True)))  # fmt: skip

    def test_least(self) -> None:
        """A mirrored instance needs two free nodes, others one."""
        for template, least in (("drbd", 2), ("file", 1), (None, 1)):
            op = creation(
                pnode=None, iallocator="hail", opportunistic_locking=True, disk_template=template
            )
            wants = [w for w in self.unit(op).locks(op, self.context.cluster) if w.opportunistic]
            self.assertEqual([want.at_least for want in wants], [least, least])

    def test_temporary(self) -> None:
        """When the free nodes will not do it is a temporary lack, with all nodes it is none."""
        for number in (1, 2, 3):
            self.set_node(number, offline=True)
        for free, kind in ((frozenset({NODE2}), errors.TEMP_NORES), (None, errors.NORES)):
            self.context.free = free
            op = creation(pnode=None, iallocator="hail", opportunistic_locking=True)
            self.assertEqual(self.refusal_kind(op), kind)

    def test_hooks(self) -> None:
        """The hooks know the whole instance before it exists."""
        op = creation(pnode="node2.example.com", nics=[{"ip": "192.0.2.3"}], tags=["x", "a"])
        hooks = self.hooks(op)
        assert hooks is not None
        self.assertEqual(hooks.path, "instance-add")
        self.assertEqual((hooks.pre_nodes, hooks.post_nodes), ((NODE1, NODE2), (NODE1, NODE2)))
        expected = {
            "OP_TARGET": "vm1.example.com", "INSTANCE_PRIMARY": "node2.example.com",
            "INSTANCE_SECONDARIES": "", "INSTANCE_STATUS": "up", "INSTANCE_MEMORY": "128",
            "INSTANCE_DISK_TEMPLATE": "file", "INSTANCE_DISK_COUNT": "1",
            "INSTANCE_DISK0_SIZE": "1024", "INSTANCE_DISK0_DRIVER": "loop",
            "INSTANCE_NIC_COUNT": "1", "INSTANCE_NIC0_IP": "192.0.2.3",
            "INSTANCE_NIC0_MODE": "bridged", "INSTANCE_NIC0_BRIDGE": "xen-br0",
            "INSTANCE_TAGS": "a x", "INSTANCE_BE_vcpus": "1", "ADD_MODE": "create",
            "INSTANCE_HV_migration_mode": "live",
        }  # fmt: skip
        self.assertEqual({key: hooks.env[key] for key in expected}, expected)

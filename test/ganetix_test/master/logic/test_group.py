"""Operations on node groups: what they change, lock, tell the hooks, warn of and refuse."""

from typing import Any

import msgspec
from twisted.internet.defer import Deferred

from ganetix import errors
from ganetix.model.changes import Change, apply
from ganetix.model.objects import Disk, NodeGroup
from ganetix.opcodes.group import (
    OpGroupAdd,
    OpGroupAssignNodes,
    OpGroupRemove,
    OpGroupRename,
    OpGroupSetParams,
)
from ganetix.opcodes.network import OpNetworkConnect
from ganetix.testing.logic import GROUP, LogicContext, node_uuid, three_nodes
from ganetix_test.master.logic.cases import UnitTestCase

OTHER = "00000000-0000-4000-8000-0000000000bb"
DISKLESS = {"disk-templates": ["diskless"]}


class GroupTestCase(UnitTestCase):
    """A cluster with the group ``default`` of three nodes, and what tests do to it."""

    def named(self, name: str) -> NodeGroup:
        """Return the group *name* as it is now."""
        return self.context.cluster.group_named(name)

    def add_group(self, name: str = "other", **fields: Any) -> None:
        """Put a group with the uuid `OTHER` into the configuration."""
        change = Change(nodegroups=(NodeGroup(OTHER, name, **fields),))
        self.context.state = apply(self.context.state, change, 0.0)

    def group_of(self, number: int) -> str:
        """Return the name of the group of a node."""
        cluster = self.context.cluster
        return cluster.nodegroups[cluster.nodes[node_uuid(number)].group].name

    def mirror(self, name: str, first: int, second: int) -> None:
        """Create an instance that is mirrored by DRBD between two nodes."""
        made = self.add(name, disk_template="diskless", disks=[], pnode=f"node{first}.example.com")
        number = len(self.context.cluster.disks)
        ends = [node_uuid(first), node_uuid(second), 11000 + number, number, number, "secret"]
        below = [Disk(f"{part}{number}", "plain", ["vg", part], 128) for part in ("data", "meta")]
        disk = Disk(f"disk{number}", "drbd", ends, 128, children=below)
        fresh = msgspec.structs.replace(made, disks=[disk.uuid])
        self.context.state = apply(
            self.context.state, Change(instances=(fresh,), disks=(disk,)), 0.0
        )


class AddTests(GroupTestCase):
    """OP_GROUP_ADD."""

    def test_plain(self) -> None:
        """A group without options has defaults, no nodes, and no job is made."""
        self.assertIsNone(self.run_op(OpGroupAdd(group_name="rack2")))
        group = self.named("rack2")
        self.assertEqual((group.alloc_policy, group.ndparams, group.ipolicy), ("preferred", {}, {}))
        self.assertEqual(self.context.cluster.members(group.uuid), [])
        self.assertEqual(self.context.submitted, [])

    def test_options(self) -> None:
        """Every parameter is converted and stored."""
        self.run_op(
            OpGroupAdd(
                group_name="rack2",
                alloc_policy="last_resort",
                ndparams={"ssh_port": "2222"},
                diskparams={"plain": {"stripes": "2"}, "file": {}},
                hv_state={"fake": {"mem_node": "512"}},
                disk_state={"plain": {"vg": {"disk_reserved": "7"}}},
                ipolicy={"vcpu-ratio": "2", **DISKLESS},
            )
        )
        group = self.named("rack2")
        self.assertEqual(group.alloc_policy, "last_resort")
        self.assertEqual(group.ndparams, {"ssh_port": 2222})
        self.assertEqual(group.diskparams, {"plain": {"stripes": 2}})
        self.assertEqual(group.hv_state_static, {"fake": {"mem_node": 512}})
        self.assertEqual(group.disk_state_static, {"plain": {"vg": {"disk_reserved": 7}}})
        self.assertEqual(group.ipolicy, {"vcpu-ratio": 2.0, **DISKLESS})

    def test_metadata_network(self) -> None:
        """A job connects the new group to the network of the metadata service."""
        self.context = LogicContext(three_nodes(instance_communication_network="meta"))
        result = self.run_op(OpGroupAdd(group_name="rack2"))
        self.assertEqual(result, {"jobs": [[True, 100]]})
        connect = OpNetworkConnect(
            comment="Submitted by OP_GROUP_ADD",
            group_name=self.named("rack2").uuid,
            network_name="meta",
            network_mode="routed",
            network_link="communication_rt",
        )
        self.assertEqual(self.context.submitted, [[connect]])

    def test_locks(self) -> None:
        """The new name is locked, so that two jobs can't both add it."""
        found = self.locks(OpGroupAdd(group_name="rack2"))
        self.assertEqual(found[1:], [("nodegroup", ("rack2",), "exclusive")])

    def test_hooks(self) -> None:
        """Hooks run on the master and know the name."""
        hooks = self.hooks(OpGroupAdd(group_name="rack2"))
        assert hooks is not None
        self.assertEqual(hooks.env, {"GROUP_NAME": "rack2"})
        self.assertEqual((hooks.pre_nodes, hooks.post_nodes), ((node_uuid(1),), (node_uuid(1),)))

    def test_refused(self) -> None:
        """A name or uuid that is taken and values that can't be leave everything as it was."""
        rows: list[tuple[str, dict[str, Any], type[errors.GanetiError], str]] = [
            ("default", {}, errors.OpPrereqError, "already in the cluster"),
            (GROUP, {}, errors.OpPrereqError, "already in the cluster"),
            ("a\nb", {}, errors.OpPrereqError, "leave out line breaks"),
            (" ", {}, errors.OpPrereqError, "leave out line breaks"),
            ("x", {"ndparams": {"colour": 1}}, errors.TypeEnforcementError, "colour"),
            ("x", {"diskparams": {"drbd": {"colour": 1}}}, errors.TypeEnforcementError, "colour"),
            ("x", {"hv_state": {"vmware": {}}}, errors.TypeEnforcementError, "vmware"),
            ("x", {"hv_state": {"fake": 3}}, errors.OpPrereqError, "fake hypervisor state is 3"),
            ("x", {"hv_state": {"fake": {"x": 1}}}, errors.TypeEnforcementError, "'x'"),
            ("x", {"disk_state": {"tape": {}}}, errors.OpPrereqError, "'tape' is none"),
            ("x", {"disk_state": {"plain": 3}}, errors.OpPrereqError, "plain disk state is 3"),
            ("x", {"disk_state": {"plain": {"a": 3}}}, errors.OpPrereqError, "plain/a disk state"),
            ("x", {"ipolicy": {"colour": 1}}, errors.OpPrereqError, "'colour'"),
            ("x", {"ipolicy": {"std": {}}}, errors.OpPrereqError, "no 'std'"),
            ("x", {"ipolicy": {"disk-templates": ["drbd"]}}, errors.OpPrereqError, "drbd"),
        ]
        for name, fields, kind, words in rows:
            with self.subTest(words):
                self.assertIn(words, self.refusal(OpGroupAdd(group_name=name, **fields), kind))
        self.assertEqual(list(self.context.cluster.nodegroups), [GROUP])


class RemoveTests(GroupTestCase):
    """OP_GROUP_REMOVE."""

    def test_removed(self) -> None:
        """An empty group goes; its uuid is locked and the hooks still know its name."""
        self.add_group()
        op = OpGroupRemove(group_name="other")
        self.assertEqual(self.locks(op)[1:], [("nodegroup", (OTHER,), "exclusive")])
        hooks = self.hooks(op)
        assert hooks is not None
        self.assertEqual((hooks.env, hooks.pre_nodes), ({"GROUP_NAME": "other"}, (node_uuid(1),)))
        self.assertIsNone(self.run_op(op))
        self.assertEqual(list(self.context.cluster.nodegroups), [GROUP])

    def test_refused(self) -> None:
        """A group that is not there, has nodes, or is the last one stays."""
        self.assertIn("not known", self.refusal(OpGroupRemove(group_name="nowhere")))
        found = self.refusal(OpGroupRemove(group_name="default"))
        self.assertIn("node1.example.com, node2.example.com, node3.example.com", found)
        self.context.state = msgspec.structs.replace(self.context.state, nodes={})
        self.assertIn("the last one", self.refusal(OpGroupRemove(group_name="default")))

    def test_filled_meanwhile(self) -> None:
        """A group that has a node by the time of the commit stays."""
        self.add_group()
        op = OpGroupRemove(group_name="other")
        unit = self.unit(op)
        plan = self.named("other")
        self.set_node(3, group=OTHER)
        wait = Deferred.fromCoroutine(unit.execute(op, plan, self.context))
        self.failureResultOf(wait, errors.OpPrereqError)
        self.assertEqual(self.named("other"), plan)


class RenameTests(GroupTestCase):
    """OP_GROUP_RENAME."""

    def test_renamed(self) -> None:
        """The uuid stays; group and new name are locked; the new name is the result."""
        op = OpGroupRename(group_name="default", new_name="rack1")
        self.assertEqual(self.locks(op)[1:], [("nodegroup", (GROUP, "rack1"), "exclusive")])
        self.assertEqual(self.run_op(op), "rack1")
        self.assertEqual(self.named("rack1").uuid, GROUP)

    def test_hooks(self) -> None:
        """Hooks run on the master and the group's nodes, and know both names."""
        self.add_group()
        self.set_node(3, group=OTHER)
        hooks = self.hooks(OpGroupRename(group_name="other", new_name="rack3"))
        assert hooks is not None
        self.assertEqual(hooks.env, {"OLD_NAME": "other", "NEW_NAME": "rack3"})
        self.assertEqual(hooks.pre_nodes, (node_uuid(1), node_uuid(3)))
        self.assertEqual(hooks.post_nodes, hooks.pre_nodes)

    def test_refused(self) -> None:
        """A group that is not there and a name that is taken, even its own."""
        self.add_group()
        for old, new, words in (
            ("nowhere", "x", "not known"),
            ("default", "other", "already in the cluster"),
            ("default", "default", "already in the cluster"),
            ("default", "a\x00", "leave out line breaks"),
        ):
            op = OpGroupRename(group_name=old, new_name=new)
            self.assertIn(words, self.refusal(op))


class SetParamsTests(GroupTestCase):
    """OP_GROUP_SET_PARAMS."""

    def test_merged(self) -> None:
        """Values are put over what there is, ``default`` takes one away; the result tells both."""
        self.add_group(
            ndparams={"ssh_port": 22, "cpu_speed": 2.0},
            diskparams={"plain": {"stripes": 2}},
            hv_state_static={"fake": {"mem_node": 1}},
            disk_state_static={"plain": {"vg": {"disk_total": 1}}},
            ipolicy={"vcpu-ratio": 2.0},
        )
        result = self.run_op(
            OpGroupSetParams(
                group_name="other",
                alloc_policy="unallocable",
                ndparams={"ssh_port": "default"},
                diskparams={"plain": {"stripes": "default"}},
                hv_state={"fake": {"mem_hv": 3}},
                disk_state={"plain": {"vg": {"disk_total": 2}}},
                ipolicy={"vcpu-ratio": "default", "spindle-ratio": 3},
            )
        )
        expected = {
            "alloc_policy": "unallocable",
            "ndparams": {"cpu_speed": 2.0},
            "diskparams": {},
            "hv_state": {"fake": {"mem_node": 1, "mem_hv": 3}},
            "disk_state": {"plain": {"vg": {"disk_total": 2}}},
            "ipolicy": {"spindle-ratio": 3.0},
        }
        self.assertEqual(dict(result), expected)
        group = self.named("other")
        self.assertEqual(
            (group.alloc_policy, group.ndparams, group.diskparams, group.hv_state_static,
             group.disk_state_static, group.ipolicy),
            tuple(expected.values()),
        )  # fmt: skip

    def test_new_violations(self) -> None:
        """Instances that break the new policy are told once, not again at the next change."""
        self.add()
        op = OpGroupSetParams(group_name="default", ipolicy=DISKLESS)
        self.run_op(op)
        [told] = [line for line in self.context.logged if "WARNING" in line]
        self.assertIn("vm1.example.com breaks the instance policy of group default now", told)
        self.run_op(op)
        self.assertEqual([line for line in self.context.logged if "WARNING" in line], [told])

    def test_locks(self) -> None:
        """The group is locked; its instances are shared only when the policy changes."""
        self.add()
        own = ("nodegroup", (GROUP,), "exclusive")
        found = self.locks(OpGroupSetParams(group_name="default", alloc_policy="preferred"))
        self.assertEqual(found[1:], [own])
        found = self.locks(OpGroupSetParams(group_name="default", ipolicy={}))
        self.assertEqual(found[1:], [("instance", ("vm1.example.com",), "shared"), own])

    def test_hooks(self) -> None:
        """Hooks run on the master and know the allocation policy that is asked for."""
        for op, wanted in (
            (OpGroupSetParams(group_name="default", alloc_policy="last_resort"), "last_resort"),
            (OpGroupSetParams(group_name="default", ndparams={}), "None"),
        ):
            hooks = self.hooks(op)
            assert hooks is not None
            self.assertEqual(hooks.env, {"GROUP_NAME": "default", "NEW_ALLOC_POLICY": wanted})
            self.assertEqual(hooks.pre_nodes, (node_uuid(1),))

    def test_refused(self) -> None:
        """Nothing to change, and a group that is not there."""
        self.assertIn("at least one option", self.refusal(OpGroupSetParams(group_name="default")))
        self.assertIn("not known", self.refusal(OpGroupSetParams(group_name="x", ipolicy={})))


class AssignNodesTests(GroupTestCase):
    """OP_GROUP_ASSIGN_NODES."""

    def assign(self, *numbers: int, **fields: Any) -> OpGroupAssignNodes:
        """Return the opcode that moves these nodes to the other group."""
        nodes = [f"node{number}.example.com" for number in numbers]
        return OpGroupAssignNodes(group_name="other", nodes=nodes, **fields)

    def setUp(self) -> None:
        """Have another group."""
        super().setUp()
        self.add_group()

    def test_moved(self) -> None:
        """Nodes are moved in one change; those that are there already are left alone."""
        self.run_op(self.assign(2, 3))
        self.assertEqual([self.group_of(n) for n in (1, 2, 3)], ["default", "other", "other"])
        self.assertEqual(len(self.context.commits), 1)
        self.run_op(self.assign(2, 3))
        self.assertEqual(len(self.context.commits), 1)
        self.assertIn("already", self.context.logged[-1])

    def test_locks(self) -> None:
        """The nodes and all groups concerned are locked; there are no hooks."""
        self.set_node(3, group=OTHER)
        op = self.assign(2, 3)
        self.assertEqual(
            self.locks(op)[1:],
            [("nodegroup", (GROUP, OTHER), "exclusive"),
             ("node", (node_uuid(2), node_uuid(3)), "exclusive")],
        )  # fmt: skip
        self.assertIsNone(self.hooks(op))

    def test_uuids(self) -> None:
        """Nodes may be given with uuids, which must be theirs and as many."""
        self.run_op(self.assign(2, node_uuids=[node_uuid(2)]))
        self.assertEqual(self.group_of(2), "other")
        self.assertIn("any more", self.refusal(self.assign(3, node_uuids=[node_uuid(1)])))
        self.assertIn("1 node names and 0", self.refusal(self.assign(3, node_uuids=[])))

    def test_split(self) -> None:
        """A mirrored instance is split only with force, and then told; together is no split."""
        self.mirror("db.example.com", 1, 2)
        told = self.refusal(self.assign(2), errors.OpExecError)
        self.assertIn("db.example.com", told)
        self.assertIn("--force", told)
        self.assertEqual(self.group_of(2), "default")
        self.run_op(self.assign(2, force=True))
        self.assertEqual(self.group_of(2), "other")
        self.assertIn("Split over two groups by this: db.example.com", self.context.logged[-1])
        self.run_op(self.assign(1))
        self.assertEqual(self.group_of(1), "other")

    def test_together(self) -> None:
        """Both nodes of a mirrored instance move without a word."""
        self.mirror("db.example.com", 1, 2)
        self.run_op(self.assign(1, 2))
        self.assertEqual([self.group_of(n) for n in (1, 2)], ["other", "other"])
        self.assertEqual([line for line in self.context.logged if "Split" in line], [])

    def test_still_split(self) -> None:
        """Instances that are split before and after are told, and need no force."""
        self.mirror("db.example.com", 1, 2)
        third = NodeGroup("third-uuid", "third")
        self.context.state = apply(self.context.state, Change(nodegroups=(third,)), 0.0)
        self.set_node(2, group="third-uuid")
        self.run_op(self.assign(2))
        self.assertEqual(self.group_of(2), "other")
        self.assertIn("already, and still so: db.example.com", self.context.logged[-1])
        self.mirror("web.example.com", 1, 3)
        self.set_node(2, group="third-uuid")
        told = self.refusal(self.assign(2, 3), errors.OpExecError)
        self.assertIn("instances web.example.com would be split", told)
        self.assertIn("still so: db.example.com.", told)

    def test_stricter_policy(self) -> None:
        """Instances that break the policy of the group that they come to are told."""
        self.run_op(OpGroupSetParams(group_name="other", ipolicy=DISKLESS))
        self.add()
        self.run_op(self.assign(1))
        self.assertIn("vm1.example.com breaks the instance policy of group other",
                      self.context.logged[-1])  # fmt: skip

    def test_refused(self) -> None:
        """Groups and nodes that are not there are refused."""
        self.assertIn("not known", self.refusal(self.assign(9)))
        op = OpGroupAssignNodes(group_name="nowhere", nodes=["node1.example.com"])
        self.assertIn("not known", self.refusal(op))
        self.assertEqual(self.context.commits, [])

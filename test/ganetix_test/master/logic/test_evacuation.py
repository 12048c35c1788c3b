"""Node and group evacuation, node migration, change of group, placement of many at once."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import msgspec

from ganetix import errors
from ganetix.htools.reasons import answer_with_reasons
from ganetix.master.logic.outside import Outside
from ganetix.model.changes import Change, apply
from ganetix.model.objects import Disk, Instance, Network, Nic, Node, NodeGroup
from ganetix.opcodes import codec
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.group import OpGroupEvacuate
from ganetix.opcodes.instance import OpInstanceMultiAlloc
from ganetix.opcodes.instance_disks import OpInstanceRecreateDisks, OpInstanceReplaceDisks
from ganetix.opcodes.instance_state import (
    OpInstanceChangeGroup,
    OpInstanceFailover,
    OpInstanceMigrate,
)
from ganetix.opcodes.node import OpNodeEvacuate, OpNodeMigrate
from ganetix.testing.logic import LogicContext, node_uuid, three_nodes
from ganetix_test.master.logic.cases import OUTSIDE, UnitTestCase, changed_node, creation

NODE1, NODE2, NODE3, NODE4 = (f"node{number}.example.com" for number in (1, 2, 3, 4))
NODE4_UUID = node_uuid(4)


class EvacuationCase(UnitTestCase):
    """A cluster with the real planner, a mirrored instance a and a shared one b on node1."""

    careless: Callable[[dict[str, Any], Mapping[str, Any]], dict[str, Any]] | None = None
    """An allocator to be used in the place of the planner."""

    def outside(self) -> Outside:
        """Use the planner, or what a test puts in its place."""
        return attrs.evolve(
            OUTSIDE,
            hail=lambda request, more: (self.careless or answer_with_reasons)(request, more),
        )

    def setUp(self) -> None:
        """Make the instances."""
        super().setUp()
        self.context = LogicContext(three_nodes(default_iallocator="hail"))
        self.mirrored("a.example.com", 1, 2)
        self.add("b.example.com", disk_template="sharedfile")
        self.context.logged.clear()

    def mirrored(self, name: str, primary: int, secondary: int) -> None:
        """Put an instance with one DRBD disk into the configuration."""
        port = 11000 + len(self.context.cluster.instances)
        ends = [node_uuid(primary), node_uuid(secondary)]
        disk = Disk(f"disk-{name}", "drbd", [*ends, port, port, port, "secret"], 1024, nodes=ends)
        instance = Instance(
            f"uuid-{name}", name, ends[0], "tiny", "fake", admin_state="up", disks=[disk.uuid]
        )
        change = Change(instances=(instance,), disks=(disk,))
        self.context.state = apply(self.context.state, change, 0.0)

    def second_group(self) -> None:
        """Put node3 and a fourth node into a group of their own."""
        fourth = Node(NODE4_UUID, NODE4, "127.0.0.14", "127.0.0.14", "rack2-uuid")
        change = Change(nodegroups=(NodeGroup("rack2-uuid", "rack2"),), nodes=(fourth,))
        state = apply(self.context.state, change, 0.0)
        self.context.state = changed_node(state, 3, group="rack2-uuid")

    def jobs(self, op: OpCode) -> list[list[OpCode]]:
        """Run *op* and return the jobs that it submits."""
        self.context.submitted.clear()
        result = self.run_op(op)
        jobs = self.context.submitted
        self.assertEqual(result["jobs"], [[True, 100 + n] for n in range(len(jobs))])
        return jobs

    def evacuation(self, mode: str, **fields: Any) -> list[list[OpCode]]:
        """Evacuate node1 and return the jobs."""
        return self.jobs(codec_of("OP_NODE_EVACUATE", node_name="node1", mode=mode, **fields))


def codec_of(op_id: str, **fields: Any) -> OpCode:
    """Return the opcode from JSON values, as a client gives it."""
    return codec.decode({"OP_ID": op_id, **fields})


def kinds(jobs: list[list[OpCode]]) -> list[list[str]]:
    """Return the instance and the kind of each opcode."""
    return [
        [f"{getattr(op, 'instance_name', '')[0]} {codec.op_id_of(op)[12:]}" for op in job]
        for job in jobs
    ]


class NodeEvacuateTests(EvacuationCase):
    """OP_NODE_EVACUATE."""

    def test_primaries(self) -> None:
        """The mirrored one goes to its secondary, the shared one where the planner says."""
        jobs = self.evacuation("primary-only")
        self.assertEqual(kinds(jobs), [["a MIGRATE"], ["b MIGRATE"]])
        ((_,), (shared,)) = jobs
        assert isinstance(shared, OpInstanceMigrate)
        self.assertIn(shared.target_node, (NODE2, NODE3))
        self.assertIn(
            f"Instance a.example.com goes to {NODE2}, {NODE1} in group default.",
            self.context.logged,
        )

    def test_secondaries(self) -> None:
        """A mirror goes to the node that is left; early release is passed on."""
        self.mirrored("c.example.com", 2, 1)
        ((op,),) = self.evacuation("secondary-only", early_release=True)
        assert isinstance(op, OpInstanceReplaceDisks)
        self.assertEqual((op.instance_name, op.remote_node), ("c.example.com", NODE3))
        self.assertTrue(op.early_release)

    def test_all(self) -> None:
        """Everything leaves: a primary goes first, its mirror after it, in one job."""
        self.mirrored("c.example.com", 2, 1)
        jobs = self.evacuation("all")
        self.assertEqual(
            kinds(jobs),
            [["a MIGRATE", "a REPLACE_DISKS"], ["b MIGRATE"], ["c REPLACE_DISKS"]],
        )
        replaced = jobs[0][1]
        assert isinstance(replaced, OpInstanceReplaceDisks)
        self.assertEqual(replaced.remote_node, NODE3)

    def test_remote(self) -> None:
        """With a node all mirrors go there; that is for mirrors alone, and for another node."""
        self.mirrored("c.example.com", 2, 1)
        ((op,),) = self.evacuation("secondary-only", remote_node="node3")
        assert isinstance(op, OpInstanceReplaceDisks)
        self.assertEqual((op.mode, op.remote_node), ("replace_new_secondary", NODE3))
        for fields, words in (
            ({"mode": "primary-only", "remote_node": "node3"}, "Only mirrors"),
            ({"mode": "secondary-only", "remote_node": "node1"}, "to be evacuated"),
            ({"mode": "secondary-only", "remote_node": "node2"}, "primary node of"),
            ({"mode": "secondary-only", "remote_node": "node3", "iallocator": "hail"}, "Both"),
            ({"mode": "all", "iallocator": "dice"}, "not available"),
        ):
            op = codec_of("OP_NODE_EVACUATE", node_name="node1", **fields)
            self.assertIn(words, self.refusal(op))

    def test_no_allocator(self) -> None:
        """Without a default allocator one must be given."""
        settings = msgspec.structs.replace(self.context.cluster.cluster, default_iallocator="")
        self.context.state = apply(self.context.state, Change(cluster=settings), 0.0)
        op = OpNodeEvacuate(node_name="node1", mode="all")
        self.assertIn("No instance allocator", self.refusal(op))

    def test_stuck(self) -> None:
        """Instances on local files stay, and are told; when nothing can move it is an error."""
        self.add("d.example.com")
        self.assertEqual(len(self.evacuation("primary-only")), 2)
        self.assertTrue(any("d.example.com" in line for line in self.context.logged))
        self.add("e.example.com", pnode="node3")
        told = self.refusal(OpNodeEvacuate(node_name="node3", mode="primary-only"))
        self.assertIn("Nothing can be moved", told)
        self.assertIn("gnt-instance move -n NODE e.example.com", told)

    def test_empty(self) -> None:
        """A node without instances needs no jobs."""
        self.assertEqual(self.jobs(OpNodeEvacuate(node_name="node3", mode="all")), [])

    def test_locks(self) -> None:
        """The instances, the group and its nodes are shared: the jobs lock for themselves."""
        op = OpNodeEvacuate(node_name="node1", mode="primary-only")
        self.assertEqual(
            self.locks(op)[1:],
            [
                ("instance", ("a.example.com", "b.example.com"), "shared"),
                ("nodegroup", tuple(self.context.cluster.nodegroups), "shared"),
                ("node", tuple(node_uuid(number) for number in (1, 2, 3)), "shared"),
            ],
        )

    def test_children(self) -> None:
        """Jobs inherit priority, reason and debug level, and name their parent."""
        reason = [["gnt:user", "repair", 1]]
        jobs = self.evacuation("primary-only", priority=10, reason=reason, debug_level=2)
        for (op,) in jobs:
            self.assertEqual((op.priority, op.debug_level, op.reason), (10, 2, reason))
            self.assertEqual(op.comment, "Submitted by OP_NODE_EVACUATE")

    def test_reasons(self) -> None:
        """The log says what becomes of the cluster's score."""
        self.evacuation("primary-only")
        told = [line for _, lines in self.context.entries for line in lines]
        self.assertTrue(any("score goes from" in line for line in told), told)
        self.assertTrue(any("b.example.com: node" in line for line in told), told)


class NodeMigrateTests(EvacuationCase):
    """OP_NODE_MIGRATE."""

    def test_jobs(self) -> None:
        """Each primary gets a job; a target is for those that can go anywhere."""
        op = OpNodeMigrate(node_name="node1", target_node="node3", mode="non-live")
        ((first,), (second,)) = self.jobs(op)
        assert isinstance(first, OpInstanceMigrate)
        assert isinstance(second, OpInstanceMigrate)
        self.assertEqual((first.target_node, second.target_node), (None, "node3"))
        self.assertEqual((first.mode, first.allow_failover), ("non-live", False))

    def test_refused(self) -> None:
        """The same node, and a target with an allocator, are refused."""
        op = OpNodeMigrate(node_name="node1", target_node="node1")
        self.assertIn("leave", self.refusal(op))
        op = OpNodeMigrate(node_name="node1", target_node="node2", iallocator="hail")
        self.assertIn("Both", self.refusal(op))


class GroupTests(EvacuationCase):
    """OP_GROUP_EVACUATE and OP_INSTANCE_CHANGE_GROUP."""

    def setUp(self) -> None:
        """Make another group and leave only the instance on shared disks."""
        super().setUp()
        self.context.state = three_nodes(default_iallocator="hail")
        self.context.world.guests.clear()
        self.second_group()
        self.add("b.example.com", disk_template="sharedfile")
        self.add("c.example.com", disk_template="sharedfile", pnode="node2")

    def test_evacuate(self) -> None:
        """Everything goes to the other group."""
        jobs = self.jobs(OpGroupEvacuate(group_name="default"))
        self.assertEqual(kinds(jobs), [["b MIGRATE"], ["c MIGRATE"]])
        gone = {op.target_node for (op,) in jobs if isinstance(op, OpInstanceMigrate)}
        self.assertEqual(gone, {NODE3, NODE4})

    def test_sequential_failovers(self) -> None:
        """Migrations become failovers, and each job waits for the end of the one before."""
        op = OpGroupEvacuate(
            group_name="default", target_groups=["rack2"], sequential=True, force_failover=True
        )
        ((first,), (second,)) = self.jobs(op)
        self.assertIsInstance(first, OpInstanceFailover)
        self.assertEqual((first.depends, second.depends), (None, [(-1, ["error", "success"])]))

    def test_own_group(self) -> None:
        """The group itself is no target; without another group there is none."""
        op = OpGroupEvacuate(group_name="default", target_groups=["default"])
        self.assertIn("can't be a target", self.refusal(op))
        self.context.state = three_nodes(default_iallocator="hail")
        self.assertIn("no group but", self.refusal(OpGroupEvacuate(group_name="default")))

    def test_change_group(self) -> None:
        """One instance goes to the group that is named, or to any other."""
        for targets in (["rack2"], None):
            op = OpInstanceChangeGroup(instance_name="b", target_groups=targets)
            ((moved,),) = self.jobs(op)
            assert isinstance(moved, OpInstanceMigrate)
            self.assertIn(moved.target_node, (NODE3, NODE4))
        op = OpInstanceChangeGroup(instance_name="b", target_groups=["default"])
        self.assertIn("is in group default", self.refusal(op))


class NetworkTests(EvacuationCase):
    """Moves to another group look at what networks are connected there."""

    def setUp(self) -> None:
        """Make a second group; only b, of the two on shared disks, has a NIC in network lan."""
        super().setUp()
        self.context.state = three_nodes(default_iallocator="hail")
        self.context.world.guests.clear()
        self.second_group()
        self.add("b.example.com", disk_template="sharedfile")
        self.add("c.example.com", disk_template="sharedfile")
        cluster = self.context.cluster
        lan = Network("lan-uuid", "lan", "192.0.2.0/24")
        home = msgspec.structs.replace(cluster.group_named("default"), networks={lan.uuid: {}})
        one = cluster.instance_named("b.example.com")
        nics = [msgspec.structs.replace(nic, network=lan.uuid) for nic in one.nics]
        change = Change(
            networks=(lan,),
            nodegroups=(home,),
            instances=(msgspec.structs.replace(one, nics=nics),),
        )
        self.context.state = apply(cluster, change, 0.0)

    def connect(self) -> None:
        """Connect the network to the second group as well."""
        group = self.context.cluster.group_named("rack2")
        change = Change(nodegroups=(msgspec.structs.replace(group, networks={"lan-uuid": {}}),))
        self.context.state = apply(self.context.cluster, change, 0.0)

    def test_change_group(self) -> None:
        """A group without the network is refused with what to type; connected, it is taken."""
        op = OpInstanceChangeGroup(instance_name="b", target_groups=["rack2"])
        told = self.refusal(op)
        self.assertIn("not connected to a network", told)
        self.assertIn("'gnt-network connect lan rack2'", told)
        self.connect()
        self.assertEqual(kinds(self.jobs(op)), [["b MIGRATE"]])

    def test_evacuate(self) -> None:
        """What lacks its network there is left out in words, the rest goes."""
        jobs = self.jobs(OpGroupEvacuate(group_name="default"))
        self.assertEqual(kinds(jobs), [["c MIGRATE"]])
        told = [line for line in self.context.logged if "b.example.com" in line]
        self.assertTrue(any("Unable to move" in line for line in told), told)

    def test_careless_program(self) -> None:
        """An allocator that does not look at networks is not believed."""

        def careless(request: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
            moves = [
                OpInstanceMigrate(instance_name=name, target_node=NODE4)
                for name in request["request"]["instances"]
            ]
            moved = [[op.instance_name, "rack2", [NODE4]] for op in moves]
            result = [moved, [], [[codec.encode(op)] for op in moves]]
            return {"success": True, "info": "", "result": result}

        self.careless = careless
        jobs = self.jobs(OpGroupEvacuate(group_name="default"))
        self.assertEqual(kinds(jobs), [["c MIGRATE"]])
        (told,) = [line for line in self.context.logged if "Unable to move" in line]
        self.assertIn("its networks lan are not connected to node group rack2", told)
        op = OpInstanceChangeGroup(instance_name="b", target_groups=["rack2"])
        self.assertIn("'gnt-network connect lan rack2'", self.refusal(op))

    def test_mirror(self) -> None:
        """A mirror is not sent to a group in which the instance could not run."""
        self.mirrored("d.example.com", 1, 2)
        one = self.context.cluster.instance_named("d.example.com")
        nic = Nic(uuid="nic-d", mac="aa:00:00:00:00:0d", network="lan-uuid")
        stopped = msgspec.structs.replace(one, nics=[nic], admin_state="down")
        change = Change(instances=(stopped,))
        self.context.state = apply(self.context.cluster, change, 0.0)
        for op in (
            OpInstanceReplaceDisks(
                instance_name="d", mode="replace_new_secondary", remote_node="node4"
            ),
            OpNodeEvacuate(node_name="node2", mode="secondary-only", remote_node="node4"),
            OpInstanceRecreateDisks(instance_name="d", nodes=["node1", "node4"]),
        ):
            self.assertIn("'gnt-network connect lan rack2'", self.refusal(op))


class MultiAllocTests(EvacuationCase):
    """OP_INSTANCE_MULTI_ALLOC."""

    def many(self, *rows: dict[str, Any], **fields: Any) -> OpInstanceMultiAlloc:
        """Return the opcode for instances with these fields."""
        return OpInstanceMultiAlloc(instances=list(rows), **fields)

    def row(self, name: str, **fields: Any) -> dict[str, Any]:
        """Return one instance of the list."""
        return codec.encode(creation(f"{name}.example.com", **{"pnode": None, **fields}))

    def test_spread(self) -> None:
        """Three instances are spread over the nodes, each with a job that names its node."""
        self.context = LogicContext(three_nodes(default_iallocator="hail"))
        names = ["x", "y", "z"]
        op = self.many(*(self.row(name) for name in names))
        result = self.run_op(op)
        self.assertEqual(result["allocatable"], [f"{name}.example.com" for name in names])
        self.assertEqual(result["failed"], [])
        chosen = [creation.pnode for (creation,) in self.context.submitted]  # type: ignore[attr-defined] # of OpInstanceCreate
        self.assertEqual(sorted(chosen), [NODE1, NODE2, NODE3])

    def test_locks(self) -> None:
        """All nodes are shared, or those that are free: the creations lock for themselves."""
        for chance, keys in ((False, ("[lockset]",)), (True, tuple(map(node_uuid, (1, 2, 3))))):
            op = self.many(self.row("x"), opportunistic_locking=chance)
            self.assertEqual(
                self.locks(op)[1:], [("node", keys, "shared"), ("node-res", keys, "shared")]
            )

    def test_opportunistic(self) -> None:
        """Only the nodes that could be locked are chosen from; a creation takes no chance."""
        self.context.free = frozenset({node_uuid(2)})
        rows = [self.row(name, opportunistic_locking=True) for name in ("x", "y")]
        made = [creation for (creation,) in self.jobs(self.many(*rows, opportunistic_locking=True))]
        self.assertEqual({getattr(one, "pnode", None) for one in made}, {NODE2})
        self.assertEqual({getattr(one, "opportunistic_locking", None) for one in made}, {False})

    def test_temporary(self) -> None:
        """What does not fit on the free nodes may fit on all: the error is a temporary one."""
        self.context.free = frozenset({node_uuid(2)})
        self.context.world.memory[node_uuid(2)] = 1024
        op = self.many(self.row("x", beparams={"memory": 2048}), opportunistic_locking=True)
        self.assertEqual(self.refusal_kind(op), errors.TEMP_NORES)

    def test_some_fail(self) -> None:
        """What fits nowhere is told; the others are created. A dry run submits nothing."""
        for number in (1, 2, 3):
            self.context.world.memory[node_uuid(number)] = 1024
        rows = [self.row("x"), self.row("y", beparams={"memory": 9999})]
        result = self.run_op(self.many(*rows, dry_run=True))
        expected = {"jobs": [], "allocatable": ["x.example.com"], "failed": ["y.example.com"]}
        self.assertEqual((result, self.context.submitted), (expected, []))
        result = self.run_op(self.many(*rows))
        self.assertEqual(result, {**expected, "jobs": [[True, 100]]})

    def test_given_nodes(self) -> None:
        """Instances with nodes need no allocator, and lock these nodes alone."""
        op = self.many(self.row("x", pnode="node2"))
        self.assertEqual(self.locks(op)[1], ("node", (node_uuid(2),), "shared"))
        chance = self.many(self.row("x", pnode="node2"), opportunistic_locking=True)
        self.assertIn("leave --opportunistic-locking out", self.refusal(chance))
        ((made,),) = self.jobs(op)
        self.assertEqual(getattr(made, "pnode", None), "node2")

    def test_refused(self) -> None:
        """An empty list, a name twice, nodes for some, allocators of their own, no opcode."""
        for op, words in (
            (self.many(), "empty"),
            (self.many(self.row("x"), self.row("x")), "more than once"),
            (self.many(self.row("x"), self.row("y", pnode="node1")), "all or none"),
            (self.many(self.row("x", iallocator="hail")), "of its own"),
            (self.many({"OP_ID": "OP_TAGS_GET", "kind": "cluster"}), "Instance 0"),
            (OpInstanceMultiAlloc(instances=[3]), "Instance 0"),
            (self.many(self.row("a")), "already in the cluster"),
        ):
            self.assertIn(words, self.refusal(op, errors.OpPrereqError))

"""Failover and migration: who may go where, and what is left when a step fails."""

from typing import Any

import msgspec

from ganetix import errors
from ganetix.opcodes.instance import OpInstanceSetParams
from ganetix.opcodes.instance_state import OpInstanceFailover, OpInstanceMigrate
from ganetix.opcodes.verify import OpClusterVerifyGroup
from ganetix.rpc.tables.guests import Balloon
from ganetix.rpc.tables.instances import InstanceMigrate, InstanceState
from ganetix.testing.logic import LogicContext, node_uuid, three_nodes
from ganetix_test.master.logic.cases import UnitTestCase, creation

VM = "vm1.example.com"
NODE1, NODE2, NODE3 = node_uuid(1), node_uuid(2), node_uuid(3)


def failover(**fields: Any) -> OpInstanceFailover:
    """Return a failover to node2."""
    return OpInstanceFailover(instance_name=VM, **{"target_node": "node2"} | fields)


def migration(**fields: Any) -> OpInstanceMigrate:
    """Return a migration to node2."""
    return OpInstanceMigrate(instance_name=VM, **{"target_node": "node2"} | fields)


class MoveTestCase(UnitTestCase):
    """Has a running instance on shared disks."""

    def setUp(self) -> None:
        """Create the instance."""
        super().setUp()
        self.add(disk_template="sharedfile")
        self.context.released.clear()
        self.context.fake.made.clear()

    def where(self) -> list[str]:
        """The nodes that run the guest."""
        return sorted(node for node, name in self.context.world.guests if name == VM)


class FailoverTests(MoveTestCase):
    """OP_INSTANCE_FAILOVER."""

    def test_running(self) -> None:
        """It runs on the target afterwards, and its disks are assembled there alone."""
        self.run_op(failover())
        self.assertEqual((self.instance().primary_node, self.where()), (NODE2, [NODE2]))
        self.assertEqual({node for node, _ in self.context.world.assembled}, {NODE2})
        (disk,) = self.context.cluster.disks_of(self.instance())
        self.assertEqual(disk.nodes, [NODE2])

    def test_stopped(self) -> None:
        """One that is down moves and stays down."""
        self.add("vm2.example.com", disk_template="diskless", disks=[], start=False)
        self.run_op(OpInstanceFailover(instance_name="vm2", target_node="node3"))
        self.assertEqual(self.instance("vm2").primary_node, NODE3)
        self.assertNotIn((NODE3, "vm2.example.com"), self.context.world.guests)

    def test_dead_node(self) -> None:
        """From an offline node it moves without asking that node."""
        self.set_node(1, offline=True)
        self.context.fake.down = {NODE1}
        self.run_op(failover())
        self.assertIn(NODE2, self.where())
        self.assertNotIn(NODE1, {made.node for made in self.context.fake.made})

    def test_allocator(self) -> None:
        """Without a target the instance allocator chooses; other nodes' locks are given back."""
        self.run_op(failover(target_node=None, iallocator="hail"))
        self.assertEqual(self.instance().primary_node, NODE3)
        self.assertIn(("node", frozenset({NODE2})), self.context.released)

    def test_file_instance(self) -> None:
        """An instance on files of its node can't be failed over, and is told what can be done."""
        self.add("vm2.example.com")
        told = self.refusal(OpInstanceFailover(instance_name="vm2", target_node="node2"))
        self.assertIn("template file", told)
        self.assertIn("gnt-instance move", told)

    def test_refused(self) -> None:
        """No target, the same node, a drained one, one without memory."""
        self.assertIn("give a target node", self.refusal(failover(target_node=None)))
        self.assertIn("already", self.refusal(failover(target_node="node1")))
        self.assertIn("Both", self.refusal(failover(iallocator="hail")))
        self.context.world.memory[NODE2] = 1
        self.assertIn("memory free", self.refusal(failover()))
        self.set_node(2, drained=True)
        self.assertIn("drained", self.refusal(failover()))

    def test_source_fails(self) -> None:
        """If it can't be stopped nothing changes, unless consistency is not asked for."""
        self.context.fake.down = {NODE1}
        self.refusal(failover(), errors.RemoteError)
        self.assertEqual(self.instance().primary_node, NODE1)
        self.run_op(failover(ignore_consistency=True))
        self.assertEqual(self.instance().primary_node, NODE2)

    def test_start_fails(self) -> None:
        """If it can't be started on the target it stays there, its disks down."""

        def before(node: str, call: str) -> None:
            if call == "instance_start":
                raise errors.RemoteError("No.")

        self.context.world.before = before
        self.assertIn("is now on node2", self.refusal(failover(), errors.OpExecError))
        self.assertEqual(self.instance().primary_node, NODE2)
        self.assertFalse(self.instance().disks_active)

    def test_resumed(self) -> None:
        """After a restart it goes on, whether the primary was switched already or not."""
        for _ in range(2):
            self.context.resumed = [60.0, NODE1, NODE2]
            self.run_op(failover())
            self.assertEqual((self.instance().primary_node, self.where()), (NODE2, [NODE2]))

    def test_locks(self) -> None:
        """The instance and both nodes; without a target all nodes."""
        both = (NODE1, NODE2)
        self.assertEqual(
            self.locks(failover())[1:],
            [("instance", (VM,), "exclusive"), ("node", both, "exclusive"),
             ("node-res", both, "exclusive")],
        )  # fmt: skip
        self.assertIn(("node", ("[lockset]",), "exclusive"), self.locks(failover(target_node=None)))

    def test_hooks(self) -> None:
        """Before on master and target, afterwards on the old primary too."""
        hooks = self.hooks(failover(target_node="node3"))
        assert hooks is not None
        self.assertEqual((hooks.pre_nodes, hooks.post_nodes), ((NODE1, NODE3), (NODE1, NODE3)))
        self.assertEqual(hooks.env["NEW_PRIMARY"], "node3.example.com")
        self.assertEqual(hooks.env["OLD_PRIMARY"], "node1.example.com")


class MigrateTests(MoveTestCase):
    """OP_INSTANCE_MIGRATE."""

    def test_shrinks(self) -> None:
        """A guest that is too large for the target is made to fit first, if that is allowed."""
        self.run_op(OpInstanceSetParams(instance_name=VM, beparams={"minmem": 128, "maxmem": 512}))
        guest = self.context.world.guests[NODE1, VM]
        self.context.world.guests[NODE1, VM] = msgspec.structs.replace(guest, memory=512)
        self.context.world.memory[NODE2] = 200
        self.assertIn("has 512 MiB now", self.refusal(migration(allow_runtime_changes=False)))
        self.run_op(migration())
        self.assertEqual(self.where(), [NODE2])
        shrunk = [made for made in self.context.fake.made if made.call == "instance_balloon_memory"]
        self.assertEqual(
            [(made.node, made.request) for made in shrunk],
            [(NODE1, Balloon(VM, "fake", 200))],
        )

    def test_grows_again(self) -> None:
        """When the migration fails it has its memory back."""
        self.run_op(OpInstanceSetParams(instance_name=VM, beparams={"minmem": 128, "maxmem": 512}))
        guest = self.context.world.guests[NODE1, VM]
        self.context.world.guests[NODE1, VM] = msgspec.structs.replace(guest, memory=512)
        self.context.world.memory[NODE2] = 200

        def refuse(node: str, call: str) -> None:
            if call == "instance_migrate":
                raise errors.HypervisorError("The line is dead.")

        self.context.world.before = refuse
        self.refusal(migration(), errors.HypervisorError)
        self.assertEqual(self.context.world.guests[NODE1, VM].memory, 512)
        self.assertEqual(self.where(), [NODE1])

    def test_live(self) -> None:
        """Both nodes are told in order, the guest runs on the target alone."""
        self.run_op(migration())
        self.assertEqual((self.instance().primary_node, self.where()), (NODE2, [NODE2]))
        self.assertEqual({node for node, _ in self.context.world.assembled}, {NODE2})
        calls = [(made.node, made.call) for made in self.context.fake.made]
        order = [
            (NODE2, "accept_instance"), (NODE1, "instance_migrate"),
            (NODE1, "instance_finalize_migration"), (NODE2, "instance_finalize_migration"),
        ]  # fmt: skip
        self.assertEqual([call for call in calls if call in order], order)
        self.assertEqual(self.context.pending, [])

    def test_each_call(self) -> None:
        """Whichever call before the switch fails: it runs on the source as before."""

        def make() -> LogicContext:
            context = LogicContext(three_nodes())
            op = creation(disk_template="sharedfile")
            self.run_op(op, context)
            context.fake.made.clear()
            return context

        counted = make()
        self.run_op(migration(), counted)
        names = [made.call for made in counted.fake.made]
        switch = names.index("instance_migrate") + 1
        for broken in range(1, switch + 1):
            self.context = make()
            seen, before = self.context.world.seen(), self.context.cluster
            self.fail_once(broken)
            self.refusal(migration(), errors.GanetiError)
            self.assertEqual(self.context.world.seen()[2:], seen[2:], names[broken - 1])
            self.assertEqual(self.context.cluster.instances, before.instances)

    def fail_once(self, number: int) -> None:
        """Let call *number* fail."""
        made = self.context.fake.made

        def before(node: str, call: str) -> None:
            if len(made) == number:
                raise errors.RemoteError("No.")

        self.context.world.before = before

    def test_not_finalized(self) -> None:
        """After the switch a failure says how to mend it, and the guest stays on the target."""
        seen = []

        def before(node: str, call: str) -> None:
            seen.append(call)
            if call == "instance_finalize_migration" and seen.count(call) == 2:
                raise errors.RemoteError("No.")

        self.context.world.before = before
        self.assertIn("migrate --cleanup", self.refusal(migration(), errors.OpExecError))
        self.assertEqual(self.instance().primary_node, NODE2)

    def test_not_running(self) -> None:
        """One that does not run can't be migrated; with allow_failover it is failed over."""
        self.context.world.guests.clear()
        self.assertIn("does not run", self.refusal(migration()))
        self.run_op(migration(allow_failover=True))
        self.assertEqual(self.where(), [NODE2])

    def test_always_failover(self) -> None:
        """An instance may be set so that it is never migrated."""
        self.add("vm2.example.com", disk_template="diskless", disks=[],
                 beparams={"always_failover": True})  # fmt: skip
        op = OpInstanceMigrate(instance_name="vm2", target_node="node2")
        self.assertIn("failed over always", self.refusal(op))

    def test_mode(self) -> None:
        """The mode comes from the request, else from the hypervisor's parameter."""
        rows: list[tuple[dict[str, Any], bool]] = [
            ({}, True), ({"mode": "non-live"}, False), ({"live": False}, False),
        ]  # fmt: skip
        for fields, live in rows:
            self.setUp()
            self.run_op(migration(**fields))
            (made,) = [m for m in self.context.fake.made if m.call == "instance_migrate"]
            assert isinstance(made.request, InstanceMigrate)
            self.assertEqual(made.request.live, live)
        self.assertIn("mean the same", self.refusal(migration(mode="live", live=True)))

    def test_file_instance(self) -> None:
        """An instance on files of its node can't be migrated."""
        self.add("vm2.example.com")
        op = OpInstanceMigrate(instance_name="vm2", target_node="node2")
        self.assertIn("template file", self.refusal(op))

    def test_source_offline(self) -> None:
        """From an offline node nothing migrates."""
        self.set_node(1, offline=True)
        self.assertIn("is offline", self.refusal(migration()))


class CleanupTests(MoveTestCase):
    """Putting right what a broken migration left."""

    def guest(self, *nodes: str) -> None:
        """Let the guest run on *nodes*."""
        state = InstanceState(VM, 128, 1, "running")
        self.context.world.guests = {(node, VM): state for node in nodes}

    def test_found(self) -> None:
        """The node where it runs becomes the primary."""
        self.guest(NODE3)
        self.run_op(migration(cleanup=True, target_node=None))
        self.assertEqual(self.instance().primary_node, NODE3)

    def test_nothing_to_do(self) -> None:
        """Where it runs on its primary, or nowhere, nothing changes."""
        for nodes in ((NODE1,), ()):
            self.guest(*nodes)
            self.context.commits.clear()
            self.run_op(failover(cleanup=True, target_node=None))
            self.assertEqual(self.context.commits, [])

    def test_twice(self) -> None:
        """On two nodes the migration is taken back; if it still runs twice, that is an error."""
        self.guest(NODE1, NODE2)
        told = self.refusal(migration(cleanup=True, target_node=None), errors.OpExecError)
        self.assertIn("more than one node (node1.example.com, node2.example.com)", told)
        self.assertIn("instance_finalize_migration", [m.call for m in self.context.fake.made])

    def test_shut_off(self) -> None:
        """What a power cut left defined on the old primary is named, and taken away there."""
        self.guest(NODE1)
        off = InstanceState(VM, 128, 1, "shutdown")
        self.context.world.guests[NODE2, VM] = off
        self.run_op(OpClusterVerifyGroup(group_name="default"))
        [row] = [one for _, rows in self.context.entries for one in rows]
        self.assertIn("is defined and shut off on node2.example.com", row)
        self.context.fake.made.clear()
        self.run_op(migration(cleanup=True, target_node=None))
        ended = [m.node for m in self.context.fake.made if m.call == "instance_finalize_migration"]
        self.assertEqual((ended, self.instance().primary_node), ([NODE2], NODE1))

    def test_silent_node(self) -> None:
        """A node that does not answer makes it impossible."""
        self.context.fake.down = {NODE3}
        told = self.refusal(migration(cleanup=True, target_node=None), errors.OpExecError)
        self.assertIn("node3.example.com does not tell", told)

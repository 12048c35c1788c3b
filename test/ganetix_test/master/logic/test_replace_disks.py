"""Mirrors that get new volumes or another secondary, disks made anew, and other templates."""

from typing import Any

from ganetix.errors import OpExecError
from ganetix.opcodes.instance import OpInstanceSetParams
from ganetix.opcodes.instance_disks import OpInstanceRecreateDisks, OpInstanceReplaceDisks
from ganetix.opcodes.instance_state import OpInstanceShutdown
from ganetix.rpc.tables.storage import MirrorState
from ganetix_test.master.logic.test_drbd_disks import NAME, NODE1, NODE2, NODE3, DiskTestCase


def replacing(mode: str, **fields: Any) -> OpInstanceReplaceDisks:
    """Return the opcode with *mode*, without its prefix."""
    whole: Any = f"replace_{mode}"
    return OpInstanceReplaceDisks(instance_name=NAME, mode=whole, **fields)


class ReplaceTests(DiskTestCase):
    """A mirrored instance that runs."""

    def setUp(self) -> None:
        """Make it, with two disks."""
        super().setUp()
        self.make(disks=[{"size": 1024}, {"size": 1024}])
        self.mirrors.done.clear()

    def fail_at(self, call: str, node: str) -> None:
        """Let *call* fail on *node*."""

        def failing(where: str, name: str) -> None:
            if (where, name) == (node, call):
                raise OpExecError("It broke.")

        self.world.before = failing

    def test_on_secondary(self) -> None:
        """The secondary's volumes are new, under the old names; the configuration is the same."""
        before, there = self.context.cluster.disks, dict(self.world.disks)
        self.run_op(replacing("on_secondary"))
        self.assertEqual(self.context.cluster.disks, before)
        self.assertEqual({key for key in self.world.disks if key[0] == NODE1},
                         {key for key in there if key[0] == NODE1})  # fmt: skip
        self.assertEqual(
            self.mirrors.done,
            [
                (NODE2, "detach", "disk/0"), (NODE2, "renew", "disk/0"),
                (NODE2, "detach", "disk/1"), (NODE2, "renew", "disk/1"),
            ],
        )  # fmt: skip
        left = [name for _, name in self.world.disks if ".new" in name or "_replaced" in name]
        self.assertEqual(left, [])

    def test_hooks(self) -> None:
        """Hooks run on the master, the primary and a new secondary, and know all names."""
        hooks = self.hooks(replacing("new_secondary", remote_node="node3"))
        assert hooks is not None
        self.assertEqual((hooks.path, hooks.pre_nodes), ("mirrors-replace", (NODE1, NODE3)))
        self.assertEqual(hooks.env["NEW_SECONDARY"], "node3.example.com")
        self.assertEqual(hooks.env["OLD_SECONDARY"], "node2.example.com")
        self.assertEqual(hooks.env["MODE"], "replace_new_secondary")

    def test_one_disk(self) -> None:
        """Only the disks that are named are touched."""
        self.run_op(replacing("on_primary", disks=[1]))
        self.assertEqual({row[2] for row in self.mirrors.done}, {"disk/1"})

    def test_fails_half_way(self) -> None:
        """When the new volumes can't be attached, the old ones are back under their names."""
        before = {key: size for key, size in self.world.disks.items() if "_meta" not in key[1]}
        self.fail_at("blockdev_addchildren", NODE2)
        self.refusal(replacing("on_secondary"), OpExecError)
        after = {key: size for key, size in self.world.disks.items() if "_meta" not in key[1]}
        self.assertEqual(after, before)

    def test_new_secondary(self) -> None:
        """The mirror moves to the third node with minors of its own; the old side is gone."""
        secrets = [row.logical_id[5] for row in self.context.cluster.disks_of(self.instance(NAME))]
        self.run_op(replacing("new_secondary", remote_node="node3"))
        rows = [row.logical_id for row in self.context.cluster.disks_of(self.instance(NAME))]
        self.assertEqual([row[:5] for row in rows],
                         [[NODE1, NODE3, 11001, 0, 0], [NODE1, NODE3, 11002, 1, 1]])  # fmt: skip
        self.assertEqual([row[5] for row in rows], secrets)
        self.assertEqual({node for node, _ in self.world.disks}, {NODE1, NODE3})

    def test_new_secondary_fails(self) -> None:
        """When the new node can't make its half, the mirror is where it was."""
        before, disks = self.world.seen(), self.context.cluster.disks
        self.fail_at("blockdev_create", NODE3)
        self.refusal(replacing("new_secondary", remote_node="node3"), OpExecError)
        self.assertEqual(self.world.seen(), before)
        self.assertEqual(self.context.cluster.disks, disks)

    def test_dead_secondary(self) -> None:
        """A secondary that is offline is left with what it has."""
        self.set_node(2, offline=True)
        self.run_op(replacing("new_secondary", remote_node="node3"))
        self.assertIn("node2.example.com keeps xenvg/", "\n".join(self.context.logged))

    def test_allocator(self) -> None:
        """An allocator can choose the new secondary."""
        self.run_op(replacing("new_secondary", iallocator="hail"))
        self.assertEqual(self.disk().nodes, [NODE1, NODE3])

    def test_auto(self) -> None:
        """The faulty side is found; without one nothing is done."""
        self.run_op(replacing("auto"))
        self.assertIn("No disk", self.context.logged[-1])
        good, bad = MirrorState(False, "ok"), MirrorState(True, "faulty")
        self.mirrors.ahead = [good, bad]
        self.run_op(replacing("auto"))
        self.assertEqual({row[0] for row in self.mirrors.done}, {NODE2})
        self.mirrors.ahead = [bad, bad]
        self.assertIn("faulty disks on both nodes", self.refusal(replacing("auto")))

    def test_refused(self) -> None:
        """What can't be is refused in words."""
        for op, words in (
            (replacing("new_secondary", remote_node="node1"), "is the primary node"),
            (replacing("new_secondary", remote_node="node2"), "is the secondary node"),
            (replacing("new_secondary"), "No instance allocator"),
            (replacing("on_primary", remote_node="node3"), "for a new secondary only"),
            (replacing("on_primary", disks=[5]), "has no disk 5"),
        ):
            self.assertIn(words, self.refusal(op))

    def test_other_side_bad(self) -> None:
        """The only good copy is never replaced."""
        self.mirrors.ahead = [MirrorState(True, "faulty")]
        self.assertIn("has no good copy", self.refusal(replacing("on_primary"), OpExecError))


class StoppedTestCase(DiskTestCase):
    """An instance that is stopped."""

    def stopped(self, **fields: Any) -> None:
        """Make an instance that does not run."""
        self.make(start=False, **fields)
        self.mirrors.done.clear()

    def sizes(self) -> dict[str, list[int]]:
        """Return the sizes of what each node has."""
        found: dict[str, list[int]] = {}
        for (node, _), size in sorted(self.world.disks.items()):
            found.setdefault(node, []).append(size)
        return found


class RecreateTests(StoppedTestCase):
    """Disks that were lost."""

    def recreating(self, **fields: Any) -> OpInstanceRecreateDisks:
        """Return the opcode."""
        return OpInstanceRecreateDisks(instance_name=NAME, **fields)

    def test_in_place(self) -> None:
        """Lost disks are there again, empty and down."""
        self.stopped()
        before = dict(self.world.disks)
        self.world.disks.clear()
        self.run_op(self.recreating())
        self.assertEqual(self.world.disks, before)
        self.assertEqual(self.world.assembled, set())

    def test_elsewhere(self) -> None:
        """On other nodes they have minors there, and the instance its primary."""
        self.stopped()
        self.world.disks.clear()
        self.run_op(self.recreating(nodes=["node2", "node3"]))
        self.assertEqual(self.instance(NAME).primary_node, NODE2)
        self.assertEqual(self.disk().logical_id[:2], [NODE2, NODE3])
        self.assertEqual(set(self.sizes()), {NODE2, NODE3})

    def test_size(self) -> None:
        """A disk can have another size than the one that was lost."""
        self.stopped(disk_template="plain", snode=None)
        self.world.disks.clear()
        self.run_op(self.recreating(disks=[(0, {"size": 2048})]))
        self.assertEqual(self.disk().size, 2048)
        self.assertEqual(self.sizes(), {NODE1: [2048]})

    def test_refused(self) -> None:
        """What can't be is refused in words."""
        self.stopped()
        for fields, words in (
            ({"nodes": ["node3"]}, "give as many"),
            ({"disks": [(3, {})]}, "has no disk 3"),
            ({"disks": [(0, {"name": "x"})]}, "can't be changed"),
            ({"nodes": ["node3", "node2"], "iallocator": "hail"}, "Both"),
        ):
            self.assertIn(words, self.refusal(self.recreating(**fields)))


class ConvertTests(StoppedTestCase):
    """Other disk templates."""

    def converting(self, template: Any, **fields: Any) -> OpInstanceSetParams:
        """Return the opcode."""
        return OpInstanceSetParams(instance_name=NAME, disk_template=template, **fields)

    def test_to_mirror_and_back(self) -> None:
        """A volume becomes a mirror and a volume again without being copied."""
        self.stopped(disk_template="plain", snode=None)
        place = self.disk().logical_id
        self.run_op(self.converting("drbd", remote_node="node2"))
        disk = self.disk()
        self.assertEqual(disk.logical_id[:3], [NODE1, NODE2, 11001])
        self.assertEqual(disk.children[0].logical_id, place)
        self.assertEqual(self.sizes()[NODE2], [1024, 128])
        self.run_op(self.converting("plain"))
        self.assertEqual((self.disk().dev_type, self.disk().logical_id), ("plain", place))
        self.assertEqual(self.context.cluster.cluster.tcpudp_port_pool, [11001])
        self.assertEqual(self.world.disks, {(NODE1, place[1]): 1024})
        self.assertNotIn("copy", [row[1] for row in self.mirrors.done])

    def test_allocator(self) -> None:
        """An allocator chooses the secondary among the group's nodes, which are locked for it."""
        self.stopped(disk_template="plain", snode=None)
        op = self.converting("drbd", iallocator="hail")
        self.assertIn(("node", (NODE1, NODE2, NODE3), "exclusive"), self.locks(op))
        self.run_op(op)
        primary, secondary, *_ = self.disk().logical_id
        self.assertEqual(primary, NODE1)
        self.assertIn(secondary, (NODE2, NODE3))

    def test_copied(self) -> None:
        """A volume becomes a file by a copy, and is gone then."""
        self.stopped(disk_template="plain", snode=None)
        self.run_op(self.converting("file"))
        self.assertEqual(self.disk().dev_type, "file")
        self.assertIn((NODE1, "copy", ("plain", "file")), self.mirrors.done)
        self.assertEqual(self.sizes(), {NODE1: [1024]})

    def test_copy_fails(self) -> None:
        """When the copy fails, the new disk is gone and the old one stays."""
        self.stopped(disk_template="plain", snode=None)
        before, disk = self.world.seen(), self.disk()

        def failing(node: str, call: str) -> None:
            if call == "blockdev_convert":
                raise OpExecError("It broke.")

        self.world.before = failing
        self.refusal(self.converting("file"), OpExecError)
        self.assertEqual((self.world.seen(), self.disk()), (before, disk))

    def test_refused(self) -> None:
        """What can't be is refused in words."""
        self.stopped(disk_template="plain", snode=None)
        for op, words in (
            (self.converting("plain"), "already"),
            (self.converting("drbd"), "need a secondary node"),
            (self.converting("drbd", remote_node="node2", iallocator="hail"), "let an allocator"),
            (self.converting("file", iallocator="hail"), "give -t drbd"),
            (OpInstanceSetParams(instance_name=NAME, iallocator="hail"), "give -t drbd"),
            (self.converting("drbd", remote_node="node1"), "a mirror needs another one"),
            (self.converting("diskless"), "can't become"),
        ):
            self.assertIn(words, self.refusal(op))

    def test_running(self) -> None:
        """Only the disks of a stopped instance are converted."""
        self.make(disk_template="plain", snode=None)
        self.assertIn("marked to be up", self.refusal(self.converting("file")))
        self.run_op(OpInstanceShutdown(instance_name=NAME, timeout=0))
        self.run_op(self.converting("file"))

"""OP_INSTANCE_MULTI_ALLOC: places for many instances at once."""

from typing import Any

from ganetix import errors
from ganetix.opcodes import codec
from ganetix.opcodes.instance import OpInstanceMultiAlloc
from ganetix.testing.logic import LogicContext, node_uuid, three_nodes
from ganetix_test.master.logic.cases import creation
from ganetix_test.master.logic.evacuation_cases import NODE1, NODE2, NODE3, EvacuationCase


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

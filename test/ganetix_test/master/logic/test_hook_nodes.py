"""The nodes on which the hooks of cluster and node operations run, against the interface table."""

from typing import Any, Final

from ganetix.opcodes import codec
from ganetix.testing.logic import node_uuid
from ganetix_test import spec
from ganetix_test.master.logic.cases import UnitTestCase

NODE1, NODE2, NODE3, NEW = (node_uuid(number) for number in (1, 2, 3, 9))
ALL: Final = frozenset({NODE1, NODE2, NODE3})
PLACES: Final = {
    "master": frozenset({NODE1}),
    "node": frozenset({NODE3}),
    "all nodes": ALL,
    "all nodes but the removed one": ALL - {NODE3},
    "all nodes but the new one": ALL,
    "all nodes and the new one": ALL | {NEW},
    "nodes of the group": ALL,
}
"""What the table's words mean where node 3 is the one that is worked on, and node 9 a new one."""

SAMPLES: Final[dict[str, dict[str, Any]]] = {
    "OP_CLUSTER_POST_INIT": {},
    "OP_CLUSTER_RENAME": {"name": "other.example.com"},
    "OP_CLUSTER_SET_PARAMS": {"candidate_pool_size": 3},
    "OP_NODE_ADD": {"node_name": "new", "node_uuid": NEW, "certificate_digest": "d",
                    "primary_ip": "192.0.2.99"},
    "OP_NODE_MIGRATE": {"node_name": "node3"},
    "OP_NODE_REMOVE": {"node_name": "node3"},
    "OP_NODE_SET_PARAMS": {"node_name": "node3", "drained": True},
}  # fmt: skip
WITHIN: Final = frozenset({"OP_CLUSTER_DESTROY", "OP_CLUSTER_VERIFY_GROUP"})
"""Opcodes that run their hooks while they work; their own tests look at where."""


class HookNodesTests(UnitTestCase):
    """One row of the table after the other."""

    def rows(self) -> dict[str, dict[str, Any]]:
        """Return the rows of cluster and node operations."""
        table = spec.load("constants")["hooks"]["opcodes"]
        return {op: row for op, row in table.items() if op.startswith(("OP_CLUSTER", "OP_NODE"))}

    def test_complete(self) -> None:
        """Every row is looked at, here or where the hooks run."""
        self.assertEqual(set(self.rows()), set(SAMPLES) | WITHIN)

    def test_nodes(self) -> None:
        """Before and after, hooks run where the table says."""
        for op_id, row in self.rows().items():
            if op_id in WITHIN:
                continue
            with self.subTest(op_id):
                hooks = self.hooks(codec.decode({"OP_ID": op_id} | SAMPLES[op_id]))
                assert hooks is not None
                self.assertEqual(set(hooks.pre_nodes), self.places(row["pre_nodes"]), op_id)
                self.assertEqual(set(hooks.post_nodes), self.places(row["post_nodes"]), op_id)

    def places(self, words: list[str]) -> set[str]:
        """Return the nodes that *words* of the table mean."""
        return {node for word in words for node in PLACES[word]}

    def test_verify(self) -> None:
        """The hooks of verify run on the nodes of the group, after the facts were gathered."""
        op = codec.decode({"OP_ID": "OP_CLUSTER_VERIFY_GROUP", "group_name": "default"})
        self.run_op(op)
        calls = [(made.call, made.node) for made in self.context.fake.made]
        ran = {node for call, node in calls if call == "hooks_runner"}
        self.assertEqual(ran, ALL)
        last = [call for call, _ in calls][-3:]
        self.assertEqual(last, ["hooks_runner"] * 3)

"""Tags of the cluster and its objects."""

import re

from ganetix import errors
from ganetix.master.logic import tags
from ganetix.opcodes.network import OpNetworkAdd
from ganetix.opcodes.tags import OpTagsDel, OpTagsGet, OpTagsSearch, OpTagsSet
from ganetix.testing.logic import GROUP, node_uuid
from ganetix_test import spec
from ganetix_test.master.logic.cases import UnitTestCase


class TagTests(UnitTestCase):
    """Set, get, remove and search."""

    def test_life(self) -> None:
        """Tags of each kind of object are set, shown sorted, and removed."""
        self.add()
        self.run_op(OpNetworkAdd(network_name="lan", network="192.0.2.0/24"))
        for kind, name in (
            ("cluster", None),
            ("instance", "vm1"),
            ("node", "node2"),
            ("nodegroup", "default"),
            ("network", "lan"),
        ):
            self.run_op(OpTagsSet(kind=kind, name=name, tags=["b", "a", "b"]))  # type: ignore[arg-type]  # the kinds
            found = self.run_op(OpTagsGet(kind=kind, name=name))  # type: ignore[arg-type]  # the kinds
            self.assertEqual(found, ["a", "b"])
            self.run_op(OpTagsDel(kind=kind, name=name, tags=["a"]))  # type: ignore[arg-type]  # the kinds
            found = self.run_op(OpTagsGet(kind=kind, name=name))  # type: ignore[arg-type]  # the kinds
            self.assertEqual(found, ["b"])

    def test_limits(self) -> None:
        """Pattern, length and number are the table's."""
        table = spec.load("constants")["tags"]
        self.assertEqual((tags.MAX_LENGTH, tags.MAX_TAGS),
                         (table["max_length"], table["max_per_object"]))  # fmt: skip
        pattern = re.compile(table["pattern"], re.ASCII)
        for code in range(1, 256):
            tag = f"x{chr(code)}"
            if pattern.fullmatch(tag):
                self.assertEqual(tags.valid_tag(tag), tag)
            else:
                with self.assertRaises(errors.TagError):
                    tags.valid_tag(tag)
        for wrong in ([""], ["x" * 129], [f"t{number}" for number in range(4097)]):
            op = OpTagsSet(kind="cluster", tags=wrong)
            self.refusal(op, errors.TagError)

    def test_missing(self) -> None:
        """All tags to remove must be there, and so must the object."""
        self.run_op(OpTagsSet(kind="cluster", tags=["a"]))
        told = self.refusal(OpTagsDel(kind="cluster", tags=["a", "b"]))
        self.assertIn("does not have the tags b", told)
        self.assertEqual(self.run_op(OpTagsGet(kind="cluster")), ["a"])
        self.assertIn("not known", self.refusal(OpTagsGet(kind="node", name="node9")))
        self.assertIn("name of one", self.refusal(OpTagsGet(kind="node")))

    def test_search(self) -> None:
        """The expression is looked for in the tags of everything."""
        self.add(tags=["web1"])
        self.run_op(OpTagsSet(kind="cluster", tags=["web", "db"]))
        self.run_op(OpTagsSet(kind="nodegroup", name="default", tags=["web2"]))
        self.run_op(OpTagsSet(kind="node", name="node2", tags=["web3"]))
        self.run_op(OpNetworkAdd(network_name="lan", network="192.0.2.0/24", tags=["db", "web4"]))
        self.assertEqual(
            self.run_op(OpTagsSearch(pattern="^web")),
            [["/cluster", "web"], ["/instances/vm1.example.com", "web1"],
             ["/nodes/node2.example.com", "web3"], ["/nodegroup/default", "web2"],
             ["/network/lan", "web4"]],
        )  # fmt: skip
        self.assertIn("not a regular expression", self.refusal(OpTagsSearch(pattern="(")))

    def test_locks(self) -> None:
        """The object alone is locked: shared to read, exclusive to write, the cluster never."""
        node = node_uuid(2)
        self.assertEqual(
            self.locks(OpTagsSet(kind="node", name="node2", tags=["a"]))[1:],
            [("node", (node,), "exclusive")],
        )
        self.assertEqual(
            self.locks(OpTagsGet(kind="nodegroup", name="default"))[1:],
            [("nodegroup", (GROUP,), "shared")],
        )
        self.assertEqual(self.locks(OpTagsDel(kind="cluster", tags=[]))[1:], [])

    def test_small_change(self) -> None:
        """A tag on an instance changes that instance alone."""
        self.add()
        self.context.commits.clear()
        self.run_op(OpTagsSet(kind="instance", name="vm1", tags=["a"]))
        (change,) = self.context.commits
        self.assertEqual(len(change.instances), 1)
        self.assertEqual((change.cluster, change.disks, change.nodes), (None, (), ()))

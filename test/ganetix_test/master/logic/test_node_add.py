"""OP_NODE_ADD: new nodes and nodes that are set up again."""

from typing import Any

import attrs

from ganetix.master.logic.outside import Outside
from ganetix.opcodes.node import OpNodeAdd
from ganetix.rpc.call import Truth
from ganetix.rpc.tables.checks import AddressQuery
from ganetix.testing.logic import GROUP, LogicContext, node_uuid, three_nodes
from ganetix_test.master.logic.cases import OUTSIDE, UnitTestCase

NEW = "00000000-0000-4000-8000-000000000004"
NODE1, NODE2, NODE3 = node_uuid(1), node_uuid(2), node_uuid(3)


def addition(name: str = "node4.example.com", **fields: Any) -> OpNodeAdd:
    """Return the opcode that adds a node whose certificate is in place."""
    given = {"node_uuid": NEW, "certificate_digest": "digest", **fields}
    return OpNodeAdd(node_name=name, **given)


async def answers(address: str) -> bool:
    """Tell that a node daemon answers anywhere but there."""
    return address != "192.0.2.98"


class AddTests(UnitTestCase):
    """Nodes that join."""

    def outside(self) -> Outside:
        """Have daemons that answer."""
        return attrs.evolve(OUTSIDE, answers=answers)

    def test_candidate(self) -> None:
        """While the pool has room a new node becomes a candidate, with digest and key."""
        self.run_op(addition())
        node = self.context.cluster.nodes[NEW]
        self.assertEqual(
            (node.name, node.primary_ip, node.secondary_ip, node.group, node.master_candidate),
            ("node4.example.com", "192.0.2.7", "192.0.2.7", GROUP, True),
        )
        self.assertEqual(self.context.cluster.cluster.candidate_certs, {NEW: "digest"})
        self.assertEqual([m.call for m in self.context.fake.made], ["upload_file"])

    def test_full_pool(self) -> None:
        """With a full pool, or one that is too full, it stays a regular node without the key."""
        for size in (3, 1):
            self.context = LogicContext(three_nodes(candidate_pool_size=size))
            self.run_op(addition())
            self.assertFalse(self.context.cluster.nodes[NEW].master_candidate)
            self.assertEqual(self.context.cluster.cluster.candidate_certs, {})
            self.assertEqual(self.context.fake.made, [])

    def test_parameters(self) -> None:
        """Capabilities, parameters, group and addresses are as given."""
        op = addition(
            master_capable=False, vm_capable=False, ndparams={"ssh_port": "2222"},
            group="default", primary_ip="192.0.2.40",
        )  # fmt: skip
        self.run_op(op)
        node = self.context.cluster.nodes[NEW]
        self.assertEqual((node.master_capable, node.vm_capable, node.master_candidate),
                         (False, False, False))  # fmt: skip
        self.assertEqual((node.ndparams, node.primary_ip), ({"ssh_port": 2222}, "192.0.2.40"))

    def test_again(self) -> None:
        """A node that is added again is online, keeps its uuid, and is a candidate if one lacks."""
        self.set_node(3, offline=True, master_candidate=True)
        self.run_op(addition("node3.example.com", readd=True, node_uuid=NODE3))
        node = self.context.cluster.nodes[NODE3]
        self.assertEqual((node.offline, node.drained, node.master_candidate), (False, False, True))

    def test_refused(self) -> None:
        """Known nodes, foreign addresses, a missing certificate, the master."""
        rows = [
            (addition("node2.example.com"), "already in the cluster"),
            (addition(primary_ip="127.0.0.12"), "belongs to node node2.example.com"),
            (addition(secondary_ip="192.0.2.50"), "secondary address"),
            (addition(certificate_digest=None), "no certificate"),
            (addition("node1.example.com", readd=True), "is the master"),
            (addition("node9.example.com", readd=True), "not known"),
            (addition(group="other"), "not known"),
        ]
        for op, words in rows:
            with self.subTest(words):
                self.assertIn(words, self.refusal(op))
        self.assertEqual(self.context.commits, [])

    def test_silent(self) -> None:
        """A node that does not answer at both its addresses is not added."""
        self.assertIn("answer at 192.0.2.98", self.refusal(addition(primary_ip="192.0.2.98")))
        self.two_addresses()
        self.assertIn("answer at 192.0.2.98", self.refusal(addition(secondary_ip="192.0.2.98")))
        self.assertEqual(self.context.commits, [])

    def two_addresses(self) -> None:
        """Give all nodes secondary addresses."""
        for number in (1, 2, 3):
            self.set_node(number, secondary_ip=f"198.51.100.{number}")

    def test_secondary(self) -> None:
        """A node that has its secondary address is asked, and added."""
        self.two_addresses()
        self.run_op(addition(secondary_ip="198.51.100.4"))
        node = self.context.cluster.nodes[NEW]
        self.assertEqual((node.secondary_ip, node.master_candidate), ("198.51.100.4", True))
        self.assertEqual(self.context.cluster.cluster.candidate_certs, {NEW: "digest"})
        asked = [one for one in self.context.fake.made if one.call == "node_has_ip_address"]
        self.assertEqual([(one.node, one.request) for one in asked],
                         [(NEW, AddressQuery("198.51.100.4"))])  # fmt: skip
        self.assertEqual(self.context.pending, [])

    def test_not_its_own(self) -> None:
        """One that does not have the address leaves no trace, nor does one set up again change."""
        self.two_addresses()

        async def not_there(node: str, request: AddressQuery) -> Truth:
            return Truth(False)

        self.context.fake.handlers["node_has_ip_address"] = not_there
        before = self.context.cluster
        self.assertIn("ip address add", self.refusal(addition(secondary_ip="198.51.100.4")))
        self.assertEqual(self.context.cluster.nodes, before.nodes)
        again = addition(
            "node3.example.com", readd=True, node_uuid=NODE3, secondary_ip="198.51.100.5"
        )
        self.assertIn("ip address add", self.refusal(again))
        found = self.context.cluster.nodes[NODE3]
        self.assertEqual((found.secondary_ip, found.master_candidate), ("198.51.100.3", True))

    def test_table(self) -> None:
        """The cluster lock is exclusive; hooks run on all others before, on the new one after."""
        op = addition()
        self.assertEqual(self.locks(op), [("cluster", ("BGL",), "exclusive")])
        hooks = self.hooks(op)
        assert hooks is not None
        self.assertEqual((hooks.path, hooks.object_type), ("node-add", "NODE"))
        self.assertEqual(hooks.pre_nodes, (NODE1, NODE2, NODE3))
        self.assertEqual(hooks.post_nodes, (NODE1, NODE2, NODE3, NEW))
        self.assertEqual(hooks.env["NODE_PIP"], "192.0.2.7")

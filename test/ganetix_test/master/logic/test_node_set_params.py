"""OP_NODE_SET_PARAMS: roles, the candidate pool, capabilities, parameters."""

from typing import Any

import msgspec

from ganetix.model.changes import Change, apply
from ganetix.model.objects import Disk, Instance
from ganetix.opcodes.node import OpNodeSetParams
from ganetix.rpc.call import Truth
from ganetix.rpc.tables.checks import AddressQuery
from ganetix.testing.logic import LogicContext, node_uuid, three_nodes
from ganetix_test.master.logic.cases import UnitTestCase

NODE1, NODE2, NODE3 = node_uuid(1), node_uuid(2), node_uuid(3)


def change(name: str = "node3", **fields: Any) -> OpNodeSetParams:
    """Return a change of a node."""
    return OpNodeSetParams(node_name=name, **fields)


class RoleTests(UnitTestCase):
    """Master candidate, drained, offline, regular."""

    def role(self, number: int) -> str:
        """Return the role of a node as its one letter."""
        node = self.context.cluster.nodes[node_uuid(number)]
        flags = {"C": node.master_candidate, "D": node.drained, "O": node.offline}
        letters = [letter for letter, held in flags.items() if held]
        self.assertLessEqual(len(letters), 1)
        return letters[0] if letters else "R"

    def test_demoted(self) -> None:
        """A candidate that is drained or offline is none any more, nor has its files."""
        for fields, role in (({"drained": True}, "D"), ({"offline": True}, "O")):
            self.setUp()
            told = self.run_op(change(**fields))  # type: ignore[arg-type]  # the flags
            self.assertEqual(self.role(3), role)
            self.assertIn("master_candidate", dict(told))
            calls = [(m.node, m.call) for m in self.context.fake.made]
            demoted = [] if role == "O" else [(NODE3, "node_demote_from_mc")]
            self.assertEqual(calls, demoted)

    def test_comes_back(self) -> None:
        """A node that comes back becomes a candidate again while the pool has room."""
        self.run_op(change(drained=True))
        self.run_op(change(drained=False))
        self.assertEqual(self.role(3), "C")
        self.assertEqual(
            self.context.cluster.cluster.candidate_certs, {NODE3: f"digest of {NODE3}"}
        )

    def test_full_pool(self) -> None:
        """Not when the pool is full."""
        self.context = LogicContext(three_nodes(candidate_pool_size=2))
        self.run_op(change(drained=True))
        self.run_op(change(drained=False))
        self.assertEqual(self.role(3), "R")

    def test_pool_short(self) -> None:
        """A demotion that leaves the pool short needs auto_promote, which promotes another."""
        self.context = LogicContext(three_nodes(candidate_pool_size=2))
        self.set_node(3, master_candidate=False)
        op = change("node2", drained=True)
        self.assertIn("--auto-promote", self.refusal(op))
        self.run_op(change("node2", drained=True, auto_promote=True))
        self.assertEqual((self.role(2), self.role(3)), ("D", "C"))
        calls = {(m.node, m.call) for m in self.context.fake.made}
        self.assertIn((NODE3, "upload_file"), calls)
        self.assertIn((NODE2, "node_demote_from_mc"), calls)

    def test_forced(self) -> None:
        """Force leaves the pool short."""
        self.context = LogicContext(three_nodes(candidate_pool_size=2))
        self.set_node(3, master_candidate=False)
        self.run_op(change("node2", drained=True, force=True))
        self.assertEqual((self.role(2), self.role(3)), ("D", "R"))

    def test_exclusive(self) -> None:
        """The three flags exclude each other; going from one to another is one step."""
        for fields, role in (
            ({"drained": True}, "D"),
            ({"offline": True}, "O"),
            ({"master_candidate": True}, "C"),
        ):
            self.run_op(change("node2", **fields))
            self.assertEqual(self.role(2), role)
        self.assertIn("at most one", self.refusal(change(offline=True, drained=True)))

    def test_capabilities(self) -> None:
        """What is not master_capable is no candidate; instances need vm_capable."""
        self.run_op(change(master_capable=False))
        self.assertEqual(self.role(3), "R")
        told = self.refusal(change(master_candidate=True))
        self.assertIn("not master_capable", told)
        self.add(pnode="node2")
        self.assertIn("has instances", self.refusal(change("node2", vm_capable=False)))

    def test_silent(self) -> None:
        """A node that does not answer can't come back online."""
        self.run_op(change(offline=True))
        self.assertIn("does not answer", self.refusal(change(offline=False)))

    def test_master(self) -> None:
        """The master's role is not changed here."""
        for fields in ({"offline": True}, {"drained": True}, {"master_candidate": False}):
            self.assertIn("is the master", self.refusal(change("node1", **fields)))

    def test_refused(self) -> None:
        """Nothing to change, and what a node can't be."""
        self.assertIn("at least one option", self.refusal(change()))
        self.assertIn("oob_program", self.refusal(change(powered=False)))
        self.assertIn("one, or two", self.refusal(change(secondary_ip="192.0.2.9")))

    def two_addresses(self) -> None:
        """Let all nodes have a secondary address of their own, and node3 a mirror."""
        for number in (1, 2, 3):
            self.set_node(number, secondary_ip=f"192.0.2.{number}")
        ends = [NODE1, NODE3]
        disk = Disk("disk-uuid", "drbd", [*ends, 11000, 0, 0, "secret"], 1024, nodes=ends)
        mirrored = Instance(
            "vm-uuid", "vm1.example.com", NODE1, "tiny", "fake", admin_state="up",
            disks=[disk.uuid],
        )  # fmt: skip
        change = Change(instances=(mirrored,), disks=(disk,))
        self.context.state = apply(self.context.state, change, 0.0)

    def test_secondary_address(self) -> None:
        """The mirrors are down for it and locked; the node has the address and answers there."""
        self.two_addresses()
        op = change(secondary_ip="192.0.2.99")
        self.assertEqual(self.locks(op)[1], ("instance", ("vm1.example.com",), "exclusive"))
        self.assertIn("gnt-instance stop vm1.example.com", self.refusal(op))
        stopped = msgspec.structs.replace(
            self.context.state.instance_named("vm1.example.com"), admin_state="down"
        )
        self.context.state = apply(self.context.state, Change(instances=(stopped,)), 0.0)
        self.assertIn("does not answer", self.refusal(change(secondary_ip="192.0.2.98")))
        self.run_op(op)
        self.assertEqual(self.context.cluster.nodes[NODE3].secondary_ip, "192.0.2.99")

        async def not_there(node: str, request: AddressQuery) -> Truth:
            return Truth(False)

        self.context.fake.handlers["node_has_ip_address"] = not_there
        self.assertIn("ip address add", self.refusal(change(secondary_ip="192.0.2.98")))

    def test_secondary_address_offline(self) -> None:
        """Nobody can look after mirrors on an offline node."""
        self.two_addresses()
        self.set_node(3, offline=True, master_candidate=False)
        told = self.refusal(change(secondary_ip="192.0.2.99"))
        self.assertIn("gnt-instance replace-disks -n NODE vm1.example.com", told)

    def test_without_power(self) -> None:
        """A node that is off does not come back online before it is turned on."""
        self.set_node(2, offline=True, master_candidate=False, powered=False)
        told = self.refusal(change("node2", offline=False))
        self.assertIn("gnt-node power on node2.example.com", told)

    def test_parameters(self) -> None:
        """Parameters are converted, and told."""
        told = self.run_op(change(ndparams={"ssh_port": "2222"}))
        self.assertEqual(self.context.cluster.nodes[NODE3].ndparams, {"ssh_port": 2222})
        self.assertEqual(told, [["ndparams/ssh_port", "2222"]])

    def test_locks(self) -> None:
        """The node alone; with auto_promote of a candidate all nodes."""
        self.assertEqual(
            self.locks(change(drained=True))[1:],
            [("node", (NODE3,), "exclusive"), ("node-res", (NODE3,), "exclusive")],
        )
        rows = self.locks(change(drained=True, auto_promote=True))
        self.assertIn(("node", (NODE1, NODE2, NODE3), "exclusive"), rows)

"""Promises of NICs in networks: addresses from pools, and where the instance can be."""

from typing import Any

from ganetix import errors
from ganetix.model.changes import Change, apply
from ganetix.model.objects import NodeGroup
from ganetix.opcodes.cluster import OpClusterSetParams
from ganetix.opcodes.instance import OpInstanceRemove, OpInstanceSetParams
from ganetix.opcodes.instance_state import OpInstanceFailover, OpInstanceMigrate
from ganetix.testing.logic import LogicContext, node_uuid
from ganetix_test.master.logic.cases import creation, fail_at
from ganetix_test.master.logic.network_cases import OTHER, VM, NetworkTestCase, adding, connecting


class NicTests(NetworkTestCase):
    """NICs in networks."""

    def test_pool(self) -> None:
        """The first free addresses are given, the connection's mode, the network's MACs."""
        network = self.have(gateway="192.0.2.1", mac_prefix="aa:bb:cc")
        first, second = self.nics(
            {"network": "lan", "ip": "pool"}, {"network": network.uuid, "ip": "pool"}
        )
        self.assertEqual((first.ip, second.ip), ("192.0.2.2", "192.0.2.3"))
        self.assertEqual(first.nicparams, {"mode": "bridged", "link": "br7", "vlan": ""})
        self.assertTrue(first.mac.startswith("aa:bb:cc:"))
        self.assertEqual(self.used(), ["192.0.2.2", "192.0.2.3"])
        self.assertEqual(
            self.context.kept, {(network.uuid, "192.0.2.2"), (network.uuid, "192.0.2.3")}
        )

    def test_others(self) -> None:
        """What another opcode is about to give away is not given, nor may it be asked for."""
        network = self.have()
        self.context.kept_by_others[network.uuid] = frozenset(("192.0.2.1",))
        self.assertEqual(self.nics({"network": "lan", "ip": "pool"})[0].ip, "192.0.2.2")
        self.refused({"network": "lan", "ip": "192.0.2.1"}, "used by an instance")

    def refused(self, nic: dict[str, Any], word: str, **fields: Any) -> None:
        """Look that an instance with *nic* is refused with *word*."""
        with self.assertRaises(self.failureException) as caught:
            self.nics(nic, name="new.example.com", **fields)
        self.assertIn(word, str(caught.exception))

    def test_refused(self) -> None:
        """Each thing that can't be is refused in words."""
        self.have(add_reserved_ips=["192.0.2.9"])
        self.run_op(adding("far", "198.51.100.0/24"))
        self.nics({"network": "lan", "ip": "192.0.2.3"})
        for nic, word in (
            ({"network": "lan", "ip": "192.0.2.3"}, "used by an instance"),
            ({"network": "lan", "ip": "192.0.2.9"}, "reserved from outside"),
            ({"network": "lan", "ip": "192.0.2.99"}, "outside of network lan"),
            ({"network": "lan", "ip": "2001:db8::1"}, "outside of network lan"),
            ({"network": "lan", "ip": "x"}, "not an IP address"),
            ({"network": "far", "ip": "pool"}, "not connected"),
            ({"network": "nothing"}, "not known"),
            ({"ip": "pool"}, "needs a network"),
            ({"ip": "192.0.2.4"}, "belongs to network lan"),
            ({"network": "lan", "mode": "routed", "link": "x"}, "mode, link"),
        ):
            self.refused(nic, word)
        self.assertEqual(self.used(), ["192.0.2.3"])

    def test_no_conflicts_check(self) -> None:
        """Without the check an address that is reserved from outside may be taken."""
        self.have(add_reserved_ips=["192.0.2.9"])
        [nic] = self.nics({"network": "lan", "ip": "192.0.2.9"}, conflicts_check=False)
        self.assertEqual((nic.ip, self.used()), ("192.0.2.9", ["192.0.2.9"]))
        self.add("other.example.com", nics=[{"ip": "192.0.2.10"}], conflicts_check=False)
        self.assertEqual(self.used(), ["192.0.2.9"])

    def test_full(self) -> None:
        """A pool with nothing left says so, and is usable again when somebody goes."""
        self.have(network="192.0.2.0/30")
        self.nics({"network": "lan", "ip": "pool"}, {"network": "lan", "ip": "pool"})
        self.refused({"network": "lan", "ip": "pool"}, "no free address left")
        self.run_op(OpInstanceRemove(instance_name=VM))
        self.assertEqual(self.used(), [])
        self.assertEqual(self.nics({"network": "lan", "ip": "pool"})[0].ip, "192.0.2.1")

    def test_modify(self) -> None:
        """Addresses follow every change of a NIC."""
        self.have()
        self.have("dmz", "198.51.100.0/28")
        self.nics({"network": "lan", "ip": "pool"})
        self.modify(("modify", 0, {"ip": "192.0.2.7"}))
        self.assertEqual(self.used(), ["192.0.2.7"])
        told = self.modify(("modify", 0, {"network": "dmz", "ip": "pool"}))
        self.assertIn(["nic.ip/0", "198.51.100.1"], told)
        self.assertEqual((self.used(), self.used("dmz")), ([], ["198.51.100.1"]))
        self.modify(("add", -1, {"network": "lan", "ip": "pool"}), ("modify", 0, {"ip": "none"}))
        self.assertEqual((self.used(), self.used("dmz")), (["192.0.2.1"], []))
        self.modify(("remove", 1, {}), ("add", -1, {"network": "lan", "ip": "192.0.2.1"}))
        self.assertEqual(self.used(), ["192.0.2.1"])
        self.modify(("modify", 1, {"network": "none", "ip": "none", "link": "br1"}))
        self.assertEqual(self.used(), [])
        self.assertEqual(self.instance().nics[1].nicparams["link"], "br1")

    def test_leaving_keeps_nothing(self) -> None:
        """A NIC that goes to another network can't keep an address of the old one."""
        self.have()
        self.have("dmz", "198.51.100.0/28")
        self.nics({"network": "lan", "ip": "pool"})
        op = OpInstanceSetParams(instance_name=VM, nics=[("modify", 0, {"network": "dmz"})])
        self.assertIn("outside of network dmz", self.refusal(op))

    def test_failure(self) -> None:
        """Whatever call of a creation fails, the pool is as before."""

        def make() -> LogicContext:
            base = self.context
            return LogicContext(base.cluster)

        self.have()
        op = self.creating({"network": "lan", "ip": "pool"})
        counted = make()
        self.run_op(op, counted)
        for number in range(1, len(counted.fake.made) + 1):
            self.context = make()
            fail_at(self.context, number, "after")
            self.refusal(op, errors.GanetiError)
            self.assertEqual(self.used(), [], f"call {number}")

    def creating(self, nic: dict[str, Any]) -> Any:
        """Return the opcode that creates an instance with *nic*."""
        return creation(nics=[nic])

    def test_other_group(self) -> None:
        """What counts is the group of the node that the instance gets."""
        self.have()
        group = NodeGroup(OTHER, "other")
        self.context.state = apply(self.context.state, Change(nodegroups=(group,)), 0.0)
        self.set_node(3, group=OTHER)
        self.refused({"network": "lan"}, "not connected", pnode="node3.example.com")


class CommunicationTests(NetworkTestCase):
    """NICs over which instances reach the metadata service."""

    def setUp(self) -> None:
        """Make the network as the cluster's jobs do."""
        super().setUp()
        self.run_op(OpClusterSetParams(instance_communication_network="meta"))
        [ops] = self.context.submitted
        for op in ops:
            self.run_op(op)

    def test_new(self) -> None:
        """A new instance gets one more NIC, with a name and an address of the pool."""
        first, second = self.nics({"ip": "203.0.113.1"}, instance_communication=True)
        self.assertIsNone(first.network)
        self.assertEqual(second.name, f"ganeti:communication:{VM}")
        self.assertEqual((second.ip, self.used("meta")), ("169.254.0.1", ["169.254.0.1"]))
        self.assertTrue(second.mac.startswith("52:54:00:"))
        self.assertEqual(second.nicparams["mode"], "routed")

    def test_listed(self) -> None:
        """One that is asked for by its name already is not doubled."""
        row = {"name": f"ganeti:communication:{VM}", "network": "meta", "ip": "169.254.7.7"}
        self.assertEqual(len(self.nics(row, instance_communication=True)), 1)

    def test_switched(self) -> None:
        """It is added and removed later; what is so already stays."""
        self.nics({})
        op = OpInstanceSetParams(instance_name=VM, instance_communication=True)
        told = self.run_op(op)
        self.assertIn(["instance_communication", True], told)
        self.assertEqual(self.used("meta"), ["169.254.0.1"])
        self.run_op(op)
        self.assertEqual(len(self.instance().nics), 2)
        self.run_op(OpInstanceSetParams(instance_name=VM, instance_communication=False))
        self.assertEqual((len(self.instance().nics), self.used("meta")), (1, []))

    def test_without(self) -> None:
        """A cluster without the network says how it gets one."""
        self.run_op(OpClusterSetParams(instance_communication_network=""))
        told = self.refusal(creation(instance_communication=True))
        self.assertIn("--instance-communication-network=NAME", told)


class GroupTests(NetworkTestCase):
    """Instances that go to another group, where their networks must be connected."""

    def setUp(self) -> None:
        """Put node3 into a group of its own, and an instance into a network."""
        super().setUp()
        group = NodeGroup(OTHER, "other")
        self.context.state = apply(self.context.state, Change(nodegroups=(group,)), 0.0)
        self.set_node(3, group=OTHER)
        self.have()
        self.nics({"network": "lan", "ip": "pool"}, disk_template="sharedfile")

    def test_relocation(self) -> None:
        """Failover and migration need the networks at the target; the address stays."""
        for op in (
            OpInstanceFailover(instance_name=VM, target_node="node3"),
            OpInstanceMigrate(instance_name=VM, target_node="node3"),
        ):
            self.assertIn("'gnt-network connect lan other'", self.refusal(op))
        self.run_op(connecting(group_name="other"))
        self.run_op(OpInstanceFailover(instance_name=VM, target_node="node3"))
        self.assertEqual(self.used(), ["192.0.2.1"])

    def test_primary(self) -> None:
        """So does a new primary node that is only written down."""
        op = OpInstanceSetParams(instance_name=VM, pnode="node3", force=True)
        self.assertIn("not connected", self.refusal(op))
        self.run_op(connecting(group_name="other"))
        self.run_op(op)
        self.assertEqual(self.instance().primary_node, node_uuid(3))

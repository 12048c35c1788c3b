"""Promises of networks: pools, reservations, connections, and the NICs that are in them."""

import contextlib
from typing import Any

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.model import pools
from ganetix.model.changes import Change, apply
from ganetix.model.objects import Network, Nic, NodeGroup
from ganetix.opcodes.cluster import OpClusterSetParams
from ganetix.opcodes.instance import OpInstanceRemove, OpInstanceSetParams
from ganetix.opcodes.instance_state import OpInstanceFailover, OpInstanceMigrate
from ganetix.opcodes.network import (
    OpNetworkAdd,
    OpNetworkConnect,
    OpNetworkDisconnect,
    OpNetworkRemove,
    OpNetworkSetParams,
)
from ganetix.testing.logic import GROUP, LogicContext, node_uuid
from ganetix_test.master.logic.cases import UnitTestCase, creation, fail_at

VM = "vm1.example.com"
OTHER = "00000000-0000-4000-8000-0000000000bb"


def adding(name: str = "lan", network: str = "192.0.2.0/28", **fields: Any) -> OpNetworkAdd:
    """Return the opcode that adds a network."""
    return OpNetworkAdd(network_name=name, network=network, **fields)


def connecting(name: str = "lan", **fields: Any) -> OpNetworkConnect:
    """Return the opcode that connects a network to the group of all nodes."""
    given: dict[str, Any] = {
        "group_name": "default", "network_mode": "bridged", "network_link": "br7", **fields,
    }  # fmt: skip
    return OpNetworkConnect(network_name=name, **given)


class NetworkTestCase(UnitTestCase):
    """What tests of networks do."""

    def named(self, name: str = "lan") -> Network:
        """Return the network as it is now."""
        return self.context.cluster.network_named(name)

    def have(self, name: str = "lan", network: str = "192.0.2.0/28", **fields: Any) -> Network:
        """Add a network and connect it."""
        self.run_op(adding(name, network, **fields))
        self.run_op(connecting(name))
        return self.named(name)

    def outside_of(self, name: str = "lan") -> list[str]:
        """Return the addresses that are reserved from outside."""
        return pools.addresses(self.named(name), pools.from_outside(self.named(name)))

    def used(self, name: str = "lan") -> list[str]:
        """Return the addresses that instances use, as the pool has it."""
        return pools.addresses(self.named(name), pools.by_instances(self.named(name)))

    def nics(self, *rows: dict[str, Any], name: str = VM, **fields: Any) -> list[Nic]:
        """Create an instance with NICs and return them."""
        return self.add(name, nics=list(rows), **fields).nics

    def modify(self, *changes: Any, **fields: Any) -> Any:
        """Change the NICs of the instance."""
        return self.run_op(OpInstanceSetParams(instance_name=VM, nics=list(changes), **fields))


class AddTests(NetworkTestCase):
    """OP_NETWORK_ADD."""

    def test_plain(self) -> None:
        """The ends of the range and the gateway are nobody's; the rest is free."""
        self.assertIsNone(self.run_op(adding(gateway="192.0.2.1")))
        network = self.named()
        self.assertEqual(network.network, "192.0.2.0/28")
        self.assertEqual(self.outside_of(), ["192.0.2.0", "192.0.2.1", "192.0.2.15"])
        self.assertEqual((self.used(), len(network.reservations or "")), ([], 16))

    def test_everything(self) -> None:
        """Every parameter is stored."""
        self.run_op(adding(
            network6="2001:db8::/64", gateway6="fe80::1", mac_prefix="AA:BB:CC",
            add_reserved_ips=["192.0.2.5", "192.0.2.6"], tags=["b", "a"],
        ))  # fmt: skip
        network = self.named()
        self.assertEqual(
            (network.network6, network.gateway6, network.mac_prefix, network.tags),
            ("2001:db8::/64", "fe80::1", "aa:bb:cc", ["a", "b"]),
        )
        self.assertEqual(self.outside_of(), ["192.0.2.0", "192.0.2.5", "192.0.2.6", "192.0.2.15"])

    def test_own_addresses(self) -> None:
        """Addresses of nodes and of the master are kept back, unless that is not wanted."""
        self.run_op(adding(network="127.0.0.0/24"))
        self.assertEqual(
            self.outside_of(),
            ["127.0.0.0", "127.0.0.1", "127.0.0.11", "127.0.0.12", "127.0.0.13", "127.0.0.255"],
        )
        self.run_op(adding("other", "127.0.0.0/24", conflicts_check=False))
        self.assertEqual(self.outside_of("other"), ["127.0.0.0", "127.0.0.255"])
        self.assertEqual(self.locks(adding("x"))[1], ("node", ("[lockset]",), "shared"))
        self.assertEqual(len(self.locks(adding("x", conflicts_check=False))), 2)

    def test_refused(self) -> None:
        """What can't be is refused with the way out, and nothing is stored."""
        for op, word in (
            (adding(network="10.0.0.0/15"), "from 16 to 30"),
            (adding(network="10.0.0.0/31"), "from 16 to 30"),
            (adding(gateway="192.0.3.1"), "outside of network lan"),
            (adding(add_reserved_ips=["192.0.3.1"]), "outside of network lan"),
            (adding(mac_prefix="aa:bb"), "three octets"),
            (adding(network6="2001:db8:::/64"), "not IPv6"),
            (adding(gateway6="2001:db8:::1"), "not IPv6"),
        ):
            self.assertIn(word, self.refusal(op))
        self.refusal(adding(tags=["a b"]), errors.TagError)
        self.assertEqual(self.context.commits, [])
        self.run_op(adding())
        self.assertIn("already in the cluster", self.refusal_of_locks(adding()))

    def refusal_of_locks(self, op: OpNetworkAdd) -> str:
        """Return why *op* is refused before it waits for any lock."""
        caught = self.assertRaises(errors.OpPrereqError, self.locks, op)
        self.assertEqual(caught.kind, errors.EXISTS)
        return str(caught.message)


class ModifyTests(NetworkTestCase):
    """OP_NETWORK_SET_PARAMS."""

    def change(self, **fields: Any) -> None:
        """Change the network."""
        self.run_op(OpNetworkSetParams(network_name="lan", **fields))

    def test_gateway(self) -> None:
        """The gateway moves with its reservation, and goes with it."""
        self.run_op(adding(gateway="192.0.2.1"))
        self.change(gateway="192.0.2.14")
        self.assertEqual(self.named().gateway, "192.0.2.14")
        self.assertEqual(self.outside_of(), ["192.0.2.0", "192.0.2.14", "192.0.2.15"])
        self.change(gateway="none")
        self.assertIsNone(self.named().gateway)
        self.assertEqual(self.outside_of(), ["192.0.2.0", "192.0.2.15"])

    def test_gateway_refused(self) -> None:
        """An address that somebody has can't become the gateway, nor one outside."""
        self.have()
        self.nics({"network": "lan", "ip": "192.0.2.3"})
        for gateway, more, word in (
            ("192.0.2.3", None, "reserved already"),
            ("192.0.2.15", None, "reserved already"),
            ("192.0.2.77", None, "outside"),
            ("192.0.2.4", ["192.0.2.5"], "two commands"),
        ):
            op = OpNetworkSetParams(network_name="lan", gateway=gateway, add_reserved_ips=more)
            self.assertIn(word, self.refusal(op))

    def test_plain_fields(self) -> None:
        """IPv6 and MAC prefix are set and taken away; what is not given stays."""
        self.run_op(adding(network6="2001:db8::/64"))
        self.change(gateway6="2001:db8::1", mac_prefix="AA:00:01")
        network = self.named()
        self.assertEqual(
            (network.network6, network.gateway6, network.mac_prefix),
            ("2001:db8::/64", "2001:db8::1", "aa:00:01"),
        )
        self.change(network6="none", gateway6="none", mac_prefix="none")
        network = self.named()
        self.assertEqual(
            (network.network6, network.gateway6, network.mac_prefix), (None, None, None)
        )

    def test_reservations(self) -> None:
        """Addresses are reserved and released; those that can't be are told, the rest goes on."""
        self.run_op(adding(gateway="192.0.2.1"))
        self.change(add_reserved_ips=["192.0.2.5", "192.0.2.1", "192.0.2.99", "192.0.2.6"])
        self.assertEqual(
            self.outside_of(),
            ["192.0.2.0", "192.0.2.1", "192.0.2.5", "192.0.2.6", "192.0.2.15"],
        )
        self.assertEqual(len(self.context.logged), 2)
        self.change(remove_reserved_ips=["192.0.2.5", "192.0.2.1", "192.0.2.7"])
        self.assertEqual(self.outside_of(), ["192.0.2.0", "192.0.2.1", "192.0.2.6", "192.0.2.15"])
        self.assertEqual(len(self.context.logged), 4)
        self.assertIn("is the gateway", self.context.logged[2])

    def test_mends(self) -> None:
        """A pool that does not fit what instances use is worked out anew by any change."""
        self.have()
        self.nics({"network": "lan", "ip": "192.0.2.3"})
        wrong = pools.changed("0" * 16, (9,), "1")
        broken = msgspec.structs.replace(self.named(), reservations=wrong)
        self.context.state = apply(self.context.state, Change(networks=(broken,)), 0.0)
        self.assertEqual(self.used(), ["192.0.2.9"])
        self.change(remove_reserved_ips=["192.0.2.9"])
        self.assertEqual(self.used(), ["192.0.2.3"])


class ConnectTests(NetworkTestCase):
    """OP_NETWORK_CONNECT, OP_NETWORK_DISCONNECT, OP_NETWORK_REMOVE."""

    def test_life(self) -> None:
        """A network is connected with its mode, disconnected, and removed."""
        network = self.have()
        groups = self.context.cluster.nodegroups
        self.assertEqual(
            groups[GROUP].networks[network.uuid], {"mode": "bridged", "link": "br7", "vlan": ""}
        )
        self.assertIn("default", self.refusal(OpNetworkRemove(network_name="lan")))
        self.run_op(OpNetworkDisconnect(network_name="lan", group_name="default"))
        self.assertEqual(self.context.cluster.nodegroups[GROUP].networks, {})
        self.run_op(OpNetworkRemove(network_name="lan"))
        self.assertEqual(self.context.cluster.networks, {})

    def test_twice(self) -> None:
        """What is so already is told and changes nothing."""
        self.have()
        commits = len(self.context.commits)
        self.run_op(connecting(network_link="br9"))
        self.assertIn("already connected", self.context.logged[-1])
        self.run_op(adding("other", "198.51.100.0/24"))
        self.run_op(OpNetworkDisconnect(network_name="other", group_name="default"))
        self.assertIn("not connected", self.context.logged[-1])
        self.assertEqual(len(self.context.commits), commits + 1)

    def test_conflict(self) -> None:
        """Addresses of the range that NICs use outside of the network stand against it."""
        self.nics({"ip": "192.0.2.4"}, {"ip": "203.0.113.1"})
        self.run_op(adding())
        told = self.refusal(connecting())
        self.assertIn("vm1.example.com (NIC 0, 192.0.2.4)", told)
        self.assertNotIn("203.0.113.1", told)
        self.run_op(connecting(conflicts_check=False))
        self.assertIn(self.named().uuid, self.context.cluster.nodegroups[GROUP].networks)
        locks = [row[0] for row in self.locks(connecting())]
        self.assertEqual(locks, ["cluster", "instance", "nodegroup", "network"])
        self.assertNotIn(
            "network", [row[0] for row in self.locks(connecting(conflicts_check=False))]
        )

    def test_in_use(self) -> None:
        """A network in which NICs are can't be disconnected, with an address or without."""
        self.have()
        self.nics({"network": "lan"})
        op = OpNetworkDisconnect(network_name="lan", group_name="default")
        self.assertIn("vm1.example.com (NIC 0, no address)", self.refusal(op))
        self.modify(("modify", 0, {"network": "none"}))
        self.run_op(op)

    def test_refused(self) -> None:
        """A mode that NICs do not have, unknown names: refused."""
        self.run_op(adding())
        self.refusal(connecting(network_mode="pool"), errors.TypeEnforcementError)
        for op in (connecting("nothing"), connecting(group_name="nothing")):
            self.assertRaises(errors.OpPrereqError, self.locks, op)

    def test_hooks(self) -> None:
        """Hooks of a connection run on the nodes of the group, and know network and connection."""
        self.run_op(adding(gateway="192.0.2.1", tags=["b", "a"]))
        for op in (connecting(), OpNetworkDisconnect(network_name="lan", group_name="default")):
            hooks = self.hooks(op)
            assert hooks is not None
            self.assertEqual(hooks.pre_nodes, tuple(node_uuid(n) for n in (1, 2, 3)))
            self.assertEqual(
                [hooks.env[f"GROUP_NETWORK_{key}"] for key in ("MODE", "LINK", "VLAN")],
                ["bridged", "br7", ""],
            )
            self.assertEqual(hooks.env["NETWORK_TAGS"], "a b")
            self.assertEqual(hooks.env["NETWORK_GATEWAY"], "192.0.2.1")
            self.run_op(op)


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


class PoolMachine(RuleBasedStateMachine):
    """Instances come, change and go; now and then something breaks in the middle."""

    def __init__(self) -> None:
        """Begin with two small networks."""
        super().__init__()
        self.case = NetworkTestCase("assertTrue")
        self.case.setUp()
        for name, network in (("lan", "192.0.2.0/29"), ("dmz", "198.51.100.0/30")):
            self.case.have(name, network)

    def names(self) -> list[str]:
        """Return the instances that there are."""
        return sorted(self.case.context.cluster.indexes.instance_names)

    def attempt(self, op: Any, broken: int) -> None:
        """Run *op*; its call number *broken* fails. A refusal is an answer too."""
        context = self.case.context
        if broken:
            fail_at(context, broken, "after")
        with contextlib.suppress(self.case.failureException):
            self.case.run_op(op)
        context.world.after = lambda node, call: None

    nic = st.fixed_dictionaries(
        {},
        optional={
            "network": st.sampled_from(["lan", "dmz", "none"]),
            "ip": st.sampled_from(["pool", "none", "192.0.2.2", "198.51.100.1", "203.0.113.5"]),
        },
    )

    @rule(number=st.integers(1, 5), rows=st.lists(nic, max_size=3), broken=st.integers(0, 4))
    def create(self, number: int, rows: list[dict[str, Any]], broken: int) -> None:
        """Create an instance."""
        self.attempt(creation(f"vm{number}.example.com", nics=rows), broken)

    @precondition(lambda self: self.names())
    @rule(data=st.data(), row=nic, action=st.sampled_from(["add", "modify", "remove"]))
    def change(self, data: st.DataObject, row: dict[str, Any], action: Any) -> None:
        """Change a NIC."""
        name = data.draw(st.sampled_from(self.names()))
        given: Any = {} if action == "remove" else row
        which = -1 if action == "add" else data.draw(st.integers(0, 2))
        self.attempt(OpInstanceSetParams(instance_name=name, nics=[(action, which, given)]), 0)

    @precondition(lambda self: self.names())
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        """Remove an instance."""
        self.attempt(OpInstanceRemove(instance_name=data.draw(st.sampled_from(self.names()))), 0)

    @invariant()
    def each_address_once(self) -> None:
        """An address is given at most once, and the pool shows exactly those that are given."""
        cluster = self.case.context.cluster
        given = list(pools.used(cluster.instances.values()))
        assert len(given) == len(set(given)), given
        for network in cluster.networks.values():
            mine = sorted(ip for uuid, ip in given if uuid == network.uuid)
            shown = pools.addresses(network, pools.by_instances(network))
            assert sorted(shown) == mine, network.name


class PoolPropertyTests(SynchronousTestCase):
    """Pools under everything that may happen to them."""

    def test_property(self) -> None:
        """An address is never given twice, and released exactly once."""
        found = settings(
            max_examples=20,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(PoolMachine, settings=found)

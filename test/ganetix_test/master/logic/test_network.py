"""Promises of networks: adding, modifying, connecting them, and their reservations."""

from typing import Any

import msgspec

from ganetix import errors
from ganetix.model import pools
from ganetix.model.changes import Change, apply
from ganetix.opcodes.network import (
    OpNetworkAdd,
    OpNetworkDisconnect,
    OpNetworkRemove,
    OpNetworkSetParams,
)
from ganetix.testing.logic import GROUP, node_uuid
from ganetix_test.master.logic.network_cases import NetworkTestCase, adding, connecting


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
            (adding("a\nb"), "leave out line breaks"),
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

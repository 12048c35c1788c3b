"""OP_NETWORK_CONNECT and OP_NETWORK_DISCONNECT: which networks the NICs of a group can be in."""

from collections.abc import Callable, Iterator
from typing import Any

import attrs
import msgspec
from zope.interface import implementer

from ganetix.master.logic import group_values, network_values
from ganetix.master.logic.unit import BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model import params, pools
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance, Network, Nic, NodeGroup
from ganetix.opcodes.network import OpNetworkConnect, OpNetworkDisconnect

Op = OpNetworkConnect | OpNetworkDisconnect
Networks = dict[str, Any]
"""Network uuid to the NIC parameters of its connection."""


@attrs.frozen
class Plan:
    """The network, and the group with it: as it is to be, or as it was when it is to end.

    *done* tells that there is nothing to do.
    """

    network: Network
    group: NodeGroup
    done: bool


def _locks(op: Op, cluster: Cluster, *, network: bool) -> list[Want]:
    group = cluster.group_named(op.group_name)
    uuid = cluster.network_named(op.network_name).uuid
    names = tuple(row.name for row in group_values.instances_of(cluster, group.uuid))
    return [
        BGL_SHARED,
        *([Want("instance", names, "shared")] if names else ()),
        Want("nodegroup", (group.uuid,)),
        *([Want("network", (uuid,), "shared")] if network else ()),
    ]


def _nics(cluster: Cluster, group: NodeGroup) -> Iterator[tuple[Instance, int, Nic]]:
    for instance in group_values.instances_of(cluster, group.uuid):
        for index, nic in enumerate(instance.nics):
            yield instance, index, nic


def _with_networks(group: NodeGroup, networks: Networks) -> NodeGroup:
    fresh: NodeGroup = msgspec.structs.replace(group, networks=networks)
    return fresh


async def _write(
    plan: Plan, context: Context, changed: Callable[[Networks], Networks], already: str
) -> None:
    """Write down what the networks of the group are *changed* to, unless they are so *already*."""
    if plan.done:
        context.log(
            f"WARNING: Network {plan.network.name} {already} node group {plan.group.name}; "
            "nothing was changed."
        )
        return

    def change(cluster: Cluster) -> Change:
        group = cluster.nodegroups[plan.group.uuid]
        return Change(nodegroups=(_with_networks(group, changed(group.networks)),))

    await context.commit(change)


@implementer(IUnit)
class NetworkConnect:
    """Connects networks to groups."""

    resumable = False

    def locks(self, op: OpNetworkConnect, cluster: Cluster) -> list[Want]:
        """See `IUnit`: the network is held while its range is compared."""
        return _locks(op, cluster, network=op.conflicts_check)

    async def check(self, op: OpNetworkConnect, context: Context) -> Plan:
        """See `IUnit`."""
        cluster = context.cluster
        network = cluster.network_named(op.network_name)
        group = cluster.group_named(op.group_name)
        given = {"mode": op.network_mode, "link": op.network_link, "vlan": op.network_vlan}
        values = params.changed(params.NIC, {}, given, "NIC parameter")
        if network.uuid in group.networks:
            return Plan(network, group, done=True)
        if op.conflicts_check:
            inside = (
                (instance, index, nic.ip)
                for instance, index, nic in _nics(cluster, group)
                if nic.network != network.uuid and pools.offset(network, nic.ip) is not None
            )
            network_values.require_no_nics(
                inside,
                f"NICs in node group {group.name} use addresses of network {network.name} without "
                "being in it (--no-conflicts-check connects all the same)",
            )
        fresh = _with_networks(group, {**group.networks, network.uuid: values})
        return Plan(network, fresh, done=False)

    def hooks(self, op: OpNetworkConnect, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return network_values.on_group("network-connect", plan.network, plan.group, cluster)

    async def execute(self, op: OpNetworkConnect, plan: Plan, context: Context) -> None:
        """Write the connection down."""
        uuid, values = plan.network.uuid, plan.group.networks[plan.network.uuid]
        await _write(
            plan, context, lambda networks: {**networks, uuid: values}, "is already connected to"
        )


@implementer(IUnit)
class NetworkDisconnect:
    """Disconnects networks from groups."""

    resumable = False

    def locks(self, op: OpNetworkDisconnect, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return _locks(op, cluster, network=False)

    async def check(self, op: OpNetworkDisconnect, context: Context) -> Plan:
        """See `IUnit`."""
        cluster = context.cluster
        network = cluster.network_named(op.network_name)
        group = cluster.group_named(op.group_name)
        users = (
            (instance, index, nic.ip)
            for instance, index, nic in _nics(cluster, group)
            if nic.network == network.uuid
        )
        network_values.require_no_nics(
            users, f"NICs in node group {group.name} are in network {network.name}"
        )
        return Plan(network, group, done=network.uuid not in group.networks)

    def hooks(self, op: OpNetworkDisconnect, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return network_values.on_group("network-disconnect", plan.network, plan.group, cluster)

    async def execute(self, op: OpNetworkDisconnect, plan: Plan, context: Context) -> None:
        """Drop the connection."""
        gone = plan.network.uuid
        await _write(
            plan,
            context,
            lambda networks: {uuid: row for uuid, row in networks.items() if uuid != gone},
            "is not connected to",
        )

"""The network over which instances reach the metadata service, and their NICs in it."""

from typing import Any, Final

import msgspec

from ganetix import errors
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.instance import OpInstanceCreate, OpInstanceSetParams
from ganetix.opcodes.network import OpNetworkAdd, OpNetworkConnect

_LINK: Final = "communication_rt"
"""The routing table of these addresses."""
_PREFIX: Final = "ganeti:communication:"
"""Begins the names of these NICs; the instance's name follows."""


def jobs(cluster: Cluster, name: str) -> list[list[OpCode]]:
    """Return the job that adds network *name*, if it is not there, and connects it everywhere.

    There is none when everything is so already.
    """
    uuid = cluster.indexes.network_names.get(name)
    ops: list[OpCode] = []
    if uuid is None:
        ops.append(
            OpNetworkAdd(
                network_name=name,
                network="169.254.0.0/16",
                network6="fe80::/10",
                mac_prefix="52:54:00",
            )
        )
    ops += [
        connecting(name, group.uuid)
        for group in cluster.nodegroups.values()
        if uuid not in group.networks
    ]
    return [ops] if ops else []


def connecting(name: str, group: str) -> OpNetworkConnect:
    """Return the opcode that connects the network *name* to *group*."""
    return OpNetworkConnect(
        group_name=group, network_name=name, network_mode="routed", network_link=_LINK
    )


def of_new(cluster: Cluster, op: OpInstanceCreate) -> OpInstanceCreate:
    """Return *op* with a NIC in the network, if it asks for one and does not list it."""
    name = f"{_PREFIX}{op.instance_name.lower()}"
    if not op.instance_communication or any(nic.get("name") == name for nic in op.nics):
        return op
    return msgspec.structs.replace(op, nics=[*op.nics, _nic(cluster, name)])


def of_changed(
    cluster: Cluster, instance: Instance, op: OpInstanceSetParams
) -> OpInstanceSetParams:
    """Return *op* with the NIC in the network added or removed, if it asks for that."""
    name = f"{_PREFIX}{instance.name}"
    here = any(nic.name == name for nic in instance.nics)
    wanted = op.instance_communication
    if wanted is None or wanted == here:
        return op
    change: Any = ("add", -1, _nic(cluster, name)) if wanted else ("remove", name, {})
    return msgspec.structs.replace(op, nics=[*op.nics, change])


def _nic(cluster: Cluster, name: str) -> dict[Any, str | None]:
    network = cluster.cluster.instance_communication_network
    if not network:
        raise errors.OpPrereqError(
            "The cluster has no network for the communication of instances; "
            "'gnt-cluster modify --instance-communication-network=NAME' makes one.",
            errors.INVAL,
        )
    return {"name": name, "ip": "pool", "network": network, "mac": "generate"}

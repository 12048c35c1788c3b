"""The network over which instances reach the metadata service: added and connected by jobs."""

from typing import Final

from ganetix.model.cluster import Cluster
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.network import OpNetworkAdd, OpNetworkConnect

_LINK: Final = "communication_rt"
"""The routing table of these addresses."""


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

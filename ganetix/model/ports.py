"""TCP ports that the cluster gives to instances and disks. Pure."""

from typing import Final

import msgspec

from ganetix import errors
from ganetix.model.change import Change
from ganetix.model.cluster import Cluster

FIRST: Final = 11000
LAST: Final = 14999
NEEDED_BY: Final = ("kvm", "xen-hvm")
"""Hypervisors whose instances have a port, for their graphical console."""


def take(cluster: Cluster, count: int = 1) -> tuple[list[int], Change]:
    """Return *count* free ports, and the change of the cluster that takes them.

    Ports that were given back are taken first. Raise `errors.OpPrereqError` when there are none.
    """
    settings = cluster.cluster
    used = cluster.indexes.ports
    back = sorted(port for port in settings.tcpudp_port_pool if port not in used)
    highest = max(settings.highest_used_port, FIRST)
    fresh = [port for port in range(highest + 1, LAST + 1) if port not in used]
    found = [*back, *fresh][:count]
    if len(found) < count:
        raise errors.OpPrereqError(
            f"All ports from {FIRST} to {LAST} are taken; remove instances that nobody needs.",
            errors.NORES,
        )
    changed = msgspec.structs.replace(
        settings,
        tcpudp_port_pool=[port for port in settings.tcpudp_port_pool if port not in found],
        highest_used_port=max(highest, *found) if found else highest,
    )
    return found, Change(cluster=changed)

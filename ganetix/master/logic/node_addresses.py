"""Another secondary address for a node: what its mirrors and the node itself must be for that."""

from ganetix import errors
from ganetix.master.logic import names
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.unit import Context
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance, Node
from ganetix.rpc.call import Truth
from ganetix.rpc.tables.checks import NODE_HAS_IP_ADDRESS, AddressQuery


def users(cluster: Cluster, node: Node) -> list[Instance]:
    """Return the instances whose mirrors use the secondary address of *node*, by name."""
    index = cluster.indexes
    held = {*index.primaries.get(node.uuid, ()), *index.secondaries.get(node.uuid, ())}
    found = [
        cluster.instances[uuid]
        for uuid in held
        if any(disk.dev_type == "drbd" for disk in cluster.disks_of(cluster.instances[uuid]))
    ]
    return sorted(found, key=lambda one: one.name)


async def require_possible(after: Node, outside: Outside, context: Context) -> None:
    """Raise `errors.OpPrereqError` unless the node can have the secondary address of *after*."""
    cluster = context.cluster
    _require_like_master(after, cluster)
    mirrored = users(cluster, after)
    if after.offline and mirrored:
        raise errors.OpPrereqError(
            f"Node {after.name} is offline, and mirrors of {mirrored[0].name} use its secondary "
            f"address; 'gnt-instance replace-disks -n NODE {mirrored[0].name}' takes them away.",
            errors.STATE,
        )
    for instance in mirrored:
        what = f"another secondary address of {after.name}"
        await names.require_stopped(context, instance, what)
    if not after.offline:
        await _require_there(after, outside, context)


def _require_like_master(after: Node, cluster: Cluster) -> None:
    master = cluster.master
    if (master.primary_ip == master.secondary_ip) != (after.primary_ip == after.secondary_ip):
        raise errors.OpPrereqError(
            f"Node {after.name} must have its addresses as the master has: one, or two.",
            errors.INVAL,
        )


async def _require_there(after: Node, outside: Outside, context: Context) -> None:
    """The node itself must own the address, and the master reach it there."""
    await require_owned(after, context)
    await require_answer(after.name, after.secondary_ip, outside)


async def require_owned(node: Node, context: Context) -> None:
    """Raise `errors.OpPrereqError` unless *node* itself has its secondary address."""
    address = node.secondary_ip
    owned: Truth = await context.call(node.uuid, NODE_HAS_IP_ADDRESS, AddressQuery(address))
    if not owned.value:
        raise errors.OpPrereqError(
            f"Node {node.name} does not have the address {address}; 'ip address add "
            f"{address}/BITS dev DEVICE' there gives it to an interface.",
            errors.ENVIRON,
        )


async def require_answer(name: str, address: str, outside: Outside) -> None:
    """Raise `errors.OpPrereqError` unless the node daemon of node *name* answers at *address*."""
    if not await outside.answers(address):
        raise errors.OpPrereqError(
            f"Node {name} does not answer at {address}; look at its node daemon, the way there and "
            "the firewall.",
            errors.ENVIRON,
        )

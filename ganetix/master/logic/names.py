"""The objects that an opcode names, and the states in which they must be."""

from collections.abc import Iterable
from typing import Final

from ganetix import errors
from ganetix.ids import valid_hostname
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.unit import Context
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance, Node
from ganetix.rpc.tables.instances import INSTANCE_INFO, InstanceMaybe, InstanceQuery, InstanceState

ONLINE: Final = ("up", "down")
DOWN: Final = ("down",)
NOT_RUNNING: Final = ("down", "offline")


def instance_of(
    cluster: Cluster, name: str, uuid: str | None = None, *, reserved: bool = False
) -> Instance:
    """Return the instance called *name*; if *uuid* is given, it must be that one's.

    One that is only *reserved* (forthcoming) is refused unless that is enough.
    """
    found = cluster.instance_named(name)
    if uuid is not None and found.uuid != uuid:
        raise errors.OpPrereqError(
            f"Instance {found.name} does not have the uuid {uuid} any more; give its name alone.",
            errors.NOENT,
        )
    if found.forthcoming and not reserved:
        raise errors.OpPrereqError(
            f"Instance {found.name} is forthcoming: it is only reserved. "
            f"'gnt-instance add --commit ... {found.name}' creates it.",
            errors.STATE,
        )
    return found


def node_of(cluster: Cluster, name: str, uuid: str | None = None) -> Node:
    """Return the node called *name*; if *uuid* is given, it must be that one's."""
    found = cluster.node_named(name)
    if uuid is not None and found.uuid != uuid:
        raise errors.OpPrereqError(
            f"Node {found.name} does not have the uuid {uuid} any more; give its name alone.",
            errors.NOENT,
        )
    return found


def new_instance_name(cluster: Cluster, given: str) -> str:
    """Return *given* as the name of a new instance, in lower case."""
    name = given.lower()
    if not valid_hostname(name):
        raise errors.OpPrereqError(
            f"'{given}' can't be the name of an instance; give a host name of letters, digits, "
            "dots and '-'.",
            errors.INVAL,
        )
    if name in cluster.indexes.instance_names:
        raise errors.OpPrereqError(
            f"Instance '{name}' is already in the cluster; choose another name.", errors.EXISTS
        )
    return name


def require_one_line(kind: str, name: str) -> None:
    """Raise `errors.OpPrereqError` for a *name* that would break lines, as those of ssconf files.

    *kind* says of what it is to be the name.
    """
    if not name.isprintable() or name != name.strip():
        raise errors.OpPrereqError(
            f"{name!r} can't be the name of a {kind}: leave out line breaks, control characters, "
            "and blanks at its ends.",
            errors.INVAL,
        )


def require_online(node: Node, what: str) -> None:
    """Raise `errors.OpPrereqError` when *node* is offline; *what* can't be done then."""
    if node.offline:
        raise errors.OpPrereqError(
            f"Node {node.name} is offline: {what} can't be done there. "
            f"'gnt-node modify --offline=no {node.name}' brings it back.",
            errors.STATE,
        )


def require_usable(node: Node) -> None:
    """Raise `errors.OpPrereqError` unless *node* may get new instances."""
    require_online(node, "placing an instance")
    if node.drained:
        raise errors.OpPrereqError(
            f"Node {node.name} is drained: it gets no new instances. "
            f"'gnt-node modify --drained=no {node.name}' ends that.",
            errors.STATE,
        )
    if not node.vm_capable:
        raise errors.OpPrereqError(
            f"Node {node.name} is not vm_capable: it can't hold instances; choose another node.",
            errors.STATE,
        )


def require_state(instance: Instance, allowed: Iterable[str], what: str) -> None:
    """Raise `errors.OpPrereqError` unless the admin state is among *allowed*."""
    if instance.admin_state not in allowed:
        wanted = " or ".join(allowed)
        raise errors.OpPrereqError(
            f"Instance {instance.name} is marked to be {instance.admin_state}: {what} needs it "
            f"{wanted}. {_way(instance)}",
            errors.STATE,
        )


def _way(instance: Instance) -> str:
    if instance.admin_state == "up":
        return f"'gnt-instance stop {instance.name}' stops it."
    if instance.admin_state == "offline":
        return f"'gnt-instance modify --online {instance.name}' takes it out of that state."
    return f"'gnt-instance start {instance.name}' starts it."


async def running(context: Context, instance: Instance) -> InstanceState | None:
    """Return the live state of *instance* on its primary node, None when it does not run."""
    request = InstanceQuery(instance.name, instance.hypervisor)
    found: InstanceMaybe = await context.call(instance.primary_node, INSTANCE_INFO, request)
    return found.state


async def require_stopped(context: Context, instance: Instance, what: str) -> None:
    """Raise `errors.OpPrereqError` if *instance* is marked up or really runs.

    When its primary node is offline nobody can be asked: that is only told in the log.
    """
    require_state(instance, NOT_RUNNING, what)
    primary = context.cluster.nodes[instance.primary_node]
    if primary.offline:
        context.log(
            f"WARNING: The primary node {primary.name} of instance {instance.name} is offline; "
            "whether the instance runs is not known."
        )
    elif await running(context, instance) is not None:
        raise errors.OpPrereqError(
            f"Instance {instance.name} is running: {what} needs it stopped. "
            f"'gnt-instance stop {instance.name}' stops it.",
            errors.STATE,
        )


async def check_addresses(
    outside: Outside, name: str, name_check: bool, ip_check: bool
) -> str | None:
    """Resolve *name* if *name_check* is asked for, and return its address.

    With *ip_check* nothing may answer there. Raise `errors.OpPrereqError`.
    """
    if not name_check:
        if ip_check:
            raise errors.OpPrereqError(
                "The IP address can't be checked without a check of the name; ask for both or "
                "none.",
                errors.INVAL,
            )
        return None
    full, address = await outside.resolve(name)
    if full.lower() != name:
        raise errors.OpPrereqError(
            f"Instance name '{name}' resolves to '{full}'; give that name.", errors.INVAL
        )
    if ip_check and await outside.answers(address):
        raise errors.OpPrereqError(
            f"Address {address} of instance '{name}' is in use: something answers there.",
            errors.NOTUNIQUE,
        )
    return address


def node_names(cluster: Cluster, uuids: Iterable[str]) -> list[str]:
    """Return the names of the nodes *uuids*, in their order."""
    return [cluster.nodes[uuid].name for uuid in uuids]

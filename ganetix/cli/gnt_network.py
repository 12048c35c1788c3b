"""The commands of gnt-network."""

from typing import Final

from ganetix.cli.command import Argument, Command
from ganetix.cli.options import cluster, instance, network, shared

ENVIRONMENT_DEFAULTS: Final[tuple[str, ...]] = ()

_NETWORK: Final = Argument("network")
_NETWORKS: Final = Argument("network", 0, None)
_GROUPS: Final = Argument("group", 0, None)
_TAG: Final = Argument("tag", 0, None)

COMMANDS: Final = {
    "add": Command(
        "network_modify:add",
        "Add a network with its pool of addresses.",
        (_NETWORK,),
        (
            *shared.JOB,
            network.NETWORK,
            network.GATEWAY,
            network.ADD_RESERVED_IPS,
            cluster.MAC_PREFIX,
            network.NETWORK6,
            network.GATEWAY6,
            instance.NO_CONFLICTS_CHECK,
            network.TAGS,
        ),
    ),
    "modify": Command(
        "network_modify:modify",
        "Change a network; the value none takes one away.",
        (_NETWORK,),
        (
            *shared.JOB,
            network.ADD_RESERVED_IPS,
            network.REMOVE_RESERVED_IPS,
            network.GATEWAY,
            cluster.MAC_PREFIX,
            network.NETWORK6,
            network.GATEWAY6,
        ),
    ),
    "remove": Command(
        "network_modify:remove",
        "Remove a network that is not connected.",
        (_NETWORK,),
        (*shared.JOB, shared.FORCE),
    ),
    "connect": Command(
        "network_modify:connect",
        "Connect a network to node groups, by default to all.",
        (_NETWORK, _GROUPS),
        (instance.NO_CONFLICTS_CHECK, shared.PRIORITY, network.NIC_PARAMETERS),
    ),
    "disconnect": Command(
        "network_modify:disconnect",
        "Disconnect a network from node groups, by default from all.",
        (_NETWORK, _GROUPS),
        (shared.PRIORITY,),
    ),
    "info": Command(
        "network_info:info",
        "Show networks, their pools and who uses them.",
        (_NETWORKS,),
        (shared.FORMAT,),
    ),
    "list": Command(
        "lists:objects",
        "List networks.",
        (_NETWORKS,),
        (shared.NO_HEADERS, shared.SEPARATOR, shared.OUTPUT, shared.VERBOSE, shared.FORMAT),
        object="network",
    ),
    "list-fields": Command(
        "lists:fields_of",
        "List the fields that list can show.",
        (Argument("field", 0, None),),
        shared.FIELDS,
        object="network",
    ),
    "list-tags": Command(
        "tags:show", "List a network's tags.", (_NETWORK,), (shared.FORMAT,), object="network"
    ),
    "add-tags": Command(
        "tags:add", "Add tags to a network.", (_NETWORK, _TAG), shared.TAGS, object="network"
    ),
    "remove-tags": Command(
        "tags:remove", "Take tags from a network.", (_NETWORK, _TAG), shared.TAGS, object="network"
    ),
}

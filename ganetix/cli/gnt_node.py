"""The commands of gnt-node."""

from typing import Final

from ganetix.cli.command import Argument, Command
from ganetix.cli.options import instance, node, placement, shared

ENVIRONMENT_DEFAULTS: Final = ("GNT_NODE_LIST",)

_NODE: Final = Argument("node")
_NODES: Final = Argument("node", 0, None)
_TAG: Final = Argument("tag", 0, None)

_PARAMETERS: Final = (
    shared.SECONDARY_IP,
    node.MASTER_CAPABLE,
    node.VM_CAPABLE,
    shared.NODE_PARAMETERS,
    shared.HYPERVISOR_STATE,
    shared.DISK_STATE,
)
"""What add sets and modify changes."""

COMMANDS: Final = {
    "add": Command(
        "node_add:add",
        "Add a node to the cluster.",
        (Argument("node-name"),),
        (
            *_PARAMETERS,
            node.READD,
            node.NO_SSH_KEY_CHECK,
            node.FORCE_JOIN,
            node.NO_NODE_SETUP,
            shared.VERBOSE,
            shared.NODE_GROUP,
            shared.PRIORITY,
        ),
    ),
    "remove": Command(
        "node_modify:remove",
        "Remove a node without instances from the cluster.",
        (_NODE,),
        (shared.DRY_RUN, shared.PRIORITY),
    ),
    "list": Command(
        "lists:objects",
        "List nodes.",
        (_NODES,),
        (*shared.LIST, shared.UNITS),
        object="node",
    ),
    "list-fields": Command(
        "lists:fields_of",
        "List the fields that list can show.",
        (Argument("field", 0, None),),
        shared.FIELDS,
        object="node",
    ),
    "info": Command(
        "node_info:info", "Show nodes in detail.", (_NODES,), (shared.FORMAT,), aliases=("show",)
    ),
    "modify": Command(
        "node_modify:modify",
        "Change a node's role and parameters.",
        (_NODE,),
        (
            *_PARAMETERS,
            *shared.JOB,
            shared.FORCE,
            node.MASTER_CANDIDATE,
            node.DRAINED,
            node.OFFLINE,
            node.AUTO_PROMOTE,
            node.NODE_POWERED,
        ),
    ),
    "evacuate": Command(
        "evacuation:evacuate_node",
        "Move instances off a node: what runs there, the mirrors there, or both.",
        (_NODE,),
        (
            shared.FORCE,
            instance.IALLOCATOR,
            placement.IGNORE_SOFT_ERRORS,
            placement.NEW_SECONDARY,
            placement.EARLY_RELEASE,
            placement.PRIMARY_ONLY,
            placement.SECONDARY_ONLY,
            *shared.SUBMITTED,
            placement.PLAN,
            shared.FORMAT,
        ),
    ),
    "migrate": Command(
        "evacuation:migrate_node",
        "Migrate everything that runs on a node.",
        (_NODE,),
        (
            shared.FORCE,
            instance.NON_LIVE,
            instance.MIGRATION_MODE,
            placement.TARGET_NODE,
            instance.IALLOCATOR,
            instance.IGNORE_IPOLICY,
            instance.NO_RUNTIME_CHANGES,
            *shared.SUBMITTED,
        ),
    ),
    "failover": Command(
        "evacuation:failover_node",
        "Stop everything that runs on a node and start it on other nodes.",
        (_NODE,),
        (
            shared.FORCE,
            instance.IGNORE_CONSISTENCY,
            instance.IALLOCATOR,
            shared.PRIORITY,
        ),
    ),
    "list-tags": Command("tags:show", "List a node's tags.", (_NODE,), object="node"),
    "add-tags": Command(
        "tags:add", "Add tags to a node.", (_NODE, _TAG), shared.TAGS, object="node"
    ),
    "remove-tags": Command(
        "tags:remove", "Take tags from a node.", (_NODE, _TAG), shared.TAGS, object="node"
    ),
}

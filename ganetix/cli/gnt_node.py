"""The commands of gnt-node."""

from typing import Final

from ganetix.cli.command import Argument, Command
from ganetix.cli.options import (
    cluster_control,
    instance,
    node,
    node_care,
    placement,
    shared,
)

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
    "power": Command(
        "node_power:power",
        "Power nodes on or off by their out-of-band program, or show whether they are on.",
        (Argument("what", choices=("cycle", "off", "on", "status")), _NODES),
        (
            *shared.SUBMITTED,
            node.AUTO_PROMOTE,
            node_care.IGNORE_STATUS,
            shared.FORCE,
            shared.NO_HEADERS,
            shared.SEPARATOR,
            cluster_control.OOB_TIMEOUT,
            cluster_control.POWER_DELAY,
            shared.FORMAT,
        ),
    ),
    "health": Command(
        "node_power:health",
        "Show how the hardware of nodes is, by their out-of-band program.",
        (_NODES,),
        (
            shared.NO_HEADERS,
            shared.SEPARATOR,
            shared.PRIORITY,
            cluster_control.OOB_TIMEOUT,
            shared.FORMAT,
        ),
    ),
    "powercycle": Command(
        "node_power:powercycle",
        "Reboot a node at once, without any shutdown.",
        (_NODE,),
        (*shared.JOB, shared.FORCE, cluster_control.CONFIRMED),
    ),
    "restricted-command": Command(
        "node_restricted:restricted_command",
        "Run a command that the nodes' administrator allows.",
        (Argument("command"), _NODES),
        (
            *shared.SUBMITTED,
            node_care.SYNC,
            cluster_control.MACHINE_NAMES,
            shared.NODE_GROUP,
        ),
    ),
    "list-storage": Command(
        "node_storage:list_storage",
        "List the storage units of nodes.",
        (_NODES,),
        (
            shared.NO_HEADERS,
            shared.SEPARATOR,
            shared.UNITS,
            shared.OUTPUT,
            node_care.STORAGE_TYPE,
            shared.PRIORITY,
            shared.FORMAT,
        ),
    ),
    "modify-storage": Command(
        "node_storage:modify_storage",
        "Let new volumes be put on a physical volume, or not.",
        (_NODE, Argument("type", choices=("lvm-pv",)), Argument("name")),
        (node_care.ALLOCATABLE, *shared.JOB),
    ),
    "repair-storage": Command(
        "node_storage:repair_storage",
        "Make a volume group consistent that has lost physical volumes.",
        (_NODE, Argument("type", choices=("lvm-vg",)), Argument("name")),
        (node_care.IGNORE_CONSISTENCY, *shared.JOB),
    ),
    "volumes": Command(
        "node_storage:volumes",
        "List the logical volumes of nodes.",
        (_NODES,),
        (
            shared.NO_HEADERS,
            shared.SEPARATOR,
            shared.UNITS,
            shared.OUTPUT,
            shared.PRIORITY,
            shared.FORMAT,
        ),
    ),
    "list-drbd": Command(
        "node_storage:list_drbd",
        "List the DRBD minors of a node.",
        (_NODE,),
        (shared.NO_HEADERS, shared.SEPARATOR, shared.FORMAT),
    ),
    "list-tags": Command(
        "tags:show", "List a node's tags.", (_NODE,), (shared.FORMAT,), object="node"
    ),
    "add-tags": Command(
        "tags:add", "Add tags to a node.", (_NODE, _TAG), shared.TAGS, object="node"
    ),
    "remove-tags": Command(
        "tags:remove", "Take tags from a node.", (_NODE, _TAG), shared.TAGS, object="node"
    ),
}

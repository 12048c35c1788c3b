"""The commands of gnt-group."""

from typing import Final

from ganetix.cli.command import Argument, Command
from ganetix.cli.options import cluster, group, instance, placement, shared

ENVIRONMENT_DEFAULTS: Final = ("GNT_GROUP_LIST",)

_GROUP: Final = Argument("group")
_GROUPS: Final = Argument("group", 0, None)
_TAG: Final = Argument("tag", 0, None)

_PARAMETERS: Final = (
    group.ALLOC_POLICY,
    shared.NODE_PARAMETERS,
    cluster.DISK_PARAMETERS,
    shared.HYPERVISOR_STATE,
    shared.DISK_STATE,
    cluster.IPOLICY_BOUNDS_SPECS,
    cluster.IPOLICY_DISK_TEMPLATES,
    cluster.IPOLICY_VCPU_RATIO,
    cluster.IPOLICY_SPINDLE_RATIO,
)
"""What add sets and modify changes."""

COMMANDS: Final = {
    "add": Command(
        "group_modify:add",
        "Add a node group; it has no nodes at first.",
        (_GROUP,),
        (*_PARAMETERS, *shared.JOB),
    ),
    "modify": Command(
        "group_modify:modify",
        "Change a group's policies and parameters.",
        (_GROUP,),
        (*_PARAMETERS, *shared.JOB),
    ),
    "rename": Command(
        "group_modify:rename",
        "Give a group another name.",
        (Argument("group", 2, 2),),
        shared.JOB,
    ),
    "remove": Command(
        "group_modify:remove", "Remove a group without nodes.", (_GROUP,), shared.JOB
    ),
    "assign-nodes": Command(
        "group_modify:assign_nodes",
        "Move nodes into a group.",
        (_GROUP, Argument("node", 0, None)),
        (*shared.JOB, shared.FORCE),
    ),
    "evacuate": Command(
        "evacuation:evacuate_group",
        "Move all instances out of a group.",
        (_GROUP,),
        (
            placement.TO,
            instance.IALLOCATOR,
            placement.EARLY_RELEASE,
            placement.SEQUENTIAL,
            placement.FORCE_FAILOVER,
            shared.SUBMIT,
            shared.PRINT_JOBID,
            placement.PLAN,
            shared.FORMAT,
        ),
    ),
    "info": Command(
        "group_info:info", "Show the parameters of groups.", (_GROUPS,), (shared.FORMAT,)
    ),
    "show-ispecs-cmd": Command(
        "group_info:show_ispecs_cmd",
        "Show commands that make groups with the same bounds of instances.",
        (_GROUPS,),
        (group.INCLUDE_DEFAULTS,),
    ),
    "list": Command(
        "lists:objects",
        "List node groups.",
        (_GROUPS,),
        shared.LIST,
        object="group",
    ),
    "list-fields": Command(
        "lists:fields_of",
        "List the fields that list can show.",
        (Argument("field", 0, None),),
        shared.FIELDS,
        object="group",
    ),
    "list-tags": Command(
        "tags:show", "List a group's tags.", (_GROUP,), (shared.FORMAT,), object="nodegroup"
    ),
    "add-tags": Command(
        "tags:add", "Add tags to a group.", (_GROUP, _TAG), shared.TAGS, object="nodegroup"
    ),
    "remove-tags": Command(
        "tags:remove", "Take tags from a group.", (_GROUP, _TAG), shared.TAGS, object="nodegroup"
    ),
}

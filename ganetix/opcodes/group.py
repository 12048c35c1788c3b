"""Opcodes of node groups."""

from typing import ClassVar

from ganetix.opcodes.base import OpCode
from ganetix.opcodes.types import AllocPolicy, DiskTemplate, NonEmpty, Params


class OpGroupAdd(OpCode, frozen=True, kw_only=True, tag="OP_GROUP_ADD"):
    """Add a node group."""

    summary_field: ClassVar[str] = "group_name"

    group_name: NonEmpty
    alloc_policy: AllocPolicy | None = None
    ndparams: Params | None = None
    diskparams: dict[DiskTemplate, Params] | None = None
    hv_state: Params | None = None
    disk_state: Params | None = None
    ipolicy: Params | None = None


class OpGroupAssignNodes(OpCode, frozen=True, kw_only=True, tag="OP_GROUP_ASSIGN_NODES"):
    """Move nodes into a group."""

    summary_field: ClassVar[str] = "group_name"

    group_name: NonEmpty
    force: bool = False
    nodes: list[NonEmpty]
    node_uuids: list[NonEmpty] | None = None


class OpGroupEvacuate(OpCode, frozen=True, kw_only=True, tag="OP_GROUP_EVACUATE"):
    """Submit jobs that move all instances out of a group."""

    summary_field: ClassVar[str] = "group_name"

    group_name: NonEmpty
    early_release: bool = False
    iallocator: NonEmpty | None = None
    target_groups: list[NonEmpty] | None = None
    sequential: bool = False
    force_failover: bool = False


class OpGroupRemove(OpCode, frozen=True, kw_only=True, tag="OP_GROUP_REMOVE"):
    """Remove an empty node group."""

    summary_field: ClassVar[str] = "group_name"

    group_name: NonEmpty


class OpGroupRename(OpCode, frozen=True, kw_only=True, tag="OP_GROUP_RENAME"):
    """Rename a node group."""

    group_name: NonEmpty
    new_name: NonEmpty


class OpGroupSetParams(OpCode, frozen=True, kw_only=True, tag="OP_GROUP_SET_PARAMS"):
    """Change parameters of a node group; null leaves a value as it is."""

    summary_field: ClassVar[str] = "group_name"

    group_name: NonEmpty
    alloc_policy: AllocPolicy | None = None
    ndparams: Params | None = None
    diskparams: dict[DiskTemplate, Params] | None = None
    hv_state: Params | None = None
    disk_state: Params | None = None
    ipolicy: Params | None = None

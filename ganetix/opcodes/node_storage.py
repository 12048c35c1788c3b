"""Opcodes of the storage units of nodes."""

from typing import ClassVar

from ganetix.opcodes.base import OpCode
from ganetix.opcodes.types import NonEmpty, Params, StorageType


class OpNodeQueryvols(OpCode, frozen=True, kw_only=True, tag="OP_NODE_QUERYVOLS"):
    """List the logical volumes of nodes."""

    output_fields: list[NonEmpty]
    nodes: list[NonEmpty] = []


class OpNodeQueryStorage(OpCode, frozen=True, kw_only=True, tag="OP_NODE_QUERY_STORAGE"):
    """List the storage units of nodes."""

    output_fields: list[NonEmpty]
    storage_type: StorageType | None = None
    nodes: list[NonEmpty] = []
    name: NonEmpty | None = None


class OpNodeModifyStorage(OpCode, frozen=True, kw_only=True, tag="OP_NODE_MODIFY_STORAGE"):
    """Change a storage unit of a node."""

    summary_field: ClassVar[str] = "node_name"

    node_name: NonEmpty
    node_uuid: NonEmpty | None = None
    storage_type: StorageType
    name: NonEmpty | None = None
    changes: Params


class OpRepairNodeStorage(OpCode, frozen=True, kw_only=True, tag="OP_REPAIR_NODE_STORAGE"):
    """Repair a storage unit of a node."""

    summary_field: ClassVar[str] = "node_name"

    node_name: NonEmpty
    node_uuid: NonEmpty | None = None
    storage_type: StorageType
    name: NonEmpty | None = None
    ignore_consistency: bool = False

"""Opcodes of exports."""

from typing import Any, ClassVar

from ganetix.opcodes.base import OpCode
from ganetix.opcodes.types import ExportMode, NonEmpty, NonNegative


class OpBackupExport(OpCode, frozen=True, kw_only=True, tag="OP_BACKUP_EXPORT"):
    """Export an instance to a node, or to another cluster."""

    summary_field: ClassVar[str] = "instance_name"

    instance_name: str
    instance_uuid: NonEmpty | None = None
    compress: str = "none"
    shutdown_timeout: NonNegative = 120
    target_node: NonEmpty | list[Any]
    target_node_uuid: NonEmpty | None = None
    shutdown: bool = True
    remove_instance: bool = False
    ignore_remove_failures: bool = False
    mode: ExportMode = "local"
    x509_key_name: list[Any] | None = None
    destination_x509_ca: NonEmpty | None = None
    zero_free_space: bool = False
    zeroing_timeout_fixed: int | None = None
    zeroing_timeout_per_mib: float | None = None
    long_sleep: bool = False


class OpBackupPrepare(OpCode, frozen=True, kw_only=True, tag="OP_BACKUP_PREPARE"):
    """Prepare an export to another cluster: make keys on the primary node."""

    summary_field: ClassVar[str] = "instance_name"

    instance_name: str
    instance_uuid: NonEmpty | None = None
    mode: ExportMode


class OpBackupRemove(OpCode, frozen=True, kw_only=True, tag="OP_BACKUP_REMOVE"):
    """Remove the exports of an instance from all nodes."""

    summary_field: ClassVar[str] = "instance_name"

    instance_name: str
    instance_uuid: NonEmpty | None = None

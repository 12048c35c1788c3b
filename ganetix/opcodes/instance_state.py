"""Opcodes of where and whether an instance runs."""

from typing import ClassVar

from ganetix.opcodes.base import OpCode
from ganetix.opcodes.types import (
    AdminStateSource,
    MigrationMode,
    NonEmpty,
    NonNegative,
    Params,
    RebootType,
)


class OpInstanceStartup(OpCode, frozen=True, kw_only=True, tag="OP_INSTANCE_STARTUP"):
    """Start an instance."""

    summary_field: ClassVar[str] = "instance_name"

    instance_name: str
    instance_uuid: NonEmpty | None = None
    force: bool = False
    ignore_offline_nodes: bool = False
    hvparams: Params = {}
    beparams: Params = {}
    no_remember: bool = False
    startup_paused: bool = False
    shutdown_timeout: NonNegative = 120


class OpInstanceShutdown(OpCode, frozen=True, kw_only=True, tag="OP_INSTANCE_SHUTDOWN"):
    """Shut an instance down, hard after *timeout* seconds."""

    summary_field: ClassVar[str] = "instance_name"

    instance_name: str
    instance_uuid: NonEmpty | None = None
    force: bool = False
    ignore_offline_nodes: bool = False
    timeout: NonNegative = 120
    no_remember: bool = False
    admin_state_source: AdminStateSource | None = None


class OpInstanceReboot(OpCode, frozen=True, kw_only=True, tag="OP_INSTANCE_REBOOT"):
    """Reboot an instance."""

    summary_field: ClassVar[str] = "instance_name"

    instance_name: str
    instance_uuid: NonEmpty | None = None
    shutdown_timeout: NonNegative = 120
    ignore_secondaries: bool = False
    reboot_type: RebootType


class OpInstanceFailover(OpCode, frozen=True, kw_only=True, tag="OP_INSTANCE_FAILOVER"):
    """Stop an instance and start it on another node."""

    summary_field: ClassVar[str] = "instance_name"

    instance_name: str
    instance_uuid: NonEmpty | None = None
    shutdown_timeout: NonNegative = 120
    ignore_consistency: bool = False
    target_node: NonEmpty | None = None
    target_node_uuid: NonEmpty | None = None
    ignore_ipolicy: bool = False
    cleanup: bool = False
    iallocator: NonEmpty | None = None


class OpInstanceMigrate(OpCode, frozen=True, kw_only=True, tag="OP_INSTANCE_MIGRATE"):
    """Move a running instance to another node."""

    summary_field: ClassVar[str] = "instance_name"

    instance_name: str
    instance_uuid: NonEmpty | None = None
    mode: MigrationMode | None = None
    live: bool | None = None
    target_node: NonEmpty | None = None
    target_node_uuid: NonEmpty | None = None
    allow_runtime_changes: bool = True
    ignore_ipolicy: bool = False
    cleanup: bool = False
    iallocator: NonEmpty | None = None
    allow_failover: bool = False
    ignore_hvversions: bool = False


class OpInstanceMove(OpCode, frozen=True, kw_only=True, tag="OP_INSTANCE_MOVE"):
    """Copy a stopped instance with its disks to another node."""

    summary_field: ClassVar[str] = "instance_name"

    instance_name: str
    instance_uuid: NonEmpty | None = None
    shutdown_timeout: NonNegative = 120
    ignore_ipolicy: bool = False
    target_node: NonEmpty
    target_node_uuid: NonEmpty | None = None
    compress: str = "none"
    ignore_consistency: bool = False


class OpInstanceChangeGroup(OpCode, frozen=True, kw_only=True, tag="OP_INSTANCE_CHANGE_GROUP"):
    """Submit jobs that move an instance to another group."""

    summary_field: ClassVar[str] = "instance_name"

    instance_name: str
    instance_uuid: NonEmpty | None = None
    early_release: bool = False
    iallocator: NonEmpty | None = None
    target_groups: list[NonEmpty] | None = None

"""Opcodes of nodes."""

from typing import ClassVar

from ganetix.opcodes.base import OpCode
from ganetix.opcodes.types import EvacuationMode, MigrationMode, NonEmpty, OobCommand, Params


class OpNodeAdd(OpCode, frozen=True, kw_only=True, tag="OP_NODE_ADD"):
    """Add a node whose certificate is in place, or add it again.

    *node_uuid*, *certificate_digest* and *ssh_public_key* (root's, where the cluster sets up ssh)
    come from the step that gave the node its certificate.
    """

    summary_field: ClassVar[str] = "node_name"

    node_name: NonEmpty
    hv_state: Params | None = None
    disk_state: Params | None = None
    primary_ip: NonEmpty | None = None
    secondary_ip: NonEmpty | None = None
    readd: bool = False
    group: NonEmpty | None = None
    master_capable: bool | None = None
    vm_capable: bool | None = None
    ndparams: Params | None = None
    node_setup: bool = False
    node_uuid: NonEmpty | None = None
    certificate_digest: NonEmpty | None = None
    ssh_public_key: NonEmpty | None = None


class OpNodeRemove(OpCode, frozen=True, kw_only=True, tag="OP_NODE_REMOVE"):
    """Remove a node from the cluster."""

    summary_field: ClassVar[str] = "node_name"

    node_name: NonEmpty
    node_uuid: NonEmpty | None = None


class OpNodeSetParams(OpCode, frozen=True, kw_only=True, tag="OP_NODE_SET_PARAMS"):
    """Change a node; null leaves a value as it is."""

    summary_field: ClassVar[str] = "node_name"

    node_name: NonEmpty
    node_uuid: NonEmpty | None = None
    force: bool = False
    hv_state: Params | None = None
    disk_state: Params | None = None
    master_candidate: bool | None = None
    offline: bool | None = None
    drained: bool | None = None
    auto_promote: bool = False
    master_capable: bool | None = None
    vm_capable: bool | None = None
    secondary_ip: NonEmpty | None = None
    ndparams: Params | None = None
    powered: bool | None = None


class OpNodeEvacuate(OpCode, frozen=True, kw_only=True, tag="OP_NODE_EVACUATE"):
    """Submit jobs that move instances off a node."""

    summary_field: ClassVar[str] = "node_name"

    early_release: bool = False
    node_name: NonEmpty
    node_uuid: NonEmpty | None = None
    remote_node: NonEmpty | None = None
    remote_node_uuid: NonEmpty | None = None
    iallocator: NonEmpty | None = None
    mode: EvacuationMode
    ignore_soft_errors: bool | None = None


class OpNodeMigrate(OpCode, frozen=True, kw_only=True, tag="OP_NODE_MIGRATE"):
    """Submit jobs that migrate all primary instances off a node."""

    summary_field: ClassVar[str] = "node_name"

    node_name: NonEmpty
    node_uuid: NonEmpty | None = None
    mode: MigrationMode | None = None
    live: bool | None = None
    target_node: NonEmpty | None = None
    target_node_uuid: NonEmpty | None = None
    allow_runtime_changes: bool = True
    ignore_ipolicy: bool = False
    iallocator: NonEmpty | None = None


class OpNodePowercycle(OpCode, frozen=True, kw_only=True, tag="OP_NODE_POWERCYCLE"):
    """Reboot a node at once, without shutting anything down."""

    summary_field: ClassVar[str] = "node_name"

    node_name: NonEmpty
    node_uuid: NonEmpty | None = None
    force: bool = False


class OpOobCommand(OpCode, frozen=True, kw_only=True, tag="OP_OOB_COMMAND"):
    """Power nodes on or off, or ask their health, out of band."""

    node_names: list[NonEmpty] = []
    node_uuids: list[NonEmpty] | None = None
    command: OobCommand
    timeout: int = 60
    ignore_status: bool = False
    power_delay: float = 2.0


class OpRestrictedCommand(OpCode, frozen=True, kw_only=True, tag="OP_RESTRICTED_COMMAND"):
    """Run an allowed command on nodes."""

    use_locking: bool = False
    nodes: list[NonEmpty]
    node_uuids: list[NonEmpty] | None = None
    command: NonEmpty

"""Opcodes of an instance's disks."""

from typing import ClassVar

from ganetix.opcodes.base import OpCode
from ganetix.opcodes.types import DiskIndex, DiskParams, NonEmpty, NonNegative, ReplaceMode


class OpInstanceActivateDisks(OpCode, frozen=True, kw_only=True, tag="OP_INSTANCE_ACTIVATE_DISKS"):
    """Assemble the disks of an instance without starting it."""

    summary_field: ClassVar[str] = "instance_name"

    instance_name: str
    instance_uuid: NonEmpty | None = None
    ignore_size: bool = False
    wait_for_sync: bool = False


class OpInstanceDeactivateDisks(
    OpCode, frozen=True, kw_only=True, tag="OP_INSTANCE_DEACTIVATE_DISKS"
):
    """Shut the disks of a stopped instance down."""

    summary_field: ClassVar[str] = "instance_name"

    instance_name: str
    instance_uuid: NonEmpty | None = None
    force: bool = False


class OpInstanceGrowDisk(OpCode, frozen=True, kw_only=True, tag="OP_INSTANCE_GROW_DISK"):
    """Grow a disk by, or to (*absolute*), *amount* MiB."""

    summary_field: ClassVar[str] = "instance_name"

    instance_name: str
    instance_uuid: NonEmpty | None = None
    wait_for_sync: bool = True
    disk: DiskIndex
    amount: NonNegative
    absolute: bool = False
    ignore_ipolicy: bool = False


class OpInstanceRecreateDisks(OpCode, frozen=True, kw_only=True, tag="OP_INSTANCE_RECREATE_DISKS"):
    """Make lost disks of an instance anew."""

    summary_field: ClassVar[str] = "instance_name"

    instance_name: str
    instance_uuid: NonEmpty | None = None
    disks: list[tuple[NonNegative, DiskParams]] = []
    nodes: list[NonEmpty] = []
    node_uuids: list[NonEmpty] | None = None
    iallocator: NonEmpty | None = None


class OpInstanceReplaceDisks(OpCode, frozen=True, kw_only=True, tag="OP_INSTANCE_REPLACE_DISKS"):
    """Replace parts of mirrored disks, or their secondary node."""

    summary_field: ClassVar[str] = "instance_name"

    instance_name: str
    instance_uuid: NonEmpty | None = None
    early_release: bool = False
    ignore_ipolicy: bool = False
    mode: ReplaceMode
    disks: list[DiskIndex] = []
    remote_node: NonEmpty | None = None
    remote_node_uuid: NonEmpty | None = None
    iallocator: NonEmpty | None = None

"""Opcodes for tests and measurements."""

from typing import Any, ClassVar

from ganetix.opcodes.base import OpCode
from ganetix.opcodes.types import (
    AllocatorDirection,
    AllocatorMode,
    DiskTemplate,
    EvacuationMode,
    Hypervisor,
    NicParams,
    NonEmpty,
    NonNegative,
    Params,
)


class OpTestDelay(OpCode, frozen=True, kw_only=True, tag="OP_TEST_DELAY"):
    """Wait *duration* seconds on the master, on nodes, or both."""

    summary_field: ClassVar[str] = "duration"

    duration: float
    on_master: bool = True
    on_nodes: list[NonEmpty] = []
    on_node_uuids: list[NonEmpty] | None = None
    repeat: NonNegative = 0
    interruptible: bool = False
    no_locks: bool = True


class OpTestAllocator(OpCode, frozen=True, kw_only=True, tag="OP_TEST_ALLOCATOR"):
    """Run an instance allocator on the request that the parameters describe."""

    summary_field: ClassVar[str] = "iallocator"

    direction: AllocatorDirection
    mode: AllocatorMode
    name: NonEmpty
    nics: list[NicParams] | None = None
    disks: list[Any] | None = None
    hypervisor: Hypervisor | None = None
    iallocator: NonEmpty | None = None
    tags: list[NonEmpty] = []
    memory: NonNegative | None = None
    vcpus: NonNegative | None = None
    os: NonEmpty | None = None
    disk_template: DiskTemplate | None = None
    instances: list[NonEmpty] | None = None
    evac_mode: EvacuationMode | None = None
    target_groups: list[NonEmpty] | None = None
    spindle_use: NonNegative = 1
    count: NonNegative = 1
    group_name: NonEmpty | None = None


class OpTestDummy(OpCode, frozen=True, kw_only=True, tag="OP_TEST_DUMMY"):
    """Reserved for self-tests."""

    result: Any = None
    messages: Any = None
    fail: Any = None
    submit_jobs: Any = None


class OpTestJqueue(OpCode, frozen=True, kw_only=True, tag="OP_TEST_JQUEUE"):
    """Exercise the job queue: notify, log messages, fail."""

    notify_waitlock: bool = False
    notify_exec: bool = False
    log_messages: list[str] = []
    fail: bool = False


class OpTestOsParams(OpCode, frozen=True, kw_only=True, tag="OP_TEST_OS_PARAMS"):
    """Log the OS parameters that it was given."""

    secret_params: ClassVar[tuple[str, ...]] = ("osparams_secret",)

    osparams_secret: Params | None = None

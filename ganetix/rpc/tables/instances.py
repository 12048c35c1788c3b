"""Calls about instances: what runs, start and stop, the steps of a migration."""

from typing import Any, Final

import msgspec

from ganetix.rpc.call import Call, Done
from ganetix.rpc.tables.spec import InstanceSpec


class InstanceState(msgspec.Struct, frozen=True):
    """A running instance as its hypervisor sees it; memory MiB, cpu_seconds since start.

    *state* is ``running``, ``paused`` or ``shutdown`` (the guest shut itself down).
    """

    name: str
    memory: int
    vcpus: int
    state: str
    cpu_seconds: float = 0.0


class AllInstancesRequest(msgspec.Struct, frozen=True):
    """The hypervisors to ask."""

    hypervisors: list[str]


class InstanceList(msgspec.Struct, frozen=True):
    """Running instances."""

    instances: list[InstanceState]


class InstanceStart(msgspec.Struct, frozen=True):
    """Start an instance whose disks are assembled."""

    spec: InstanceSpec
    paused: bool = False
    reason: list[Any] = []


class InstanceShutdown(msgspec.Struct, frozen=True):
    """Shut down within *timeout* seconds, then stop hard."""

    name: str
    hypervisor: str
    timeout: float
    reason: list[Any] = []


class InstanceReboot(msgspec.Struct, frozen=True):
    """Reboot: *kind* is ``soft`` or ``hard``."""

    spec: InstanceSpec
    kind: str
    timeout: float
    reason: list[Any] = []


class InstanceQuery(msgspec.Struct, frozen=True):
    """One instance by name."""

    name: str
    hypervisor: str


class InstanceMaybe(msgspec.Struct, frozen=True):
    """The instance's live state, or None when it does not run."""

    state: InstanceState | None


class InstanceMigrate(msgspec.Struct, frozen=True):
    """Send a running instance to the node at *target_ip*."""

    spec: InstanceSpec
    target_name: str
    target_ip: str
    live: bool


class InstanceAccept(msgspec.Struct, frozen=True):
    """Be ready to receive an instance from *source_ip*."""

    spec: InstanceSpec
    source_ip: str


class InstanceFinalize(msgspec.Struct, frozen=True):
    """End a migration on either side; *source* says which; not *success* takes it back."""

    spec: InstanceSpec
    success: bool
    source: bool


ALL_INSTANCES_INFO: Final = Call(
    "all_instances_info", AllInstancesRequest, InstanceList, "urgent", True
)
INSTANCE_INFO: Final = Call("instance_info", InstanceQuery, InstanceMaybe, "urgent", True)
INSTANCE_START: Final = Call("instance_start", InstanceStart, Done, "normal", True)
INSTANCE_SHUTDOWN: Final = Call("instance_shutdown", InstanceShutdown, Done, "normal", True)
INSTANCE_REBOOT: Final = Call("instance_reboot", InstanceReboot, Done, "normal")
INSTANCE_ACCEPT: Final = Call("accept_instance", InstanceAccept, Done, "normal", True)
INSTANCE_MIGRATE: Final = Call("instance_migrate", InstanceMigrate, Done, "normal")
INSTANCE_FINALIZE: Final = Call(
    "instance_finalize_migration", InstanceFinalize, Done, "normal", True
)

CALLS: Final[tuple[Call[Any, Any], ...]] = (
    ALL_INSTANCES_INFO,
    INSTANCE_INFO,
    INSTANCE_START,
    INSTANCE_SHUTDOWN,
    INSTANCE_REBOOT,
    INSTANCE_ACCEPT,
    INSTANCE_MIGRATE,
    INSTANCE_FINALIZE,
)

"""Calls about a machine: its power, the administrator's own commands, its storage units."""

from typing import Any, Final

import msgspec

from ganetix.rpc.call import Call, Done, Nothing


class OobRun(msgspec.Struct, frozen=True):
    """Run the out-of-band helper *program* with *command* for the node called *node*.

    *timeout* is seconds.
    """

    program: str
    command: str
    node: str
    timeout: float


class Output(msgspec.Struct, frozen=True):
    """What a program wrote."""

    text: str


class RestrictedRun(msgspec.Struct, frozen=True):
    """Run the administrator's command of this name."""

    command: str


class StorageQuery(msgspec.Struct, frozen=True):
    """Asks for the storage units of *type*, or the one called *name*.

    *places* are the directories or volume groups that the cluster has for it.
    """

    type: str
    name: str = ""
    places: list[str] = []


class StorageUnitInfo(msgspec.Struct, frozen=True):
    """A storage unit; sizes in MiB."""

    name: str
    size: int
    free: int
    used: int
    allocatable: bool = True


class StorageUnits(msgspec.Struct, frozen=True):
    """What was found, by name."""

    units: list[StorageUnitInfo]


class StorageChange(msgspec.Struct, frozen=True):
    """Let new volumes be put on the physical volume *name*, or not."""

    name: str
    allocatable: bool


class StorageName(msgspec.Struct, frozen=True):
    """A volume group."""

    name: str


class PlacedVolume(msgspec.Struct, frozen=True):
    """A logical volume with the physical one under it; *size* MiB."""

    physical: str
    group: str
    name: str
    size: int


class PlacedVolumes(msgspec.Struct, frozen=True):
    """All logical volumes of the node."""

    volumes: list[PlacedVolume]


NODE_POWERCYCLE: Final = Call("node_powercycle", Nothing, Done, "normal")
RUN_OOB: Final = Call("run_oob", OobRun, Output, "normal")
RESTRICTED_COMMAND: Final = Call("restricted_command", RestrictedRun, Output, "slow")
STORAGE_LIST: Final = Call("storage_list", StorageQuery, StorageUnits, "normal", True)
STORAGE_MODIFY: Final = Call("storage_modify", StorageChange, Done, "normal", True)
STORAGE_EXECUTE: Final = Call("storage_execute", StorageName, Done, "normal", True)
NODE_VOLUMES: Final = Call("node_volumes", Nothing, PlacedVolumes, "fast", True)

CALLS: Final[tuple[Call[Any, Any], ...]] = (
    NODE_POWERCYCLE,
    RUN_OOB,
    RESTRICTED_COMMAND,
    STORAGE_LIST,
    STORAGE_MODIFY,
    STORAGE_EXECUTE,
    NODE_VOLUMES,
)

"""Calls about what guests need of a node, and about running guests."""

from typing import Any, Final, Literal

import msgspec

from ganetix.rpc.call import Call, Done
from ganetix.rpc.tables.spec import InstanceSpec

Params = dict[str, Any]


class HypervisorValidate(msgspec.Struct, frozen=True):
    """Check that the node serves *hypervisor* and has what its filled *hvparams* name.

    Empty parameters name nothing.
    """

    hypervisor: str
    hvparams: Params


class Bridges(msgspec.Struct, frozen=True):
    """Bridges (or Open vSwitches) that have to be here, by name."""

    names: list[str]


class GuestQuery(msgspec.Struct, frozen=True):
    """A running instance, to be asked itself, through its agent."""

    name: str
    hypervisor: str


class GuestAddresses(msgspec.Struct, frozen=True):
    """The addresses that a guest says it has, by the name of its interface; none: nobody said."""

    addresses: dict[str, list[str]]


class Balloon(msgspec.Struct, frozen=True):
    """Give a running instance *memory* MiB."""

    name: str
    hypervisor: str
    memory: int


class Hotplug(msgspec.Struct, frozen=True):
    """Give a running instance the disk or NIC *uuid* of *spec* (*add*), or take it away."""

    spec: InstanceSpec
    kind: Literal["disk", "nic"]
    uuid: str
    add: bool


HYPERVISOR_VALIDATE_PARAMS: Final = Call(
    "hypervisor_validate_params", HypervisorValidate, Done, "normal", True
)
BRIDGES_EXIST: Final = Call("bridges_exist", Bridges, Done, "fast", True)
INSTANCE_ADDRESSES: Final = Call("instance_addresses", GuestQuery, GuestAddresses, "fast", True)
HOTPLUG_DEVICE: Final = Call("hotplug_device", Hotplug, Done, "normal", False)

INSTANCE_BALLOON_MEMORY: Final = Call("instance_balloon_memory", Balloon, Done, "normal", True)

CALLS: Final[tuple[Call[Any, Any], ...]] = (
    HYPERVISOR_VALIDATE_PARAMS,
    BRIDGES_EXIST,
    INSTANCE_ADDRESSES,
    HOTPLUG_DEVICE,
    INSTANCE_BALLOON_MEMORY,
)

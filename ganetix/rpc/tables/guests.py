"""Calls about what guests need of a node, and about running guests."""

from typing import Any, Final

import msgspec

from ganetix.rpc.call import Call, Done

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


HYPERVISOR_VALIDATE_PARAMS: Final = Call(
    "hypervisor_validate_params", HypervisorValidate, Done, "normal", True
)
BRIDGES_EXIST: Final = Call("bridges_exist", Bridges, Done, "fast", True)
INSTANCE_ADDRESSES: Final = Call("instance_addresses", GuestQuery, GuestAddresses, "fast", True)

CALLS: Final[tuple[Call[Any, Any], ...]] = (
    HYPERVISOR_VALIDATE_PARAMS,
    BRIDGES_EXIST,
    INSTANCE_ADDRESSES,
)

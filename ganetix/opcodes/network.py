"""Opcodes of networks."""

from typing import ClassVar

from ganetix.opcodes.base import OpCode
from ganetix.opcodes.types import (
    Ipv4Address,
    Ipv4AddressOrNone,
    Ipv4Network,
    Ipv6Address,
    Ipv6AddressOrNone,
    Ipv6Network,
    Ipv6NetworkOrNone,
    NicMode,
    NonEmpty,
)


class OpNetworkAdd(OpCode, frozen=True, kw_only=True, tag="OP_NETWORK_ADD"):
    """Add a network."""

    summary_field: ClassVar[str] = "network_name"

    network_name: NonEmpty
    network: Ipv4Network
    gateway: Ipv4Address | None = None
    network6: Ipv6Network | None = None
    gateway6: Ipv6Address | None = None
    mac_prefix: NonEmpty | None = None
    add_reserved_ips: list[Ipv4Address] | None = None
    conflicts_check: bool = True
    tags: list[NonEmpty] = []


class OpNetworkConnect(OpCode, frozen=True, kw_only=True, tag="OP_NETWORK_CONNECT"):
    """Connect a network to a node group."""

    summary_field: ClassVar[str] = "network_name"

    group_name: NonEmpty
    network_name: NonEmpty
    network_mode: NicMode
    network_link: NonEmpty
    network_vlan: str = ""
    conflicts_check: bool = True


class OpNetworkDisconnect(OpCode, frozen=True, kw_only=True, tag="OP_NETWORK_DISCONNECT"):
    """Disconnect a network from a node group."""

    summary_field: ClassVar[str] = "network_name"

    group_name: NonEmpty
    network_name: NonEmpty


class OpNetworkRemove(OpCode, frozen=True, kw_only=True, tag="OP_NETWORK_REMOVE"):
    """Remove a network."""

    summary_field: ClassVar[str] = "network_name"

    network_name: NonEmpty
    force: bool = False


class OpNetworkSetParams(OpCode, frozen=True, kw_only=True, tag="OP_NETWORK_SET_PARAMS"):
    """Change a network; null leaves a value as it is, ``none`` takes it away."""

    summary_field: ClassVar[str] = "network_name"

    network_name: NonEmpty
    gateway: Ipv4AddressOrNone | None = None
    network6: Ipv6NetworkOrNone | None = None
    gateway6: Ipv6AddressOrNone | None = None
    mac_prefix: NonEmpty | None = None
    add_reserved_ips: list[Ipv4Address] | None = None
    remove_reserved_ips: list[Ipv4Address] | None = None

"""gnt-network info."""

import textwrap
from argparse import Namespace
from collections.abc import Iterator
from typing import Any, Final

from ganetix.cli import output
from ganetix.cli.context import Context
from ganetix.errors import NOENT, OpPrereqError

_FIELDS: Final = (
    "name", "network", "gateway", "network6", "gateway6", "mac_prefix", "free_count",
    "reserved_count", "map", "group_list", "inst_list", "external_reservations", "serial_no",
    "uuid",
)  # fmt: skip
_WIDTH: Final = 64
"""Addresses in a line of the map."""


def info(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Show networks: range, pool, connections, and the instances that are in them."""
    rows = context.call("QueryNetworks", arguments, list(_FIELDS), False)
    if len(rows) < len(arguments):
        raise OpPrereqError(
            f"Not all of these are networks: {', '.join(arguments)}. See: gnt-network list", NOENT
        )
    networks = [dict(zip(_FIELDS, row, strict=True)) for row in rows]
    output.show(
        context,
        options,
        networks,
        lambda: (line for one in networks for line in (*_shown(one), *_users(context, one))),
    )
    return 0


def _shown(network: dict[str, Any]) -> Iterator[str]:
    free, size = network["free_count"], network["free_count"] + network["reserved_count"]
    yield f"Network name: {network['name']}"
    yield f"UUID: {network['uuid']}"
    yield f"Serial number: {network['serial_no']}"
    for title, key in (
        ("Subnet", "network"),
        ("Gateway", "gateway"),
        ("IPv6 Subnet", "network6"),
        ("IPv6 Gateway", "gateway6"),
        ("Mac Prefix", "mac_prefix"),
    ):
        yield f"  {title}: {network[key]}"
    yield f"  Size: {size}"
    yield f"  Free: {free} ({100 * free / size:.2f}%)"
    yield "  Usage map:"
    digits = network["map"]
    for first in range(0, len(digits), _WIDTH):
        yield f"     {first:>5} {digits[first : first + _WIDTH]:<{_WIDTH}} {first + _WIDTH - 1}"
    yield "         (X) used    (.) free"
    if network["external_reservations"]:
        yield "  Externally reserved IPs:"
        lines = textwrap.wrap(network["external_reservations"], _WIDTH)
        yield from (f"    {line}" for line in lines)
    yield from _connections(network["group_list"])


def _connections(groups: list[list[str]]) -> Iterator[str]:
    yield "  Connected to node groups:" if groups else "  Connected to no node group"
    for name, mode, link, vlan in groups:
        yield f"    {name} (mode:{mode} link:{link} vlan:{vlan})"


def _users(context: Context, network: dict[str, Any]) -> Iterator[str]:
    names = network["inst_list"]
    if not names:
        yield "  Used by no instance"
        return
    fields = ["name", "nic.ips", "nic.networks"]
    yield f"  Used by {len(names)} instances:"
    for name, ips, networks in context.call("QueryInstances", names, fields, False):
        mine = [ip for ip, uuid in zip(ips, networks, strict=True) if uuid == network["uuid"]]
        yield f"    {name}: {', '.join(str(ip) for ip in mine)}"

"""gnt-network add, modify, remove, connect and disconnect."""

from argparse import Namespace
from typing import Any, Final

from ganetix import errors
from ganetix.cli.context import Context
from ganetix.cli.submit import opcode, submit, submit_many
from ganetix.cli.values import listing

_CONNECTION: Final = {"mode": "bridged", "link": "xen-br0", "vlan": ""}
"""How NICs are connected unless it is given."""
_CHANGES: Final = (
    "gateway", "network6", "gateway6", "mac_prefix", "add_reserved_ips", "remove_reserved_ips",
)  # fmt: skip


def add(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Add a network."""
    if options.network is None:
        raise errors.OpPrereqError(
            "A network needs its range of addresses; give --network=ADDRESS/PREFIX.", errors.INVAL
        )
    op = opcode(
        "OP_NETWORK_ADD",
        network_name=arguments[0],
        network=options.network,
        gateway=options.gateway,
        network6=options.network6,
        gateway6=options.gateway6,
        mac_prefix=options.mac_prefix,
        add_reserved_ips=_addresses(options.add_reserved_ips),
        conflicts_check=options.conflicts_check,
        tags=listing(options.tags) if options.tags else None,
    )
    return submit(context, options, op)


def modify(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Change a network."""
    given = {name: getattr(options, name) for name in _CHANGES}
    if all(value is None for value in given.values()):
        raise errors.OpPrereqError(
            "Say what to change. Show what can be changed with: gnt-network modify --help",
            errors.INVAL,
        )
    for name in ("add_reserved_ips", "remove_reserved_ips"):
        given[name] = _addresses(given[name])
    return submit(
        context, options, opcode("OP_NETWORK_SET_PARAMS", network_name=arguments[0], **given)
    )


def _addresses(text: str | None) -> list[str] | None:
    return None if text is None else listing(text)


def remove(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Remove a network."""
    op = opcode("OP_NETWORK_REMOVE", network_name=arguments[0], force=options.force)
    return submit(context, options, op)


def connect(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Connect a network to the groups that are named, or to all: a job each."""
    strange = sorted(options.nicparams.keys() - _CONNECTION.keys())
    if strange:
        raise errors.OpPrereqError(
            f"A NIC has no parameter {', '.join(strange)}; there are mode, link and vlan.",
            errors.INVAL,
        )
    values = {**_CONNECTION, **options.nicparams}
    ops = [
        (
            f"node group {group}",
            opcode(
                "OP_NETWORK_CONNECT",
                group_name=group,
                network_name=arguments[0],
                conflicts_check=options.conflicts_check,
                **{f"network_{key}": value for key, value in values.items()},
            ),
        )
        for group in _groups(context, arguments[1:])
    ]
    return submit_many(context, options, ops)


def disconnect(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Disconnect a network from the groups that are named, or from all: a job each."""
    ops: list[tuple[str, dict[str, Any]]] = [
        (
            f"node group {group}",
            opcode("OP_NETWORK_DISCONNECT", group_name=group, network_name=arguments[0]),
        )
        for group in _groups(context, arguments[1:])
    ]
    return submit_many(context, options, ops)


def _groups(context: Context, names: list[str]) -> list[str]:
    """Return the groups to connect; the list of all is asked for only when none is named."""
    if names:
        return names
    return [name for (name,) in context.call("QueryGroups", [], ["name"], False)]

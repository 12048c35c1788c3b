"""Parameters of opcodes from options: what has a size or a number in it, disks, nics."""

from typing import Any, Final

from ganetix import errors
from ganetix.cli.units import natural, parse_size
from ganetix.cli.values import Ident, boolean, whole

_BACKEND: Final = {
    "memory": parse_size,
    "minmem": parse_size,
    "maxmem": parse_size,
    "vcpus": whole,
    "spindle_use": whole,
    "auto_balance": boolean,
    "always_failover": boolean,
}
_DISK: Final = {"size": parse_size, "spindles": whole}
_INHERITED: Final = ("default", "auto")
"""Words that stand for a value from above."""


def _converted(values: dict[str, Any], readers: dict[str, Any], where: str) -> dict[str, Any]:
    done = {}
    for key, value in values.items():
        if key in readers and isinstance(value, str) and value not in _INHERITED:
            try:
                value = readers[key](value)  # noqa: PLW2901 - the value as it is sent
            except ValueError as error:
                raise errors.OpPrereqError(
                    f"{where} {key}={value}: {error}.", errors.INVAL
                ) from None
        done[key] = value
    return done


def backend(values: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return backend parameters with sizes in MiB and numbers as numbers."""
    return None if values is None else _converted(values, _BACKEND, "backend parameter")


def disk(values: dict[str, Any]) -> dict[str, Any]:
    """Return a disk's parameters with its size in MiB."""
    return _converted(values, _DISK, "disk parameter")


def same(values: dict[str, Any]) -> dict[str, Any]:
    """Return a network interface's parameters, which are all text."""
    return values


_HIGHEST: Final = 99
"""Of the numbers of devices; the master says how many there may be."""


def by_index(items: list[Ident], what: str) -> list[dict[str, Any]]:
    """Return the devices of a new instance in the order of their numbers; gaps are empty ones."""
    found: dict[int, dict[str, Any]] = {}
    for ident, values in items:
        number = natural(ident)
        if number is None or number > _HIGHEST:
            raise errors.OpPrereqError(
                f"{what} {ident!r} is not a number from 0 to {_HIGHEST}.", errors.INVAL
            )
        if number in found:
            raise errors.OpPrereqError(f"{what} {ident} is given twice.", errors.INVAL)
        found[number] = values
    return [found.get(index, {}) for index in range(max(found, default=-1) + 1)]


_ACTIONS: Final = ("add", "attach", "remove", "detach")


def modifications(items: list[Ident], read: Any) -> list[list[Any]]:
    """Return the changes of devices that ``--disk`` or ``--net`` of modify asks for.

    ``add:...`` and ``remove`` act on the last; ``N:add,...``, ``N:remove`` and ``N:key=value`` on
    the device with that number, name or uuid. *read* converts the values.
    """
    return [
        _modification(ident, dict(values or {}), values is False, read) for ident, values in items
    ]


def _modification(ident: str, values: dict[str, Any], removed: bool, read: Any) -> list[Any]:
    if ident in _ACTIONS:
        return [ident, -1, read(values)]
    which = _which(ident)
    asked = [action for action in _ACTIONS if values.pop(action, None)]
    if removed:
        asked.append("remove")
    if len(asked) > 1:
        raise errors.OpPrereqError(
            f"Device {ident}: {' and '.join(asked)} exclude each other.", errors.INVAL
        )
    action = asked[0] if asked else "modify"
    if action in {"remove", "detach"} and values:
        raise errors.OpPrereqError(
            f"Device {ident}: {action} takes no parameters, not {', '.join(values)}.", errors.INVAL
        )
    return [action, which, read(values)]


def _which(ident: str) -> str | int:
    """Return the number of a device, which may be negative, else its name or uuid."""
    number = natural(ident.removeprefix("-"))
    if number is None:
        return ident
    return -number if ident.startswith("-") else number


def table(items: list[Ident]) -> dict[str, Any]:
    """Return the items of a repeated option as one mapping by name."""
    return dict(items)


def nested(items: list[Ident]) -> dict[str, dict[str, Any]]:
    """Return the items ``TYPE/NAME`` of a repeated option as mappings by name, by type."""
    found: dict[str, dict[str, Any]] = {}
    for ident, values in items:
        kind, slash, name = ident.partition("/")
        if not slash or not name:
            raise errors.OpPrereqError(
                f"{ident!r} does not tell which storage is meant; give TYPE/NAME:key=value,...",
                errors.INVAL,
            )
        found.setdefault(kind, {})[name] = values
    return found


_SPECS: Final = {
    "memory-size": parse_size,
    "disk-size": parse_size,
    "cpu-count": whole,
    "disk-count": whole,
    "nic-count": whole,
    "spindle-use": whole,
}


def specs(values: dict[str, Any]) -> dict[str, Any]:
    """Return an instance's sizes in a policy as numbers."""
    return _converted(values, _SPECS, "policy value")

"""What a parameter may hold, and the conversion of given values to it.

Kinds: ``bool`` takes true/false/yes/no/1/0 in words too; ``size`` is MiB and takes a text with a
unit; ``maybe-string`` may be null. The value ``default`` stands for "as inherited".
"""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

import attrs

from ganetix import errors

Kind = Literal["string", "maybe-string", "bool", "size", "int", "float"]
DEFAULT: Final = "default"
NONE: Final = "none"
MOST: Final = 2**31 - 1
"""The largest whole number, and size in MiB, of a parameter without a limit of its own."""

_TRUE: Final = frozenset({"true", "yes", "on", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "0"})
_SIZE = re.compile(r"^([0-9]+(?:\.[0-9]+)?)\s*([a-zA-Z]*)$")
_UNITS: Final = {
    name: factor
    for factor, names in (
        (1, ("", "m", "mb", "mib")),
        (1024, ("g", "gb", "gib")),
        (1024 * 1024, ("t", "tb", "tib")),
    )
    for name in names
}


@attrs.frozen
class Param:
    """One parameter: kind, default and limits.

    *required* may not be empty; *absolute* is an absolute path when it is not empty;
    *cluster_only* can't be set below the cluster (for node parameters: below the group).
    """

    kind: Kind
    default: Any
    required: bool = False
    choices: tuple[Any, ...] = ()
    low: int | None = None
    high: int | None = None
    absolute: bool = False
    cluster_only: bool = False


Schema = Mapping[str, Param]


def flag(default: bool, *, cluster_only: bool = False) -> Param:
    """Return a parameter that is true or false."""
    return Param("bool", default, cluster_only=cluster_only)


def text(default: str, *, required: bool = False, cluster_only: bool = False) -> Param:
    """Return a parameter with any text."""
    return Param("string", default, required=required, cluster_only=cluster_only)


def path(default: str, *, required: bool = False) -> Param:
    """Return a parameter with the absolute path of something on the node."""
    return Param("string", default, required=required, absolute=True)


def one_of(
    default: str, choices: tuple[str, ...], *, required: bool = False, cluster_only: bool = False
) -> Param:
    """Return a parameter with one of *choices*."""
    return Param("string", default, required, choices, cluster_only=cluster_only)


def integer(
    default: int,
    *,
    low: int | None = None,
    high: int | None = None,
    required: bool = False,
    cluster_only: bool = False,
) -> Param:
    """Return a parameter with a whole number from *low* to *high*."""
    return Param("int", default, required, (), low, high, cluster_only=cluster_only)


def defaults(schema: Schema) -> dict[str, Any]:
    """Return the default of each parameter."""
    return {name: param.default for name, param in schema.items()}


def parse_size(given: str) -> int:
    """Return the size in MiB that *given* names, such as ``512``, ``10g`` or ``1.5T``.

    It is rounded up to a multiple of 4 MiB. Raise `errors.UnitParseError`.
    """
    found = _SIZE.match(given.strip())
    factor = _UNITS.get(found[2].lower()) if found else None
    if found is None or factor is None:
        raise errors.UnitParseError(
            f"'{given}' is not a size; give a number with unit m, g or t, such as 512m or 10g."
        )
    return -int(-float(found[1]) * factor // 4) * 4


def enforced(schema: Schema, given: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Return *given* with every value converted to its parameter's kind; `DEFAULT` is kept.

    *what* names the group of parameters in messages ("backend parameter"). Raise
    `errors.TypeEnforcementError` for unknown names and values that do not fit.
    """
    return {name: _enforced(schema, name, value, what) for name, value in given.items()}


def _enforced(schema: Schema, name: str, value: Any, what: str) -> Any:
    param = schema.get(name)
    if param is None:
        known = ", ".join(sorted(schema)) or "none"
        raise errors.TypeEnforcementError(f"There is no {what} '{name}'; known ones: {known}.")
    if value == DEFAULT or (value is None and DEFAULT in param.choices):
        return value
    converted = _CONVERT[param.kind](value)
    if converted is _REFUSED:
        raise errors.TypeEnforcementError(
            f"{what.capitalize()} '{name}' is {value!r}, which is not {_KINDS[param.kind]}."
        )
    _check_limits(param, name, converted, what)
    return converted


def _check_limits(param: Param, name: str, value: Any, what: str) -> None:
    about = f"{what.capitalize()} '{name}' is {value!r}"
    if value in ("", None):
        if param.required:
            raise errors.TypeEnforcementError(f"{about}; it can't be empty.")
        return
    if param.choices and value not in param.choices:
        known = ", ".join(str(choice) for choice in param.choices)
        raise errors.TypeEnforcementError(f"{about}; it may be one of {known}.")
    _check_range(param, value, about)
    if param.absolute and not str(value).startswith("/"):
        raise errors.TypeEnforcementError(f"{about}; it must be an absolute path.")


def _check_range(param: Param, value: Any, about: str) -> None:
    if param.kind not in ("int", "size"):
        return
    low = -MOST if param.low is None else param.low
    high = MOST if param.high is None else param.high
    if not low <= value <= high:
        raise errors.TypeEnforcementError(f"{about}; it must be from {low} to {high}.")


_REFUSED: Final = object()
_KINDS: Final[dict[Kind, str]] = {
    "string": "a text",
    "maybe-string": "a text or none",
    "bool": "true or false",
    "size": "a size, such as 512m or 10g",
    "int": "a whole number",
    "float": "a number",
}


def _string(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return "" if value in (None, False) else _REFUSED
    return str(value)


def _maybe_string(value: Any) -> Any:
    return None if value is None or value == NONE else _string(value)


def _bool(value: Any) -> Any:
    if isinstance(value, str):
        lowered = value.strip().lower()
        return True if lowered in _TRUE else False if lowered in _FALSE else _REFUSED
    return bool(value) if isinstance(value, bool | int) else _REFUSED


def _int(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return _REFUSED
    try:
        return int(value)
    except ValueError:
        return _REFUSED


def _float(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return _REFUSED
    try:
        return float(value)
    except ValueError:
        return _REFUSED


def _size(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return parse_size(value)
        except errors.UnitParseError:
            return _REFUSED
    return _int(value)


_CONVERT: Final = {
    "string": _string,
    "maybe-string": _maybe_string,
    "bool": _bool,
    "size": _size,
    "int": _int,
    "float": _float,
}

"""The filter language in its JSON form: checked once, then applied to rows.

Source: the query language reference. A leaf over a value that is not there is true.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ganetix import errors
from ganetix.query.results import Absent

Row = Any
Get = Callable[[Row], Any]
"""Reads a field of a row: a value, or `Absent`."""
Test = Callable[[Row], bool]
Getter = Callable[[str], Get]
"""Returns how a field is read; raises ParameterError for one that there is not."""

_ORDER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_EQUAL: Final = frozenset(("==", "="))


def parsed(raw: Any) -> list[Any] | None:
    """Return *raw* if it has the form of a filter; raise `errors.ParseError` if not."""
    if raw is None:
        return None
    if not isinstance(raw, list) or not raw or not isinstance(raw[0], str):
        raise errors.ParseError("A filter is null or a list that begins with an operator.")
    operator, arguments = raw[0], raw[1:]
    if operator in ("&", "|"):
        return [operator, *(parsed(part) for part in arguments)]
    if operator == "!" and len(arguments) == 1:
        return [operator, parsed(arguments[0])]
    if operator == "?" and len(arguments) == 1 and isinstance(arguments[0], str):
        return raw
    return _parsed_leaf(operator, arguments)


def _parsed_leaf(operator: str, arguments: list[Any]) -> list[Any]:
    if operator not in {*_EQUAL, *_ORDER, "!=", "=~", "=[]"}:
        raise errors.ParseError(f"A filter has no operator {operator!r}.")
    if len(arguments) != 2 or not isinstance(arguments[0], str):
        raise errors.ParseError(f"Filter operator {operator!r} takes a field and a value.")
    if isinstance(arguments[1], bool) or not isinstance(arguments[1], str | int):
        raise errors.ParseError(f"A filter's value is a text or a whole number: {arguments[1]!r}.")
    return ["==" if operator == "=" else operator, *arguments]


def names_of(qfilter: list[Any] | None, field: str) -> list[Any] | None:
    """Return the names asked for when *qfilter* is a name request; None when it is not one."""
    if qfilter is None:
        return None
    if qfilter[0] == "==" and qfilter[1] == field:
        return [qfilter[2]]
    if qfilter[0] == "|" and qfilter[1:]:
        parts = [names_of(part, field) for part in qfilter[1:]]
        if all(part is not None for part in parts):
            return [name for part in parts for name in part or ()]
    return None


def fields_in(qfilter: Any) -> set[str]:
    """Return the fields that *qfilter* reads."""
    if qfilter is None:
        return set()
    if qfilter[0] in ("&", "|", "!"):
        return set().union(*(fields_in(part) for part in qfilter[1:]))
    return {qfilter[1]}


def compiled(qfilter: Any, getter: Getter, hostnames: frozenset[str]) -> Test:
    """Return the test of *qfilter*; fields in *hostnames* match by leading components too."""
    if qfilter is None:
        return lambda row: True
    operator = qfilter[0]
    if operator == "&":
        parts = [compiled(part, getter, hostnames) for part in qfilter[1:]]
        return lambda row: all(part(row) for part in parts)
    if operator == "|":
        parts = [compiled(part, getter, hostnames) for part in qfilter[1:]]
        return lambda row: any(part(row) for part in parts)
    if operator == "!":
        return _negated(qfilter[1], getter, hostnames)
    get = getter(qfilter[1])
    if operator == "?":
        return _leaf(get, lambda value: _truth(value, qfilter[1]))
    return _comparison(operator, qfilter[1], qfilter[2], get, hostnames)


def _negated(inner: Any, getter: Getter, hostnames: frozenset[str]) -> Test:
    test = compiled(inner, getter, hostnames)
    return lambda row: not test(row)


def _comparison(operator: str, field: str, value: Any, get: Get, hostnames: frozenset[str]) -> Test:
    if operator == "==":
        return _leaf(get, lambda found: _equal(found, value, field, field in hostnames))
    if operator == "!=":
        test = _leaf(get, lambda found: _equal(found, value, field, field in hostnames))
        return lambda row: not test(row)
    if operator == "=~":
        return _leaf(get, _regex(value, field))
    if operator == "=[]":
        return _leaf(get, lambda found: _contains(found, value, field))
    order = _ORDER[operator]
    return _leaf(get, lambda found: order(_comparable(found, value, field), value))


def _leaf(get: Get, test: Callable[[Any], bool]) -> Test:
    def leaf(row: Row) -> bool:
        value = get(row)
        return isinstance(value, Absent) or test(value)

    return leaf


def _truth(value: Any, field: str) -> bool:
    if not isinstance(value, bool):
        raise errors.ParameterError(f"Field '{field}' is not a boolean; compare it.")
    return value


def _comparable(found: Any, value: Any, field: str) -> Any:
    """Return *found* if it can be compared with *value*; numbers with numbers, text with text."""
    if isinstance(found, str) and isinstance(value, str):
        return found
    if isinstance(found, int | float) and isinstance(value, int) and not isinstance(found, bool):
        return found
    raise errors.ParameterError(f"Field '{field}' can't be compared with {value!r}.")


def _equal(found: Any, value: Any, field: str, hostname: bool) -> bool:
    same: bool = _comparable(found, value, field) == value
    return same or (hostname and str(found).startswith(f"{value}."))


def _regex(pattern: Any, field: str) -> Callable[[Any], bool]:
    try:
        compiled_pattern = re.compile(str(pattern))
    except re.error as error:
        raise errors.ParameterError(f"'{pattern}' is not a regular expression: {error}.") from error

    def test(found: Any) -> bool:
        if not isinstance(found, str):
            raise errors.ParameterError(f"Field '{field}' is not a text: it can't match a pattern.")
        return compiled_pattern.search(found) is not None

    return test


def _contains(found: Any, value: Any, field: str) -> bool:
    if not isinstance(found, Sequence) or isinstance(found, str):
        raise errors.ParameterError(f"Field '{field}' is not a list: it contains nothing.")
    return value in found

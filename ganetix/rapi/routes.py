"""From a path and a method to what answers."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import attrs

from ganetix.rapi.faults import HttpFault, not_found
from ganetix.rapi.ours import ALL
from ganetix.rapi.table import Method, Resource

_DIGITS: Final = frozenset({"job_id", "disk"})
_PART: Final = re.compile(r"\{(\w+)\}")


def _pattern(path: str) -> re.Pattern[str]:
    def part(match: re.Match[str]) -> str:
        return rf"(?P<{match[1]}>{r'[0-9]+' if match[1] in _DIGITS else r'[A-Za-z0-9_.-]+'})"

    return re.compile(_PART.sub(part, re.sub(r"[.-](?![^{]*\})", r"\\\g<0>", path)))


_PLAIN: Final = {row.path: row for row in ALL if "{" not in row.path}
_VARYING: Final = tuple((_pattern(row.path), row) for row in ALL if "{" in row.path)


@attrs.frozen
class Found:
    """The resource and method of a request, with the names in its path."""

    resource: Resource
    method: Method
    names: Mapping[str, str]


def route(path: str, verb: str) -> Found:
    """Return what answers *verb* on *path*; raise `HttpFault`."""
    resource, names = _resource(path)
    method = resource.methods.get(verb)
    if method is None:
        raise HttpFault(
            HTTPStatus.NOT_IMPLEMENTED,
            f"{path} has no {verb}; it has {', '.join(sorted(resource.methods))}.",
        )
    return Found(resource, method, names)


def _resource(path: str) -> tuple[Resource, Mapping[str, str]]:
    if plain := _PLAIN.get(path):
        return plain, {}
    for pattern, resource in _VARYING:
        if match := pattern.fullmatch(path):
            return resource, match.groupdict()
    raise not_found(f"There is no resource {path}.")

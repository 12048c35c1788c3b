"""Every resource: path, method, who may, and the function that answers."""

import re
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

import attrs

from ganetix.rapi import changes, reads
from ganetix.rapi.auth import WRITE
from ganetix.rapi.faults import HttpFault, not_found
from ganetix.rapi.request import Request

Answer = Callable[[Request], Awaitable[Any]]


@attrs.frozen
class Method:
    """What a method of a resource does; one of *options* is needed, none if it is empty."""

    answer: Answer
    options: frozenset[str] = frozenset()


@attrs.frozen
class Resource:
    """A path with its methods; *name* is how the reason trail calls it."""

    path: str
    name: str
    methods: Mapping[str, Method]

    def match(self, path: str) -> dict[str, str] | None:
        """Return the names in *path*, None if it is not this resource's."""
        found = _pattern(self.path).fullmatch(path)
        return found.groupdict() if found else None


def _pattern(path: str) -> re.Pattern[str]:
    digits = {"job_id", "disk"}

    def name(match: re.Match[str]) -> str:
        characters = r"\d+" if match[1] in digits else r"[\w._-]+"
        return f"(?P<{match[1]}>{characters})"

    return re.compile(re.sub(r"\{(\w+)\}", name, path))


def _reading(answer: Answer) -> Method:
    return Method(answer)


def _writing(answer: Answer) -> Method:
    return Method(answer, frozenset({WRITE}))


RESOURCES: Final = (
    Resource("/", "root", {"GET": _reading(reads.nothing)}),
    Resource("/2", "2", {"GET": _reading(reads.nothing)}),
    Resource("/version", "version", {"GET": _reading(reads.version)}),
    Resource("/2/features", "features", {"GET": _reading(reads.features)}),
    Resource("/2/info", "info", {"GET": _reading(reads.info)}),
    Resource(
        "/2/instances",
        "instances",
        {"GET": _reading(reads.instances), "POST": _writing(changes.create_instance)},
    ),
    Resource(
        "/2/instances/{instance_name}",
        "instances_name",
        {"GET": _reading(reads.instance), "DELETE": _writing(changes.remove_instance)},
    ),
    Resource("/2/nodes", "nodes", {"GET": _reading(reads.nodes)}),
    Resource("/2/nodes/{node_name}", "nodes_name", {"GET": _reading(reads.node)}),
    Resource("/2/jobs", "jobs", {"GET": _reading(reads.jobs)}),
    Resource(
        "/2/jobs/{job_id}",
        "jobs_id",
        {"GET": _reading(reads.job), "DELETE": _writing(changes.cancel_job)},
    ),
    Resource("/2/jobs/{job_id}/wait", "jobs_id_wait", {"GET": _writing(reads.wait)}),
)


@attrs.frozen
class Found:
    """The resource and method of a request, with the names in its path."""

    resource: Resource
    method: Method
    names: Mapping[str, str]


def route(path: str, verb: str) -> Found:
    """Return what answers *verb* on *path*; raise `HttpFault`."""
    # A slash at the end means the same, but for the root itself.
    wanted = path.rstrip("/") or "/"
    for resource in RESOURCES:
        names = resource.match(wanted)
        if names is None:
            continue
        method = resource.methods.get(verb)
        if method is None:
            raise HttpFault(HTTPStatus.NOT_IMPLEMENTED, f"{verb} is not offered on {path}.")
        return Found(resource, method, names)
    raise not_found(f"There is no resource {path}.")

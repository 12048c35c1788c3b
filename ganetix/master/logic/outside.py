"""What some units need of the world beyond cluster and nodes."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Protocol

import attrs

from ganetix.master.allocation.programs import AllocatorPrograms, NoPrograms
from ganetix.query.view import View


class Facts(Protocol):
    """What the running master knows, for queries."""

    async def view(self, what: str, asked: Any) -> View:
        """Return the view that a query on *what* needs; *asked* are its fields and its filter."""

    def information(self) -> dict[str, Any]:
        """Return the cluster's parameters as ``gnt-cluster info`` reads them."""

    async def values(self, names: Collection[str]) -> dict[str, Any]:
        """Return single values by name, None for a name that there is not.

        There are ``cluster_name``, ``master_node``, ``drain_flag``, ``watcher_pause`` (seconds
        since the epoch, None when it is not paused) and the cluster's ssh settings.
        """


@attrs.frozen
class Outside:
    """Given once, when the table of units is made."""

    resolve: Callable[[str], Awaitable[tuple[str, str]]]
    """A name to (full name, address); raises `errors.ResolverError`."""

    answers: Callable[[str], Awaitable[bool]]
    """Whether something answers at an address."""

    read_file: Callable[[str], Awaitable[bytes | None]]
    """The content of one of the master's own files, None when it is not there."""

    checkpoint: Callable[[], Awaitable[None]]
    """Write the configuration file now."""

    hail: Callable[[dict[str, Any], Mapping[str, Any]], dict[str, Any]]
    """The built-in instance allocator: request and options to response."""

    facts: Callable[[], Facts]
    """What the master knows at the moment of the call."""

    programs: AllocatorPrograms = attrs.field(factory=NoPrograms)
    """Instance allocators beside the built-in one."""

"""What some units need of the world beyond cluster and nodes."""

from collections.abc import Awaitable, Callable
from typing import Any

import attrs


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

    hail: Callable[[dict[str, Any]], dict[str, Any]]
    """The instance allocator: request to response."""

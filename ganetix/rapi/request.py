"""A request as the resources see it, and what they may call."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import attrs

from ganetix.luxi.aclient import Luxi
from ganetix.rapi.faults import bad_request


@attrs.frozen
class Own:
    """What the daemon answers beside the master daemon.

    *events* answers a stream of what came after an id (None: of what comes), *metrics* its figures
    as text. *answered* is told of each request: method, status, seconds.
    """

    events: Callable[[str | None], Awaitable[Any]]
    metrics: Callable[[], Awaitable[bytes]]
    answered: Callable[[str, int, float], object] = lambda *_: None


@attrs.frozen
class Request:
    """One request: *names* from the path, *query* arguments with all their values, the *body*.

    *resource* is how the reason trail calls the resource, *now_ns* wall time in nanoseconds.
    *header* gives a header's value, or None.
    """

    luxi: Luxi
    names: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    body: Any
    resource: str
    now_ns: int
    own: Own
    header: Callable[[str], str | None] = lambda name: None

    def text(self, name: str) -> str | None:
        """Return the query argument *name*."""
        values = self.query.get(name)
        return values[-1] if values else None

    def flag(self, name: str) -> bool:
        """Return whether the query argument *name* is a number other than 0."""
        given = self.text(name)
        try:
            return bool(int(given or "0"))
        except ValueError:
            raise bad_request(f"The argument '{name}' is '{given}'; it must be 0 or 1.") from None

    def struct(self) -> dict[str, Any]:
        """Return the body, which must be an object."""
        if not isinstance(self.body, dict):
            raise bad_request("The body must be a JSON object.")
        return dict(self.body)

    def params(self) -> dict[str, Any]:
        """Return the body, which may be missing: it then has nothing."""
        return {} if self.body is None else self.struct()

    def reason(self) -> list[list[Any]]:
        """Return the reason trail of what this request starts."""
        given = self.text("reason")
        trail: list[list[Any]] = [["gnt:user", given, self.now_ns]] if given else []
        return [*trail, [f"gnt:library:rlib2:{self.resource}", "", self.now_ns]]

"""What a node call is, and what the master sees of the nodes."""

from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, Final, Generic, Literal, TypeVar

import attrs
import msgspec
from zope.interface import Interface

from ganetix.errors import GanetiError

Request = TypeVar("Request", bound=msgspec.Struct)
Response = TypeVar("Response", bound=msgspec.Struct)

TimeoutClass = Literal["urgent", "fast", "normal", "slow", "4hrs", "1day"]

# Seconds; source: the reference's rpc_timeouts_s table.
TIMEOUTS: Final[Mapping[TimeoutClass, float]] = {
    "urgent": 60.0,
    "fast": 300.0,
    "normal": 900.0,
    "slow": 3600.0,
    "4hrs": 14400.0,
    "1day": 86400.0,
}

Role = Literal["master", "candidate", "node"]


@attrs.frozen
class Call(Generic[Request, Response]):
    """One row of the table of calls.

    *timeout* is the class of its deadline. *roles* may make the call. An *idempotent* call may be
    repeated when its outcome is unknown; any other only if the node says that it never began.
    """

    name: str
    request: type[Request]
    response: type[Response]
    timeout: TimeoutClass = "normal"
    idempotent: bool = False
    roles: frozenset[Role] = frozenset({"master"})


class Nothing(msgspec.Struct, frozen=True):
    """An empty request or answer."""


class Done(msgspec.Struct, frozen=True):
    """The call did what it says; *note* is for the job's log, may be empty."""

    note: str = ""


class Truth(msgspec.Struct, frozen=True):
    """Yes or no."""

    value: bool


class INodes(Interface):
    """The nodes of the cluster as the master's logic calls them, by node uuid."""

    def call(
        node: str, call: Call[Any, Any], request: Any, timeout: float | None = None
    ) -> Awaitable[Any]:
        """Make *call* on *node* and fire with its response.

        *timeout* in seconds overrides the call's class. Raise the error that the node answered
        (`GanetiError`), or `errors.RemoteError` when the node can't be reached, is marked offline,
        or the outcome is unknown.
        """

    def call_each(
        nodes: Iterable[str], call: Call[Any, Any], request: Any
    ) -> Awaitable[Mapping[str, Any | GanetiError]]:
        """Make *call* on all *nodes* in parallel; a failed one has its error as value."""

    def connected(node: str) -> bool:
        """Whether *node* has an open session and was heard from in the last 6 seconds."""

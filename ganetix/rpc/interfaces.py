"""What node calls need from their surroundings, and what they offer to them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import attrs
import msgspec
from twisted.internet.interfaces import IStreamClientEndpoint, ITransport
from zope.interface import Interface

from ganetix.rpc.call import Role
from ganetix.rpc.events import Event
from ganetix.rpc.tables.sessions import MasterInfo
from ganetix.tls.identity import Identity


@attrs.frozen
class CallContext:
    """What a handler may know of the request that it answers.

    *deadline* is monotonic seconds of the node's clock; after it nobody waits for the answer.
    """

    request_id: str
    job_id: int | None
    deadline: float
    role: Role
    peer: Identity


Handler = Callable[[Any, CallContext], Awaitable[msgspec.Struct]]
"""``async handler(request, context) -> response``.

It may raise `GanetiError`, which the caller gets as it is; anything else is a defect, is logged
here and reaches the caller as one sentence. It is cancelled when the caller gives up.
"""

Handlers = Mapping[str, Handler]
"""Call name to handler: what a node can do, in plain sight."""

IdentityOf = Callable[[ITransport], Identity]
"""Who is on the other end of a transport; raises `GanetiError` if that can't be told."""


class IMastership(Interface):
    """The highest mastership epoch that a node has obeyed, on stable storage."""

    def get() -> MasterInfo:
        """The highest epoch obeyed (0: none yet) and the name of its master."""

    def raise_to(epoch: int, master_node: str) -> Awaitable[None]:
        """Fire when *epoch* and *master_node* are on stable storage."""


@attrs.frozen
class NodeAddress:
    """Where a node's daemon answers."""

    uuid: str
    name: str
    ip: str
    port: int
    offline: bool = False


Connect = Callable[[NodeAddress], IStreamClientEndpoint]
"""Returns the endpoint that reaches a node, TLS included."""


@attrs.frozen
class Claim:
    """The mastership that a pool commands under: its epoch, and the name of the master node."""

    epoch: int
    master_node: str


class IEventSink(Interface):
    """Who gets the events that nodes push to the master. Calls must return quickly."""

    def whole(node: str, events: Sequence[Event]) -> None:
        """*events* are everything that *node* (uuid) has to tell; forget what was known before."""

    def event(node: str, event: Event) -> None:
        """One thing changed on *node*."""

    def lost(node: str) -> None:
        """*node* is not heard any more: what was pushed before is no data now."""

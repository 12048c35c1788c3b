"""What every method is given, and how arguments are checked."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import attrs
import msgspec

from ganetix.luxi.messages import MalformedRequest
from ganetix.master.events import EventLog
from ganetix.master.facts import MasterFacts
from ganetix.master.livestate import LiveState
from ganetix.master.service import Master
from ganetix.toolkit.clock import Clock

T = TypeVar("T")


async def _no_metrics() -> bytes:
    return b""


@attrs.frozen
class Door:
    """The parts of the master that methods use.

    *stalls* returns the stall meter's figures: ``stalls`` (a count), ``longest_cpu`` and
    ``longest`` (seconds of one turn of the reactor).
    """

    master: Master
    live: LiveState
    clock: Clock
    stalls: Callable[[], dict[str, Any]] = dict
    metrics: Callable[[], Awaitable[bytes]] = _no_metrics
    events: EventLog = attrs.field(factory=lambda: EventLog("0"))

    @property
    def facts(self) -> MasterFacts:
        """What queries are answered from."""
        return MasterFacts(self.master, self.live)


def arguments(method: str, args: list[Any], types: type[T]) -> T:
    """Return *args* as the tuple type *types*; raise `MalformedRequest` if they do not fit."""
    try:
        return msgspec.convert(args, types)
    except msgspec.ValidationError as error:
        raise MalformedRequest(f"The arguments of {method} do not fit: {error}.") from error

"""What every method is given, and how arguments are checked."""

from typing import Any, TypeVar

import attrs
import msgspec

from ganetix.luxi.messages import MalformedRequest
from ganetix.master.livestate import LiveState
from ganetix.master.service import Master
from ganetix.toolkit.clock import Clock

T = TypeVar("T")


@attrs.frozen
class Door:
    """The parts of the master that methods use."""

    master: Master
    live: LiveState
    clock: Clock


def arguments(method: str, args: list[Any], types: type[T]) -> T:
    """Return *args* as the tuple type *types*; raise `MalformedRequest` if they do not fit."""
    try:
        return msgspec.convert(args, types)
    except msgspec.ValidationError as error:
        raise MalformedRequest(f"The arguments of {method} do not fit: {error}.") from error

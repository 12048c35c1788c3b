"""The job and request that this code works for, carried along awaits and into log events."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Final

import attrs


@attrs.frozen
class LogContext:
    """What log events say beside their own fields; empty values are left out."""

    job: int | None = None
    opcode: str = ""
    request: str = ""
    call: str = ""
    node: str = ""

    def fields(self) -> dict[str, object]:
        """The fields that are set."""
        if self is _NOTHING:
            return {}
        return attrs.asdict(self, filter=lambda _, value: value not in (None, ""))


_NOTHING: Final = LogContext()
_current: Final[ContextVar[LogContext]] = ContextVar("ganetix_log_context", default=_NOTHING)


def current() -> LogContext:
    """Return the context of the running coroutine."""
    return _current.get()


@contextmanager
def working_for(**fields: Any) -> Iterator[LogContext]:
    """Set *fields* of the context for the block and everything that it starts."""
    token = _current.set(attrs.evolve(_current.get(), **fields))
    try:
        yield _current.get()
    finally:
        # A coroutine that is thrown away is closed in a context where there is nothing to reset.
        with suppress(ValueError):
            _current.reset(token)

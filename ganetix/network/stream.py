"""What one stream of bytes between two machines is, and who makes streams."""

from collections.abc import Callable, Sequence
from typing import Protocol

import attrs
from cryptography import x509
from twisted.internet.defer import Deferred

from ganetix.process.command import Command
from ganetix.tls.credentials import Credentials


@attrs.frozen
class Trust:
    """One end's own key, and the certificate of the other end."""

    own: Credentials = attrs.field(repr=False)
    other: x509.Certificate
    magic: str = attrs.field(repr=False)


@attrs.define(eq=False)
class Stream:
    """One stream at one end: *size* bytes so far, on the wire."""

    port: int = 0
    size: int = 0
    connected: bool = False
    finished: bool = False
    error: str = ""
    _abort: Callable[[str], None] = attrs.field(default=lambda why: None)
    _waiters: list[Deferred[None]] = attrs.field(factory=list, init=False)

    def abort(self, why: str) -> None:
        """End it because of *why*; nothing when it has ended."""
        if not self.finished:
            self._abort(why)

    def aborting(self, abort: Callable[[str], None]) -> None:
        """Let *abort* be what ends it."""
        self._abort = abort

    def finish(self, error: str = "") -> None:
        """It has ended, well or with *error*."""
        if not self.finished:
            self.finished, self.error = True, error
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                waiter.callback(None)

    def ended(self) -> Deferred[None]:
        """Fire when it has ended, however."""
        waiter: Deferred[None] = Deferred(self._forget)
        if self.finished:
            waiter.callback(None)
        else:
            self._waiters.append(waiter)
        return waiter

    def _forget(self, waiter: Deferred[None]) -> None:
        if waiter in self._waiters:
            self._waiters.remove(waiter)


class StreamMaker(Protocol):
    """Who makes streams."""

    async def receive(self, commands: Sequence[Command], trust: Trust, wait: float) -> Stream:
        """Listen on a free port (`Stream.port`) for one sender, and feed *commands* with it.

        It must come within *wait* seconds.
        """

    def send(self, commands: Sequence[Command], trust: Trust, host: str, port: int) -> Stream:
        """Run *commands* and send what the last one writes to *host*."""

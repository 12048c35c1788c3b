"""Streams of bytes between machines: the output of programs here is the input of programs there.

TLS 1.3 both ways; each end trusts exactly one certificate, the other end's.
"""

from collections.abc import Sequence
from typing import Any, Final

import attrs
from twisted.internet.defer import CancelledError
from twisted.internet.endpoints import HostnameEndpoint, TCP4ServerEndpoint, TCP6ServerEndpoint
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IListeningPort

from ganetix.network.stream import Stream, Trust
from ganetix.network.stream_ends import OneConnection, Receiver, Receiving, Sender
from ganetix.process.command import Command
from ganetix.process.pipeline import Pipeline
from ganetix.tls.contexts import bulk_client, bulk_server, explain
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.tasks import Tasks

TRIES: Final = 10
PAUSE: Final = 2.0
"""Seconds between two tries to connect."""


@attrs.define(eq=False)
class Streams:
    """The real ones. *address* is where this machine listens; empty: on all addresses."""

    reactor: Any
    clock: Clock
    address: str
    name: str = "streams"
    _open: set[Stream] = attrs.field(factory=set, init=False)
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)

    async def start(self) -> None:
        """Nothing is open before it is asked for."""

    async def stop(self) -> None:
        """End all streams."""
        for stream in tuple(self._open):
            stream.abort("the node's daemon stops")
            await stream.ended()
        await self._tasks.stop()

    async def receive(self, commands: Sequence[Command], trust: Trust, wait: float) -> Stream:
        """See `StreamMaker`; raise `errors.CommandError` when a program is missing."""
        stream = Stream()
        receiving = Receiving(stream, Pipeline(self.reactor, self.clock, commands), trust.magic)
        endpoint = (TCP6ServerEndpoint if ":" in self.address else TCP4ServerEndpoint)(
            self.reactor, 0, interface=self.address
        )
        factory = OneConnection(lambda: Receiver(receiving))
        server = bulk_server(trust.own, trust.other, endpoint, self.reactor)
        port: IListeningPort = await server.listen(factory)
        where: Any = port.getHost()
        stream.port = where.port
        receiving.listening(port, self.clock, wait)
        self._own(stream)
        return stream

    def send(self, commands: Sequence[Command], trust: Trust, host: str, port: int) -> Stream:
        """See `StreamMaker`."""
        stream = Stream()
        self._own(stream)
        self._tasks.spawn(f"sending to {host}", self._send(stream, commands, trust, host, port))
        return stream

    def _own(self, stream: Stream) -> None:
        self._open.add(stream)
        self._tasks.spawn("a stream's end", self._disown(stream))

    async def _disown(self, stream: Stream) -> None:
        await stream.ended()
        self._open.discard(stream)

    async def _send(
        self, stream: Stream, commands: Sequence[Command], trust: Trust, host: str, port: int
    ) -> None:
        plain = HostnameEndpoint(self.reactor, host, port)
        endpoint = bulk_client(trust.own, trust.other, plain, self.reactor)

        def made() -> Sender:
            return Sender(stream, self.reactor, self.clock, commands, trust.magic)

        why = ""
        for _ in range(TRIES):
            if stream.finished:
                return
            try:
                await endpoint.connect(OneConnection(made))
            except CancelledError:
                raise
            except (ConnectError, OSError) as error:
                why = explain(error)
                await self.clock.sleep(PAUSE)
            else:
                return
        stream.finish(f"{host}, port {port} can't be reached: {why}")

"""Streams without sockets and programs: whoever sends to a port that is listened on has arrived."""

from collections.abc import Sequence

import attrs

from ganetix.network.stream import Stream, Trust
from ganetix.process.command import Command


@attrs.define(eq=False)
class FakeStreams:
    """Ends both streams well when both are there; *sent* has what was to run at both ends."""

    size: int = 0
    """Bytes that every stream has."""
    fails: str = ""
    """Why every stream breaks off, if it does."""
    listening: dict[int, tuple[Stream, Trust]] = attrs.field(factory=dict, init=False)
    sent: list[tuple[Command, ...]] = attrs.field(factory=list, init=False)
    _port: int = attrs.field(default=20000, init=False)

    async def receive(self, commands: Sequence[Command], trust: Trust, wait: float) -> Stream:
        """See `StreamMaker`."""
        self._port += 1
        stream = Stream(port=self._port)
        stream.aborting(stream.finish)
        self.listening[self._port] = (stream, trust)
        self.sent.append(tuple(commands))
        return stream

    def send(self, commands: Sequence[Command], trust: Trust, host: str, port: int) -> Stream:
        """See `StreamMaker`."""
        self.sent.append(tuple(commands))
        stream = Stream()
        there = self.listening.pop(port, None)
        if there is None or there[1].magic != trust.magic:
            stream.finish(f"{host}, port {port} can't be reached")
            return stream
        for end in (there[0], stream):
            end.connected, end.size = True, self.size
            end.finish(self.fails)
        return stream

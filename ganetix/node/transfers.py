"""Contents of disks on their way: programs here, a stream, programs on another machine."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import attrs

from ganetix import errors
from ganetix.guestos.environment import full
from ganetix.guestos.search import Definitions
from ganetix.ids import Randomness
from ganetix.network.stream import Stream, StreamMaker, Trust
from ganetix.node.blockdev import Disks
from ganetix.node.export import Exports
from ganetix.node.os_target import device_of, target_of
from ganetix.process.command import Command
from ganetix.rpc.call import Done
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.spec import InstanceSpec
from ganetix.rpc.tables.transfer import (
    KeyMade,
    KeyWanted,
    Peer,
    Place,
    ReceiveStart,
    SendStart,
    Started,
    TransferName,
    TransferQuery,
    TransferState,
)
from ganetix.tls.credentials import Credentials, certificate_from_pem, certificate_to_pem
from ganetix.tls.passing import VALIDITY, passing_credentials
from ganetix.toolkit.clock import Clock

DD: Final = "/usr/bin/dd"
_BLOCK: Final = ("bs=1048576", "status=none")
_COMPRESSORS: Final[Mapping[str, tuple[str, ...]]] = {
    "gzip": ("/usr/bin/gzip", "-6"),
    "gzip-fast": ("/usr/bin/gzip", "-1"),
    "gzip-slow": ("/usr/bin/gzip", "-9"),
}
"""The tools that every cluster has; any other is a program of that name in /usr/bin."""


def compressor(tool: str, *, back: bool) -> list[Command]:
    """Return the program that compresses with *tool*, or undoes it; none for ``none``.

    Raise `errors.OpPrereqError` for what is no name of a program.
    """
    if tool == "none":
        return []
    if "/" in tool or not tool:
        raise errors.OpPrereqError(f"'{tool}' is no compression tool.", errors.INVAL)
    program, *options = _COMPRESSORS.get(tool, (f"/usr/bin/{tool}",))
    return [Command((program, *(("-d",) if back else options), "-c"))]


@attrs.define(eq=False)
class Transfers:
    """The transfer calls. Keys are in memory only: none is left behind by a daemon that ends."""

    clock: Clock
    randomness: Randomness
    streams: StreamMaker
    disks: Disks
    definitions: Definitions
    exports: Exports
    address: str
    _keys: dict[str, tuple[float, Credentials]] = attrs.field(factory=dict, init=False)
    _streams: dict[str, Stream] = attrs.field(factory=dict, init=False)

    async def make_key(self, request: KeyWanted, context: CallContext) -> KeyMade:
        """``x509_cert_create``."""
        now = self.clock.wall()
        self._keys = {name: row for name, row in self._keys.items() if row[0] > now}
        made = passing_credentials(request.owner, now, self.randomness)
        name = f"x509-{self.randomness.secret(8)}"
        self._keys[name] = (now + VALIDITY.total_seconds(), made)
        return KeyMade(name, certificate_to_pem(made.certificate).decode())

    async def remove_key(self, request: TransferName, context: CallContext) -> Done:
        """``x509_cert_remove``."""
        self._keys.pop(request.name, None)
        return Done()

    async def receive(self, request: ReceiveStart, context: CallContext) -> Started:
        """``import_start``."""
        undo = compressor(request.peer.compress, back=True)
        commands = [*undo, await self._sink(request.place)]
        stream = await self.streams.receive(commands, self._trust(request.peer), request.wait)
        return Started(self._named(stream), self.address, stream.port)

    async def send(self, request: SendStart, context: CallContext) -> Started:
        """``export_start``."""
        commands = [
            await self._source(request.place), *compressor(request.peer.compress, back=False)
        ]  # fmt: skip
        trust = self._trust(request.peer)
        return Started(self._named(self.streams.send(commands, trust, request.host, request.port)))

    async def status(self, request: TransferQuery, context: CallContext) -> TransferState:
        """``impexp_status``."""
        stream = self._stream(request.name)
        if request.seconds and not stream.finished:
            # Not ended in time is an answer, too: the state as it is then.
            with suppress(TimeoutError):
                await self.clock.within(request.seconds, stream.ended())
        return TransferState(stream.connected, stream.finished, stream.size, stream.error)

    async def abort(self, request: TransferName, context: CallContext) -> Done:
        """``impexp_abort``: fires when it has ended; nothing if it is not known."""
        stream = self._streams.get(request.name)
        if stream is not None:
            stream.abort("it was given up")
            await stream.ended()
        return Done()

    async def clean_up(self, request: TransferName, context: CallContext) -> Done:
        """``impexp_cleanup``: forget a transfer, ending it if it still goes on."""
        await self.abort(request, context)
        self._streams.pop(request.name, None)
        return Done()

    def _stream(self, name: str) -> Stream:
        found = self._streams.get(name)
        if found is None:
            raise errors.OpExecError(
                f"Node {self.disks.paths.hostname} knows no transfer {name}: its daemon was "
                "started anew meanwhile."
            )
        return found

    def _named(self, stream: Stream) -> str:
        name = f"transfer-{self.randomness.secret(8)}"
        self._streams[name] = stream
        return name

    def _trust(self, peer: Peer) -> Trust:
        found = self._keys.get(peer.key)
        if found is None:
            raise errors.OpExecError(
                f"Node {self.disks.paths.hostname} has no key {peer.key}: it is older than a day, "
                "or the node's daemon was started anew meanwhile."
            )
        other = certificate_from_pem(peer.other.encode(), "the other end's certificate")
        return Trust(found[1], other, peer.magic)

    async def _sink(self, place: Place) -> Command:
        if place.kind == "file":
            await self.exports.begin(place.export)
            path = self.exports.dump(place.export, place.file, new=True)
            return Command((DD, *_BLOCK, f"of={path}", "conv=fsync"))
        if place.kind == "script":
            return await self._script(place, "import")
        path = await self._path(place)
        return Command((DD, *_BLOCK, f"of={path}", "conv=notrunc,fsync,nocreat"))

    async def _source(self, place: Place) -> Command:
        if place.kind == "file":
            path = self.exports.dump(place.export, place.file, new=False)
            return Command((DD, *_BLOCK, f"if={path}"))
        if place.kind == "script":
            return await self._script(place, "export")
        return Command((DD, *_BLOCK, f"if={await self._path(place)}"))

    async def _script(self, place: Place, script: str) -> Command:
        spec = _spec(place)
        definition = await self.definitions.named(spec.instance.os)
        target = await target_of(spec, self.disks)
        env = full(definition, target, spec.osparams, 0)
        prefix, path = script.upper(), target.disk_paths[place.index]
        env |= {
            f"{prefix}_DEVICE": path,
            f"{prefix}_DISK_PATH": path,
            f"{prefix}_INDEX": str(place.index),
        }
        return Command((f"{definition.path}/{script}",), env=env, cwd=definition.path)

    async def _path(self, place: Place) -> str:
        return await device_of(_spec(place), place.index, self.disks)


def _spec(place: Place) -> InstanceSpec:
    if place.spec is None or not 0 <= place.index < len(place.spec.disks):
        raise errors.ProgrammerError("A transfer was asked for without a disk.")
    return place.spec

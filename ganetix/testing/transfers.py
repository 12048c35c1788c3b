"""The transfer calls of nodes without programs: what went where, and where it broke off."""

from collections.abc import Mapping
from typing import Any

import attrs

from ganetix.rpc.call import Done
from ganetix.rpc.tables import export, transfer
from ganetix.rpc.tables.transfer import KeyMade, Started, TransferState
from ganetix.testing.nodes import FakeHandler


@attrs.define(eq=False)
class TransferWorld:
    """Answers the calls of exports and transfers on all nodes."""

    breaks: str = ""
    """Why every transfer breaks off, if it does."""
    arrived: int = 5 * 1024 * 1024
    """Bytes that arrive of the 5 MiB that are sent."""
    received: list[tuple[str, transfer.Place, str]] = attrs.field(factory=list, init=False)
    """Node, place and compression of each listener."""
    sent: list[tuple[str, transfer.SendStart]] = attrs.field(factory=list, init=False)
    exports: dict[tuple[str, str], str] = attrs.field(factory=dict, init=False)
    """config.ini by node and name."""
    open: set[str] = attrs.field(factory=set, init=False)
    """Keys and transfers that nobody has cleaned up."""

    def handlers(self) -> Mapping[str, FakeHandler]:
        """Return the handlers by call."""
        return {
            transfer.X509_CREATE.name: self._key,
            transfer.X509_REMOVE.name: self._forget,
            transfer.IMPORT_START.name: self._receive,
            transfer.EXPORT_START.name: self._send,
            transfer.IMPEXP_STATUS.name: self._status,
            transfer.IMPEXP_CLEANUP.name: self._forget,
            transfer.EXPORT_FINALIZE.name: self._finalize,
            export.EXPORT_REMOVE.name: self._remove,
            export.EXPORT_INFO.name: self._info,
            export.EXPORT_LIST.name: self._list,
        }

    def _named(self, what: str) -> str:
        name = f"{what}-{len(self.sent) + len(self.received)}-{len(self.open)}"
        self.open.add(name)
        return name

    async def _key(self, node: str, request: Any) -> KeyMade:
        return KeyMade(self._named("key"), f"certificate of {node}")

    async def _forget(self, node: str, request: Any) -> Done:
        self.open.discard(request.name)
        return Done()

    async def _receive(self, node: str, request: transfer.ReceiveStart) -> Started:
        self.received.append((node, request.place, request.peer.compress))
        return Started(self._named("receiver"), "", 20000 + len(self.received))

    async def _send(self, node: str, request: transfer.SendStart) -> Started:
        self.sent.append((node, request))
        return Started(self._named("sender"))

    async def _status(self, node: str, request: transfer.TransferQuery) -> TransferState:
        size = 5 * 1024 * 1024 if request.name.startswith("sender") else self.arrived
        return TransferState(True, True, size, self.breaks)

    async def _finalize(self, node: str, request: transfer.ExportWritten) -> Done:
        self.exports[node, request.name] = request.config
        return Done()

    async def _remove(self, node: str, request: export.ExportName) -> export.ExportRemoved:
        return export.ExportRemoved(self.exports.pop((node, request.name), None) is not None)

    async def _info(self, node: str, request: export.ExportName) -> export.ExportConfig:
        return export.ExportConfig(self.exports[node, request.name])

    async def _list(self, node: str, request: Any) -> export.ExportList:
        return export.ExportList(sorted(name for where, name in self.exports if where == node))

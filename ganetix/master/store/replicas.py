"""The candidates' copies of the journal: each is in sync, or behind and catching up.

A commit is pushed to every candidate that is in sync and waits for "written and synced" from each,
at most `timeout` seconds; one that misses it is behind. One that is behind is sent a snapshot in
pages and the batches since, and is in sync again when nothing is left to send.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import attrs
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from ganetix import errors
from ganetix.rpc.call import INodes
from ganetix.rpc.tables.journal import JOURNAL_APPEND, JOURNAL_SNAPSHOT, JournalAppend, SnapshotPage
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.tasks import Tasks

PAGE: Final = 64 * 1024
SHORTEN: Final = 4 * 1024 * 1024
"""Bytes of journal, or of its last snapshot if that was longer, after which a candidate in sync
gets a snapshot in their place."""
RETRY: Final = 2.0
"""Seconds between tries to catch up a candidate."""


async def _nothing() -> tuple[int, int, bytes]:
    return 0, 0, b""


@attrs.define
class _CatchUp:
    """What a candidate that is catching up still has to be sent: (after, records, last)."""

    backlog: list[tuple[int, bytes, int]] = attrs.field(factory=list)


@attrs.define(eq=False)
class Replicas:
    """The other master candidates, by node uuid.

    *timeout* returns how many seconds a commit waits. *snapshot* gives (epoch, serial, encoded
    base record) of the state as it was when it was called. *changed* is told when a candidate has
    come in sync, so that it is journalled.
    """

    clock: Clock
    nodes: INodes
    timeout: Callable[[], float]
    in_sync: set[str] = attrs.field(factory=set)
    behind: set[str] = attrs.field(factory=set)
    log: Logger = attrs.field(factory=Logger)
    snapshot: Callable[[], Awaitable[tuple[int, int, bytes]]] = attrs.field(default=_nothing)
    changed: Callable[[], None] = attrs.field(default=lambda: None)
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)
    _catching: dict[str, _CatchUp] = attrs.field(factory=dict, init=False)
    _sent: dict[str, int] = attrs.field(factory=dict, init=False)
    """Bytes sent to each candidate since its snapshot."""
    _whole: dict[str, int] = attrs.field(factory=dict, init=False)
    """Bytes of each candidate's last snapshot."""
    _shortening: set[str] = attrs.field(factory=set, init=False)
    _wake: dict[str, Deferred[None]] = attrs.field(factory=dict, init=False)

    def update(self, candidates: Iterable[str]) -> None:
        """Make *candidates* (uuids without this node) the set; new ones start behind."""
        wanted = set(candidates)
        self.in_sync &= wanted
        self.behind &= wanted
        self.behind |= wanted - self.in_sync
        for uuid in sorted(self.behind):
            self._start(uuid)

    async def stop(self) -> None:
        """Stop catching up."""
        await self._tasks.stop()

    def node_connected(self, uuid: str) -> None:
        """Tell that *uuid* has a session again: if it is behind it is tried at once."""
        if (waiting := self._wake.pop(uuid, None)) is not None and not waiting.called:
            waiting.callback(None)

    def push(self, epoch: int, after: int, records: bytes, last: int) -> Deferred[dict[str, str]]:
        """Send a batch to all that are in sync; fires with those that missed it, and why."""
        for catching in self._catching.values():
            catching.backlog.append((after, records, last))
        request = JournalAppend(epoch=epoch, after=after, records=records, last=last)
        for uuid in self.in_sync:
            self._count(uuid, len(records))
        return Deferred.fromCoroutine(self._push_all(sorted(self.in_sync), request))

    def _count(self, uuid: str, size: int) -> None:
        """Note what *uuid* is sent; a long journal there is replaced by a snapshot."""
        self._sent[uuid] = self._sent.get(uuid, 0) + size
        if self._sent[uuid] > max(SHORTEN, self._whole.get(uuid, 0)):
            if uuid in self._shortening:
                return
            self._sent[uuid] = 0
            self._shortening.add(uuid)
            self._tasks.spawn(f"shortening the journal of {uuid}", self._shorten(uuid))

    async def _shorten(self, uuid: str) -> None:
        """Send a snapshot to a candidate in sync: it keeps the records that follow it."""
        try:
            await self._send_snapshot(uuid)
        except errors.GanetiError as error:
            self.log.info("{node} keeps its long journal: {why}", node=uuid, why=error.message)
        finally:
            self._shortening.discard(uuid)

    async def _push_all(self, nodes: list[str], request: JournalAppend) -> dict[str, str]:
        sends = [(uuid, Deferred.fromCoroutine(self._send(uuid, request))) for uuid in nodes]
        missed: dict[str, str] = {}
        for uuid, sent in sends:
            why = await sent
            if why and uuid in self.in_sync:
                missed[uuid] = why
                self.in_sync.discard(uuid)
                self.behind.add(uuid)
                self._start(uuid)
        return missed

    async def _send(self, uuid: str, request: JournalAppend) -> str:
        """Return why *uuid* missed the batch, or nothing."""
        wait = self.timeout()
        try:
            await self.nodes.call(uuid, JOURNAL_APPEND, request, wait)
        except CancelledError:
            raise
        except errors.GanetiError as error:
            return error.message
        return ""

    def _start(self, uuid: str) -> None:
        if uuid not in self._catching:
            self._catching[uuid] = _CatchUp()
            self._tasks.spawn(f"catching up candidate {uuid}", self._catch_up(uuid))

    async def _catch_up(self, uuid: str) -> None:
        try:
            while uuid in self.behind:
                if await self._try(uuid):
                    return
                self._wake[uuid] = Deferred(lambda _: None)
                timer = self.clock.call_later(RETRY, self.node_connected, uuid)
                await self._wake[uuid]
                if timer.active():
                    timer.cancel()
        finally:
            self._catching.pop(uuid, None)

    async def _try(self, uuid: str) -> bool:
        """Send snapshot and backlog once; whether *uuid* is in sync now."""
        if not self.nodes.connected(uuid):
            return False
        self._catching[uuid].backlog.clear()
        try:
            epoch = await self._send_snapshot(uuid)
            await self._send_backlog(uuid, epoch)
        except errors.GanetiError as error:
            self.log.info("{node} did not catch up: {why}", node=uuid, why=error.message)
            return False
        if uuid not in self.behind:
            return True
        self.behind.discard(uuid)
        self.in_sync.add(uuid)
        self.log.info("Master candidate {node} is in sync", node=uuid)
        self.changed()
        return True

    async def _send_snapshot(self, uuid: str) -> int:
        epoch, serial, data = await self.snapshot()
        self._whole[uuid] = len(data)
        for offset in range(0, len(data), PAGE):
            page = SnapshotPage(
                epoch=epoch,
                serial=serial,
                offset=offset,
                data=data[offset : offset + PAGE],
                total=len(data),
            )
            await self.nodes.call(uuid, JOURNAL_SNAPSHOT, page)
        return epoch

    async def _send_backlog(self, uuid: str, epoch: int) -> None:
        """Send batches until none is left; the caller marks the node in sync at that moment."""
        backlog = self._catching[uuid].backlog
        while backlog:
            after, records, last = backlog.pop(0)
            request = JournalAppend(epoch=epoch, after=after, records=records, last=last)
            await self.nodes.call(uuid, JOURNAL_APPEND, request)

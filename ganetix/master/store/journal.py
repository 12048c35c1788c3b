"""The journal's writer: batches of records, one write, one sync and one push each.

Entries are appended at once and become durable in order. What need not be waited for is appended
with ``urgent=False`` and goes with the next urgent batch, or after `LAZY` seconds.
"""

from collections.abc import Callable
from typing import Final

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from ganetix import errors
from ganetix.master.store import entries
from ganetix.master.store.entries import Entry
from ganetix.master.store.file import JournalFile
from ganetix.master.store.replicas import Replicas
from ganetix.model.journal import Record, encode
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.interfaces import IWorker
from ganetix.toolkit.tasks import Tasks

LAZY: Final = 0.05
"""Seconds after which records that nobody waits for are written."""
BATCH: Final = 200
"""Entries in one batch at most: everybody who waited for it is told in one turn of the reactor."""
RETRY: Final = 1.0
"""Seconds between tries when the disk refuses."""


@attrs.define(eq=False)
class Journal:
    """The one writer of the journal file, and of the candidates' copies.

    *epoch* is the mastership's; *serial* that of the last record written.
    """

    clock: Clock
    worker: IWorker
    file: JournalFile
    replicas: Replicas
    epoch: int
    serial: int
    acknowledged: int = attrs.field(default=0, init=False)
    """Serial of the last record that somebody was told to be durable."""
    log: Logger = attrs.field(factory=Logger)
    written: Callable[[], None] = attrs.field(default=lambda: None)
    """Called after each durable batch, for the projections."""
    wrote: Callable[[int, int, float], object] = attrs.field(default=lambda *_: None)
    """Told of each batch: records, bytes, seconds that it took to write and sync here."""
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)
    _pending: list[Entry] = attrs.field(factory=list, init=False)
    _appended: int = attrs.field(default=0, init=False)
    _durable: int = attrs.field(default=0, init=False)
    _urgent: int = attrs.field(default=0, init=False)
    """Ticket up to which entries are written now; later ones may wait for company."""
    _waiters: list[tuple[int, Deferred[None]]] = attrs.field(factory=list, init=False)
    _flushing: bool = attrs.field(default=False, init=False)
    _timer: IDelayedCall | None = attrs.field(default=None, init=False)

    def append(self, entry: Entry, *, urgent: bool = True) -> int:
        """Queue *entry*; return the ticket with which `durable` waits for it."""
        self._pending.append(entry)
        self._appended += 1
        if urgent:
            self._wake()
        elif self._timer is None and not self._flushing:
            self._timer = self.clock.call_later(LAZY, self._wake)
        return self._appended

    def durable(self, ticket: int | None = None) -> Deferred[None]:
        """Fire when the entry with *ticket* is synced here and on every in-sync candidate.

        Default: all entries so far.
        """
        wanted = self._appended if ticket is None else ticket
        done: Deferred[None] = Deferred(lambda _: None)
        if wanted <= self._durable:
            done.callback(None)
            return done
        self._waiters.append((wanted, done))
        self._wake(wanted)
        return done

    async def stop(self) -> None:
        """Write what is pending and stop."""
        while self._pending:
            await self.durable()
        await self._tasks.drained()
        self._cancel_timer()

    def abandon(self) -> None:
        """Stop at once, as a crash would: what is pending is lost."""
        self._cancel_timer()

    def _cancel_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _wake(self, ticket: int | None = None) -> None:
        """Write everything up to the entry with *ticket* now; default: all entries so far."""
        self._urgent = max(self._urgent, self._appended if ticket is None else ticket)
        self._cancel_timer()
        if not self._flushing:
            self._flushing = True
            self._tasks.spawn("journal writer", self._flush())

    async def _flush(self) -> None:
        """Write batches until nothing is pending that anybody waits for."""
        try:
            while self._pending and self._durable < self._urgent:
                batch, self._pending = self._pending[:BATCH], self._pending[BATCH:]
                ticket = self._appended - len(self._pending)
                await self._write(batch)
                self._acknowledge(ticket)
        except errors.NotMasterError as error:
            self.log.warn("{why}", why=error.message)
        finally:
            self._flushing = False
        if self._pending:
            self._timer = self.clock.call_later(LAZY, self._wake)

    async def _write(self, batch: list[Entry]) -> None:
        """Make *batch* durable; candidates that miss it are journalled as behind first."""
        missed = await self._write_and_push(batch)
        while missed:
            for uuid, why in missed.items():
                self.log.warn(
                    "Master candidate {node} is behind from serial {serial} on: {why}",
                    node=uuid,
                    serial=self.serial,
                    why=why,
                )
            entry = Entry(now=self.clock.wall(), behind=tuple(sorted(self.replicas.behind)))
            missed = await self._write_and_push([entry])

    async def _write_and_push(self, batch: list[Entry]) -> dict[str, str]:
        after = self.serial
        rows = []
        for entry in batch:
            self.serial += 1
            rows.append(encode(Record(self.epoch, self.serial, entries.encode(entry))))
        data = b"".join(rows)
        push = self.replicas.push(self.epoch, after, data, self.serial)
        begun = self.clock.monotonic()
        await self._write_here(data, self.serial)
        self.wrote(len(rows), len(data), self.clock.monotonic() - begun)
        return await push

    async def _write_here(self, data: bytes, last: int) -> None:
        """Write and sync; a disk that refuses is tried again: nothing is acknowledged meanwhile."""
        while True:
            try:
                await self.worker.run(self.file.write, data, last)
            except OSError as error:
                self.log.warn(
                    "{path} can't be written ({why}). Nothing is acknowledged until it can; "
                    "make room on the disk.",
                    path=self.file.path,
                    why=str(error),
                )
                await self.clock.sleep(RETRY)
            else:
                return

    def _acknowledge(self, ticket: int) -> None:
        self._durable = ticket
        self.acknowledged = self.serial
        self.written()
        ready = [done for wanted, done in self._waiters if wanted <= ticket]
        self._waiters = [row for row in self._waiters if row[0] > ticket]
        for done in ready:
            if not done.called:
                done.callback(None)

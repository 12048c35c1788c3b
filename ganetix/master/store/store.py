"""The store: one durable state of configuration and jobs, changed by journalled entries."""

from collections.abc import Awaitable, Callable, Iterable

import attrs
from twisted.internet.defer import Deferred

from ganetix.master.jobs.records import Job, LogEntry
from ganetix.master.store import entries, recovery
from ganetix.master.store.checkpoint import Checkpoint
from ganetix.master.store.entries import Entry
from ganetix.master.store.file import JournalFile
from ganetix.master.store.journal import Journal
from ganetix.master.store.projection import JobFiles
from ganetix.master.store.replicas import Replicas
from ganetix.model import changes
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.codec import data_of, encode_config
from ganetix.model.journal import Record, encode
from ganetix.paths import Paths
from ganetix.rpc.call import INodes
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.interfaces import IFileSystem, IWorker


@attrs.define(eq=False)
class Store:
    """The newest state in memory, and the journal that makes it durable. Made by `open_store`."""

    clock: Clock
    fs: IFileSystem
    paths: Paths
    journal: Journal
    files: JobFiles
    checkpoint: Checkpoint
    cluster: Cluster
    jobs: dict[int, Job]
    last_job: int
    drained: bool
    _whole: set[int] = attrs.field(factory=set, init=False)
    """Jobs that the journal has whole: of others it needs more than a line of their log."""
    observers: tuple[Callable[[Cluster, Cluster, Change], None], ...] = ()
    """Told of each new configuration: before, after, the change."""

    async def commit(self, change: Change, jobs: tuple[Job, ...] = ()) -> Cluster:
        """Apply *change* durably and return the configuration after it.

        New states of *jobs* that belong to it become durable by the same record.
        Raise `errors.ConfigurationError` when an invariant would break; nothing changes then.
        """
        now, before = self.clock.wall(), self.cluster
        stamped = changes.stamped(before, change, now)
        after = changes.apply(before, stamped, now)
        self.cluster = after
        for job in jobs:
            self._note(job)
        roles = bool(stamped.nodes or stamped.drop_nodes or stamped.cluster)
        entry = Entry(
            now=now,
            change=stamped,
            config_serial=after.serial_no,
            jobs=jobs,
            behind=self._behind_after() if roles else None,
        )
        ticket = self.journal.append(entry)
        self.checkpoint.touch()
        if roles:
            self.update_candidates()
        await self.journal.durable(ticket)
        for observer in self.observers:
            observer(before, after, stamped)
        return after

    def put_jobs(self, jobs: Iterable[Job]) -> Deferred[None]:
        """Record new states of *jobs*; fires when they are durable."""
        return self.journal.durable(self._put_jobs(jobs, urgent=True))

    def note_jobs(self, jobs: Iterable[Job]) -> None:
        """Record new states of *jobs* that nobody waits for: they go with what is urgent."""
        self._put_jobs(jobs, urgent=False)

    def _put_jobs(self, jobs: Iterable[Job], *, urgent: bool) -> int:
        rows = tuple(jobs)
        for job in rows:
            self._note(job)
        self.last_job = max(self.last_job, max((job.id for job in rows), default=0))
        entry = Entry(now=self.clock.wall(), jobs=rows, last_job=self.last_job)
        return self.journal.append(entry, urgent=urgent)

    def _note(self, job: Job) -> None:
        self._whole.add(job.id)
        self.jobs[job.id] = job
        self.files.put(job)

    def put_log(self, job: Job, index: int, entry: LogEntry) -> Job:
        """Record one more log entry of opcode *index* of *job*; returns the job with it."""
        fresh = entries.with_log(job, index, entry)
        if job.id not in self._whole:
            self.note_jobs((fresh,))
            return fresh
        self.jobs[job.id] = fresh
        self.files.put(fresh)
        self.journal.append(Entry(logs=((job.id, index, entry),)), urgent=False)
        return fresh

    async def archive(self, job_ids: Iterable[int]) -> None:
        """Move final jobs to the archive."""
        gone = tuple(job_ids)
        for job_id in gone:
            del self.jobs[job_id]
        self.files.archive(gone)
        await self.journal.durable(self.journal.append(Entry(archived=gone)))

    async def set_drained(self, drained: bool) -> None:
        """Set or clear the drain flag."""
        self.drained = drained
        self.files.drain(drained)
        await self.journal.durable(self.journal.append(Entry(drained=drained)))

    def update_candidates(self) -> None:
        """Let the replicas follow the configuration's master candidates."""
        self.journal.replicas.update(self._others())

    def _others(self) -> set[str]:
        master = self.cluster.cluster.master_node
        return {node.uuid for node in self.cluster.candidates()} - {master}

    def _behind_after(self) -> tuple[str, ...]:
        """Return the candidates that are behind with the newest configuration: new ones are."""
        return tuple(sorted(self._others() - self.journal.replicas.in_sync))

    def head(self) -> Entry:
        """What a fresh journal begins with."""
        return Entry(
            now=self.clock.wall(),
            behind=tuple(sorted(self.journal.replicas.behind)),
            last_job=self.last_job,
            drained=self.drained,
        )

    def begin_journal(self) -> Entry:
        """Return the head of a journal that is to take the present one's place."""
        self._whole.clear()
        return self.head()

    def snapshot(self) -> Awaitable[tuple[int, int, bytes]]:
        """Return (epoch, serial, record) of the whole state as it is now, for a candidate.

        It is put into bytes off the reactor.
        """
        state = (self.head(), self.cluster, tuple(self.jobs.values()))
        return self.checkpoint.worker.run(
            _snapshot, self.journal.epoch, self.journal.serial, *state
        )

    def replica_in_sync(self) -> None:
        """Journal that a candidate has caught up."""
        behind = tuple(sorted(self.journal.replicas.behind))
        self.journal.append(Entry(now=self.clock.wall(), behind=behind))

    def batch_written(self) -> None:
        """Let the projections follow a durable batch."""
        self.files.written()
        self.checkpoint.written()

    async def stop(self) -> None:
        """Write everything, fold the journal, and release the files."""
        await self.journal.stop()
        await self.files.flush()
        await self.checkpoint.stop()
        await self.journal.replicas.stop()
        await self.journal.worker.run(self.journal.file.close)

    def abandon(self) -> None:
        """Stop at once, as a crash would; only what is synced stays."""
        self.journal.abandon()
        self.files.abandon()
        self.checkpoint.abandon()


def _snapshot(
    epoch: int, serial: int, head: Entry, cluster: Cluster, jobs: tuple[Job, ...]
) -> tuple[int, int, bytes]:
    entry = entries.encode_whole(head, data_of(cluster), jobs)
    return epoch, serial, encode(Record(epoch, serial, entry))


@attrs.frozen
class StoreParts:
    """What a store is made of."""

    clock: Clock
    fs: IFileSystem
    paths: Paths
    nodes: INodes
    worker: IWorker
    checkpoint_worker: IWorker


def open_store(parts: StoreParts, epoch: int) -> Store:
    """Recover what is on disk and open it for writing under mastership *epoch*. Blocks.

    Raise `errors.ConfigurationError` when a file is damaged, and when the disk holds a newer epoch.
    """
    found = recovery.recover(parts.fs, parts.paths)
    cluster = found.replay.cluster()
    if not found.serial:
        found = _begin(parts, found, cluster, epoch)
    file = JournalFile(parts.fs, parts.paths, max(epoch, found.epoch))
    file.open(found.end, found.serial)
    replicas = Replicas(parts.clock, parts.nodes, lambda: cluster.cluster.candidate_timeout)
    replicas.behind = set(found.replay.behind)
    journal = Journal(
        parts.clock, parts.worker, file, replicas, max(epoch, found.epoch), found.serial
    )
    files = JobFiles(parts.clock, parts.checkpoint_worker, parts.fs, parts.paths)
    store: Store
    checkpoint = Checkpoint(
        parts.clock,
        parts.checkpoint_worker,
        parts.fs,
        parts.paths,
        journal,
        lambda: store.cluster,
        lambda: store.begin_journal(),
        files.settle,
    )
    store = Store(
        clock=parts.clock,
        fs=parts.fs,
        paths=parts.paths,
        journal=journal,
        files=files,
        checkpoint=checkpoint,
        cluster=cluster,
        jobs=found.replay.jobs,
        last_job=found.replay.last_job,
        drained=found.replay.drained,
    )
    _connect(store, found)
    parts.fs.replace(recovery.good_copy(parts.paths), encode_config(cluster), 0o640, False)
    return store


def _begin(
    parts: StoreParts, found: recovery.Found, cluster: Cluster, epoch: int
) -> recovery.Found:
    """Make the first journal, as after a take-over from Ganeti; nobody has a copy of it yet.

    It is there whole or not at all, so one that is empty later was emptied.
    """
    master = cluster.cluster.master_node
    found.replay.behind = tuple(sorted({node.uuid for node in cluster.candidates()} - {master}))
    head = Entry(
        now=parts.clock.wall(),
        behind=found.replay.behind,
        last_job=found.replay.last_job,
        drained=found.replay.drained,
    )
    record = encode(Record(max(epoch, found.epoch), 1, entries.encode(head)))
    parts.fs.replace(parts.paths.journal_file, record, 0o600, True)
    return attrs.evolve(found, epoch=max(epoch, found.epoch), serial=1, end=len(record))


def _connect(store: Store, found: recovery.Found) -> None:
    """Wire the callbacks, note what must be projected again, and name the candidates."""
    replicas = store.journal.replicas
    replicas.snapshot = store.snapshot
    replicas.changed = store.replica_in_sync
    replicas.timeout = lambda: store.cluster.cluster.candidate_timeout
    store.journal.written = store.batch_written
    for job_id in sorted(found.replay.touched & set(store.jobs)):
        store.files.put(store.jobs[job_id])
    for job_id, job in sorted(found.replay.archived.items()):
        store.files.put(job)
        store.files.archive((job_id,))
    master = store.cluster.cluster.master_node
    rows = {node.uuid for node in store.cluster.candidates()} - {master}
    replicas.in_sync = rows - replicas.behind
    replicas.update(rows)
    if found.replay.changed:
        store.checkpoint.touch()

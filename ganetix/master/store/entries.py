"""What the journal's records say: changes of the configuration, of jobs, of candidates."""

from typing import Any

import msgspec

from ganetix.master.jobs.records import Job, LogEntry
from ganetix.model.changes import Change
from ganetix.model.codec import ConfigData


class Base(msgspec.Struct, frozen=True):
    """A whole state: what a candidate's journal begins with."""

    config: ConfigData
    jobs: tuple[Job, ...]


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step of the cluster's state. *now* is wall time in seconds."""

    now: float = 0.0
    change: Change | None = None
    config_serial: int = 0
    """The configuration's serial number after *change*."""
    jobs: tuple[Job, ...] = ()
    logs: tuple[tuple[int, int, LogEntry], ...] = ()
    """(job id, opcode index, entry)."""
    archived: tuple[int, ...] = ()
    last_job: int = 0
    behind: tuple[str, ...] | None = None
    """Uuids of the candidates that are behind, when that has changed."""
    drained: bool | None = None
    base: Base | None = None


_DECODER = msgspec.json.Decoder(Entry)


def encode(entry: Entry) -> bytes:
    """Return *entry* as a record's payload."""
    return msgspec.json.encode(entry)


def encode_whole(head: Entry, config: ConfigData, jobs: tuple[Job, ...]) -> bytes:
    """Return the record's payload of *head* with the whole state.

    Job by job: meant for a thread, which would hold the reactor up for as long as one encoding of
    many thousand jobs takes.
    """
    rows = b",".join(msgspec.json.encode(job) for job in jobs)
    raw: Any = msgspec.Raw(b"[" + rows + b"]")
    return encode(msgspec.structs.replace(head, base=Base(config, raw)))


def decode(payload: bytes) -> Entry:
    """Return the entry in *payload*; raise msgspec.DecodeError when it is none."""
    return _DECODER.decode(payload)


def with_log(job: Job, index: int, entry: LogEntry) -> Job:
    """Return *job* with *entry* at the end of opcode *index*'s log."""
    op = job.ops[index]
    if op.log and op.log[-1][0] >= entry[0]:
        return job
    ops: tuple[Any, ...] = (
        *job.ops[:index],
        msgspec.structs.replace(op, log=(*op.log, entry)),
        *job.ops[index + 1 :],
    )
    return msgspec.structs.replace(job, ops=ops)

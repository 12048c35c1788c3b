"""What a master finds on its disk: checkpoint, job files and journal, made into one state."""

import attrs
import msgspec

from ganetix import errors
from ganetix.master.jobs.records import Job
from ganetix.master.store import entries
from ganetix.master.store.state import Replay
from ganetix.model import journal
from ganetix.model.codec import ConfigData, decode_data
from ganetix.paths import Paths
from ganetix.toolkit.interfaces import IFileSystem


@attrs.frozen
class Found:
    """The state on disk, and where the journal stands."""

    replay: Replay
    epoch: int
    serial: int
    end: int
    """Where the good part of the journal ends, in bytes."""


def recover(fs: IFileSystem, paths: Paths) -> Found:
    """Read everything and replay the journal; changes nothing on disk. Blocks.

    Raise `errors.ConfigurationError` naming file, offset and remedy when something is damaged.
    """
    scan = _journal(fs, paths)
    played = [_entry(paths, record) for record in scan.records]
    base = played[0].base if played else None
    config = base.config if base is not None else _config(fs, paths)
    jobs, damaged = ({}, {}) if base is not None else _jobs(fs, paths)
    replay = Replay(config, jobs, remedy=_contradicts(fs, paths))
    replay.last_job = max(_last_job(fs, paths), max(replay.jobs, default=0))
    replay.drained = fs.exists(paths.drain_file)
    for entry in played:
        replay.play(entry)
    for job_id, error in damaged.items():
        # After a power cut a job file may be torn; the journal has the job then.
        if job_id not in replay.touched:
            raise error
    last = scan.records[-1] if scan.records else journal.Record(0, 0, b"")
    return Found(replay, last.epoch, last.serial, scan.end)


def _journal(fs: IFileSystem, paths: Paths) -> journal.Scan:
    if not fs.exists(paths.journal_file):
        return journal.Scan((), 0, torn=False)
    scan = journal.scan(fs.read(paths.journal_file), paths.journal_file)
    if not scan.records:
        raise errors.ConfigurationError(
            f"{paths.journal_file} has no whole record at offset 0: it was emptied, and what "
            "changed since the last checkpoint is lost here. Start from another master candidate, "
            "or move the file away to go on from the last checkpoint alone."
        )
    return scan


def _entry(paths: Paths, record: journal.Record) -> entries.Entry:
    try:
        return entries.decode(record.payload)
    except msgspec.DecodeError as error:
        raise errors.ConfigurationError(
            f"{paths.journal_file}: the record with serial {record.serial} is not this cluster's "
            f"({error}). Start from another master candidate, or move the file away to go on from "
            "the last checkpoint alone."
        ) from error


def good_copy(paths: Paths) -> str:
    """Where the configuration of the last successful start is kept."""
    return f"{paths.config_file}.good"


def _config(fs: IFileSystem, paths: Paths) -> ConfigData:
    path = paths.config_file
    try:
        return decode_data(fs.read(path), path)
    except FileNotFoundError as error:
        raise errors.NotInClusterError(
            f"{path} does not exist: this machine is not the master of a cluster. "
            f"'gnt-cluster init' makes one.{_kept(fs, paths)}"
        ) from error
    except errors.ConfigurationError as error:
        raise errors.ConfigurationError(error.message + _kept(fs, paths)) from error


def _kept(fs: IFileSystem, paths: Paths) -> str:
    """Return the sentence that names the last good copy, if there is one."""
    kept = good_copy(paths)
    return f" The copy of the last good start is {kept}." if fs.exists(kept) else ""


def _contradicts(fs: IFileSystem, paths: Paths) -> str:
    """Return what to say of a configuration that contradicts itself."""
    return (
        f" {paths.config_file} contradicts itself; restore it from a master candidate's copy or a "
        f"backup.{_kept(fs, paths)}"
    )


def _last_job(fs: IFileSystem, paths: Paths) -> int:
    try:
        return int(fs.read(paths.serial_file))
    except (FileNotFoundError, ValueError):
        return 0


def _jobs(
    fs: IFileSystem, paths: Paths
) -> tuple[dict[int, Job], dict[int, errors.JobFileCorrupted]]:
    """Return the jobs in the queue directory, and for those that can't be read the error."""
    jobs: dict[int, Job] = {}
    damaged: dict[int, errors.JobFileCorrupted] = {}
    for name in fs.entries(paths.queue_dir):
        if name.startswith("job-") and name[4:].isdecimal():
            job_id = int(name[4:])
            try:
                jobs[job_id] = msgspec.json.decode(fs.read(f"{paths.queue_dir}/{name}"), type=Job)
            except msgspec.DecodeError as error:
                damaged[job_id] = errors.JobFileCorrupted(
                    f"Job file {paths.queue_dir}/{name} can't be read: {error}. Move it out of "
                    "the queue directory to start without this job."
                )
    return jobs, damaged

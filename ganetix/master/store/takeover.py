"""Making this node's copy of the journal the master's, for a new mastership."""

import msgspec

from ganetix import errors
from ganetix.master.store import entries
from ganetix.master.store.entries import Base, Entry
from ganetix.master.store.recovery import recover
from ganetix.model.cluster import Cluster
from ganetix.model.codec import data_of
from ganetix.model.journal import Record, encode
from ganetix.paths import Paths
from ganetix.toolkit.interfaces import IFileSystem


def take_over(fs: IFileSystem, paths: Paths, epoch: int = 0) -> Cluster:
    """Make this node the master in its own copy, under *epoch* or a later one. Blocks.

    Call it only on a candidate that is in sync, while no master daemon runs here; it asks no other
    node. A queue that was drained is not any more. All other candidates count as behind until the
    new master has sent them its state.
    Return the new configuration. Raise `errors.OpPrereqError` if this node can't be the master.
    """
    found = recover(fs, paths)
    before = found.replay.cluster()
    here = before.node_named(paths.hostname)
    if not here.master_candidate or here.offline:
        raise errors.OpPrereqError(
            f"Node {here.name} is not a master candidate, so it can't become the master.",
            errors.STATE,
        )
    epoch = max(found.epoch + 1, before.cluster.epoch + 1, epoch)
    settings = msgspec.structs.replace(before.cluster, master_node=here.uuid, epoch=epoch)
    after = msgspec.structs.replace(before, cluster=settings, serial_no=before.serial_no + 1)
    others = sorted(node.uuid for node in after.candidates() if node.uuid != here.uuid)
    entry = Entry(
        base=Base(data_of(after), tuple(found.replay.jobs.values())),
        last_job=found.replay.last_job,
        behind=tuple(others),
        drained=False,
    )
    record = encode(Record(epoch, found.serial + 1, entries.encode(entry)))
    fs.make_dirs(paths.queue_dir, 0o750)
    fs.make_dirs(paths.archive_dir, 0o750)
    if fs.exists(paths.drain_file):
        fs.remove(paths.drain_file)
    fs.replace(paths.journal_file, record, 0o600, True)
    return after

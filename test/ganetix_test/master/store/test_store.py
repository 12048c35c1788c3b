"""The store: what was acknowledged survives, what was not may go, damage is refused."""

import msgspec
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.master.store import recovery
from ganetix.model import journal
from ganetix.model.changes import Change
from ganetix.model.codec import decode_config
from ganetix.rpc.call import Done
from ganetix.rpc.tables.journal import JournalAppend, SnapshotPage, StorePosition
from ganetix.testing import masters
from ganetix.testing.masters import MasterWorld


def tagged(world: MasterWorld, *tags: str) -> "Deferred[object]":
    """Commit a change of the cluster's tags."""
    store = world.master.store
    fresh = msgspec.structs.replace(store.cluster.cluster, tags=list(tags))
    return Deferred.fromCoroutine(store.commit(Change(cluster=fresh)))


class DurabilityTests(SynchronousTestCase):
    """One node, no candidates beside it."""

    def setUp(self) -> None:
        """Boot a master."""
        self.world = MasterWorld({})
        self.world.install(masters.cluster())
        self.successResultOf(self.world.boot())

    def reboot(self) -> None:
        """Cut the power and start again."""
        self.world.crash()
        self.successResultOf(self.world.boot())

    def test_commit_survives_a_power_cut(self) -> None:
        """An acknowledged change is there after a crash."""
        self.successResultOf(tagged(self.world, "kept"))
        self.reboot()
        self.assertEqual(self.world.master.store.cluster.cluster.tags, ["kept"])

    def test_checkpoint_after_a_quiet_second(self) -> None:
        """config.data is rewritten once the cluster has been quiet for a second."""
        self.successResultOf(tagged(self.world, "folded"))
        self.world.reactor.advance(1.0)
        raw = self.world.fs.read(self.world.paths.config_file)
        self.assertEqual(decode_config(raw).cluster.tags, ["folded"])

    def test_checkpoint_at_the_latest_after_thirty_seconds(self) -> None:
        """A cluster that is never quiet is folded all the same."""
        for n in range(62):
            self.successResultOf(tagged(self.world, f"t{n}"))
            self.world.reactor.advance(0.5)
        raw = self.world.fs.read(self.world.paths.config_file)
        self.assertNotEqual(decode_config(raw).cluster.tags, [])

    def test_replay_over_a_newer_checkpoint_is_harmless(self) -> None:
        """A crash between writing config.data and cutting the journal loses and doubles nothing."""
        self.successResultOf(tagged(self.world, "a"))
        self.successResultOf(tagged(self.world, "a", "b"))
        old = self.world.fs.read(self.world.paths.journal_file)
        self.world.reactor.advance(1.0)
        self.world.fs.replace(self.world.paths.journal_file, old, 0o600, True)
        self.reboot()
        self.assertEqual(self.world.master.store.cluster.cluster.tags, ["a", "b"])

    def test_torn_tail_is_cut(self) -> None:
        """Half a record at the end was never acknowledged: it goes, and the next one follows."""
        self.successResultOf(tagged(self.world, "kept"))
        path = self.world.paths.journal_file
        whole = self.world.fs.read(path)
        self.world.fs.replace(path, whole + whole[:40], 0o600, True)
        self.reboot()
        self.successResultOf(tagged(self.world, "kept", "more"))
        self.reboot()
        self.assertEqual(self.world.master.store.cluster.cluster.tags, ["kept", "more"])

    def test_damage_before_the_tail_is_refused(self) -> None:
        """A bad record with good ones behind it is refused with file and offset."""
        self.successResultOf(tagged(self.world, "one"))
        self.successResultOf(tagged(self.world, "two"))
        path = self.world.paths.journal_file
        raw = bytearray(self.world.fs.read(path))
        raw[journal.HEADER.size + 3] ^= 0xFF
        self.world.fs.replace(path, bytes(raw), 0o600, True)
        self.world.crash()
        error = self.failureResultOf(self.world.boot(), errors.ConfigurationError).value
        self.assertIn(path, error.message)
        self.assertIn("offset 0", error.message)

    def test_emptied_journal_is_refused(self) -> None:
        """A journal without a record was whole when it was made: it is refused, not begun anew."""
        self.successResultOf(tagged(self.world, "one"))
        path = self.world.paths.journal_file
        self.world.crash()
        for rest in (b"", self.world.fs.read(path)[:20]):
            self.world.fs.replace(path, rest, 0o600, True)
            error = self.failureResultOf(self.world.boot(), errors.ConfigurationError).value
            self.assertIn(f"{path} has no whole record at offset 0", error.message)

    def test_torn_config_names_the_good_copy(self) -> None:
        """A truncated config.data is refused, naming the copy of the last good start."""
        path = self.world.paths.config_file
        self.world.fs.replace(path, self.world.fs.read(path)[:100], 0o640, True)
        self.world.crash()
        error = self.failureResultOf(self.world.boot(), errors.ConfigurationError).value
        self.assertIn(path, error.message)
        self.assertIn(recovery.good_copy(self.world.paths), error.message)

    def test_contradicting_config_names_the_good_copy(self) -> None:
        """So is one that is whole, but names a master that there is not."""
        path = self.world.paths.config_file
        master = self.world.master.store.cluster.cluster.master_node.encode()
        raw = self.world.fs.read(path).replace(
            b'"master_node":"' + master, b'"master_node":"nobody'
        )
        self.world.fs.replace(path, raw, 0o640, True)
        self.world.crash()
        error = self.failureResultOf(self.world.boot(), errors.ConfigurationError).value
        self.assertIn("nobody", error.message)
        self.assertIn(path, error.message)
        self.assertIn(recovery.good_copy(self.world.paths), error.message)

    def test_a_breaking_change_changes_nothing(self) -> None:
        """A change that breaks an invariant is refused whole."""
        store = self.world.master.store
        before = store.cluster
        twin = msgspec.structs.replace(masters.node(1), uuid="other-uuid")
        committed = Deferred.fromCoroutine(store.commit(Change(nodes=(twin,))))
        self.failureResultOf(committed, errors.ConfigurationError)
        self.assertIs(store.cluster, before)

    def test_full_disk_holds_the_answer_back(self) -> None:
        """With no room nothing is acknowledged; with room again, everything is."""
        self.world.fs.faults.full = True
        waiting = tagged(self.world, "later")
        self.assertNoResult(waiting)
        self.world.fs.faults.full = False
        self.world.reactor.advance(1.0)
        self.successResultOf(waiting)


class CandidateTests(SynchronousTestCase):
    """A master with two candidates that keep what they are sent."""

    def setUp(self) -> None:
        """Boot a master whose candidates answer."""
        self.world = MasterWorld({})
        self.held: dict[str, list[int]] = {}
        self.snapshots: list[str] = []
        self.world.nodes.handlers |= {
            "journal_append": self.append,
            "journal_snapshot": self.snapshot,
            "write_ssconf_files": self.ignore,
        }
        self.world.install(masters.cluster(3))
        self.successResultOf(self.world.boot())

    async def ignore(self, node: str, request: object) -> msgspec.Struct:
        """Take ssconf values."""
        return Done()

    async def append(self, node: str, request: JournalAppend) -> StorePosition:
        """Keep the serials, as a candidate does; refuse a gap."""
        rows = self.held.setdefault(node, [])
        if rows and rows[-1] != request.after:
            raise errors.ConfigurationError("gap")
        found = journal.scan(request.records, "push")
        rows += [record.serial for record in found.records]
        return StorePosition(request.epoch, request.last)

    async def snapshot(self, node: str, request: SnapshotPage) -> StorePosition:
        """Begin anew."""
        self.snapshots.append(node)
        self.held[node] = [request.serial]
        return StorePosition(request.epoch, request.serial)

    def test_every_candidate_gets_every_record(self) -> None:
        """A commit is acknowledged when both candidates have it."""
        self.successResultOf(tagged(self.world, "x"))
        serial = self.world.master.store.journal.serial
        self.assertEqual({rows[-1] for rows in self.held.values()}, {serial})

    def test_a_lost_candidate_is_behind_and_catches_up(self) -> None:
        """A candidate that misses a commit is behind, and in sync again after a snapshot."""
        replicas = self.world.master.store.journal.replicas
        self.world.nodes.down.add("node3-uuid")
        self.successResultOf(tagged(self.world, "x"))
        self.assertEqual(replicas.behind, {"node3-uuid"})
        self.world.nodes.down.clear()
        self.world.reactor.advance(2.0)
        self.assertEqual(replicas.behind, set())
        self.successResultOf(tagged(self.world, "x", "y"))
        self.assertEqual(self.held["node3-uuid"][-1], self.world.master.store.journal.serial)

    def test_behind_is_remembered_across_a_restart(self) -> None:
        """Who is behind is in the journal."""
        self.world.nodes.down.add("node3-uuid")
        self.successResultOf(tagged(self.world, "x"))
        self.world.crash()
        self.successResultOf(self.world.boot())
        self.assertEqual(self.world.master.store.journal.replicas.behind, {"node3-uuid"})

"""Runs repeat, and what is broken is seen."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Hashable

import attrs
from twisted.trial.unittest import SynchronousTestCase

from ganetix.master.failover import Request
from ganetix.master.locks.levels import Lock, Strength, index
from ganetix.master.locks.table import Owner, Table
from ganetix.master.locks.waiter import Locks
from ganetix.node.services import NodeServices
from ganetix.rpc.interfaces import CallContext, Handlers
from ganetix.rpc.tables.journal import JOURNAL_APPEND, JournalAppend, StorePosition
from ganetix.testing.files import FakeFileSystem
from ganetix.testing.sim.crew import usual_crew
from ganetix.testing.sim.noded import usual_handlers
from ganetix.testing.sim.plan import learnt
from ganetix.testing.sim.play import play
from ganetix.testing.sim.takeover import CAREFUL, take_over
from ganetix.testing.sim.world import Crew, World
from ganetix.toolkit.tasks import Tasks

SEEDS = range(1, 21)
_DIGESTS = """
import json, sys
from ganetix_test.sim.test_runs import digests
json.dump(digests(), sys.stdout)
"""


def digests() -> dict[str, str]:
    """Return for each of `SEEDS` the digest of its event log."""
    crew = usual_crew()
    plan = learnt(crew)
    return {
        str(seed): hashlib.sha256(
            "\n".join(play(seed, crew, plan.of(seed)).log).encode()
        ).hexdigest()
        for seed in SEEDS
    }


class RunCase(SynchronousTestCase):
    """Plays runs, in which daemons log what goes wrong."""

    def tearDown(self) -> None:
        """What they log is in the event log of the run, and no failure of the test."""
        self.flushLoggedErrors()


class RepeatTests(RunCase):
    """A run is its seed and nothing else."""

    def test_same_under_other_hashes(self) -> None:
        """Twenty seeds, each in this process and in two with other hash seeds: the same logs."""
        here = digests()
        for hash_seed in ("1", "4242"):
            environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
            environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
            told = subprocess.run(
                [sys.executable, "-c", _DIGESTS], env=environment, capture_output=True, check=True
            )
            there = json.loads(told.stdout)
            different = [seed for seed in here if here[seed] != there[seed]]
            self.assertEqual(different, [], f"differ under PYTHONHASHSEED={hash_seed}")

    def test_twice_in_one_process(self) -> None:
        """What one run leaves behind does not touch the next."""
        crew = usual_crew()
        plan = learnt(crew)
        first = play(5, crew, plan.of(5))
        play(6, crew, plan.of(6))
        self.assertEqual(play(5, crew, plan.of(5)).log, first.log)


@attrs.define(eq=False)
class CarelessTable(Table):
    """Broken on purpose: an instance is anybody's."""

    def request(self, owner: Owner, lock: Lock, strength: Strength, priority: int) -> bool:
        """Grant whatever is asked for at the instance level."""
        return self._is_careless(lock) or super().request(owner, lock, strength, priority)

    def release(self, owner: Owner, lock: Lock) -> list[Hashable]:
        """Take back what was granted."""
        return [] if self._is_careless(lock) else super().release(owner, lock)

    def weaken(self, owner: Owner, lock: Lock, strength: Strength) -> list[Hashable]:
        """It makes no difference."""
        return [] if self._is_careless(lock) else super().weaken(owner, lock, strength)

    @staticmethod
    def _is_careless(lock: Lock) -> bool:
        return lock[0] == index("instance")


class ForgetfulDisk(FakeFileSystem):
    """Broken on purpose: syncing a file does nothing."""

    def sync_file(self, file: object, path: str) -> None:
        """Say that it is done."""
        self.operation()
        self.changed(path)


def hasty_handlers(services: NodeServices) -> Handlers:
    """Broken on purpose: a candidate says "written and synced" before it has begun to write."""
    tasks = Tasks()

    async def append(request: JournalAppend, context: CallContext) -> StorePosition:
        tasks.spawn("append", services.journal.append(request, context))
        return StorePosition(request.epoch, request.last)

    return {**usual_handlers(services), JOURNAL_APPEND.name: append}


@attrs.frozen
class Insistent:
    """An administrator at a candidate that is alone and behind; *asked* are the options given."""

    asked: Request

    def __call__(self, world: World) -> None:
        """Make it the master, there."""
        fresh = next(name for name in world.machines if name != world.master_name)
        for other in world.machines:
            if other != fresh:
                world.later(5.0, world.cuts.make, fresh, other, "alone")
                world.later(16.0, world.cuts.mend, fresh, other, "alone")
        world.later(12.0, take_over, world, fresh, "well", self.asked)


class MinorityTests(RunCase):
    """A candidate alone is made the master, while the old one goes on with the others."""

    def broken(self, asked: Request) -> list[str]:
        """Return the promises that were broken, of eight seeds."""
        crew = attrs.evolve(usual_crew(), administrator=Insistent(asked))
        return [told for seed in SEEDS[:8] if (told := play(seed, crew).broken)]

    def test_careless(self) -> None:
        """With ``--no-voting --yes-do-it`` acknowledged jobs are lost, and that is seen."""
        told = self.broken(Request(voting=False, insist=True))
        self.assertTrue(told)
        for line in told:
            self.assertRegex(line, "acknowledged and is gone|had ended as .* and goes on")

    def test_voted(self) -> None:
        """By vote it may not, and nothing is lost."""
        self.assertEqual(self.broken(CAREFUL), [])


class BrokenTests(RunCase):
    """The harness sees what it is there for."""

    def found(self, crew: Crew) -> str:
        """Return the first broken promise in `SEEDS`; fail if there is none."""
        plan = learnt(usual_crew())
        for seed in SEEDS:
            outcome = play(seed, crew, plan.of(seed))
            if outcome.broken:
                return outcome.broken
        self.fail("No seed has seen it.")

    def test_lock_not_taken(self) -> None:
        """Two opcodes on one instance at the same time are seen."""
        crew = attrs.evolve(usual_crew(), make_locks=lambda: Locks(CarelessTable()))
        self.assertIn("both work on instance/", self.found(crew))

    def test_fsync_skipped(self) -> None:
        """An acknowledged record that is on no stable storage is seen."""
        crew = attrs.evolve(usual_crew(), make_disk=ForgetfulDisk)
        self.assertIn("is acknowledged", self.found(crew))

    def test_reply_sent_early(self) -> None:
        """A candidate that answers before the record is stable is seen."""
        crew = attrs.evolve(usual_crew(), make_handlers=hasty_handlers)
        self.assertIn("is in sync, but its disk has", self.found(crew))

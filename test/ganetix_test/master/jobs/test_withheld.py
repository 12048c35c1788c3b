"""What jobs write down of mirrors, and what nodes get of it after a restart."""

from typing import Any

import msgspec
from twisted.internet.defer import Deferred

from ganetix import errors
from ganetix.master.logic.unit import Context, UndoAction
from ganetix.model.objects import Disk
from ganetix.opcodes.test import OpTestDelay
from ganetix.rpc.call import Done
from ganetix.rpc.tables.blockdev import DiskRequest
from ganetix.testing import masters
from ganetix.testing.masters import MasterWorld, ScriptedUnit
from ganetix_test.master.jobs.test_queue import QueueCase

SECRET = "5d41402abc4b2a76b9719d911017c592"
KNOWN = Disk("known-uuid", "drbd", ["node1-uuid", "node2-uuid", 11000, 0, 0, SECRET], 1024)
NEW = Disk("new-uuid", "drbd", ["node1-uuid", "node2-uuid", 11001, 1, 1, SECRET], 1024)


async def work(op: OpTestDelay, context: Context) -> None:
    """Want both disks taken down, and rest with them in the state."""
    plain = [msgspec.to_builtins(DiskRequest(disk, "instance1")) for disk in (NEW, KNOWN)]
    if context.resumed is None:
        actions = (UndoAction("A disk", "node1-uuid", "blockdev_shutdown", one) for one in plain)
        await context.undo(*actions)
    await context.rest({"left": plain}, lambda: context.clock.sleep(10.0))
    raise errors.OpExecError("It failed.")


class WithheldTests(QueueCase):
    """A job that names mirrors in what it writes down; one of them is in the configuration."""

    def setUp(self) -> None:
        """Keep what the node is asked."""
        self.asked: list[DiskRequest] = []
        self.world = MasterWorld({OpTestDelay: ScriptedUnit(work)})
        cluster = masters.cluster()
        self.world.install(msgspec.structs.replace(cluster, disks={KNOWN.uuid: KNOWN}))
        self.successResultOf(self.world.boot())
        self.world.nodes.handlers["blockdev_shutdown"] = self.answer

    async def answer(self, node: str, request: Any) -> Done:
        """Keep *request*."""
        self.asked.append(request)
        return Done()

    def test_restart(self) -> None:
        """A job's record has no secret; a mirror of the configuration has it when it is undone."""
        job_id = self.submit()
        record = self.world.master.queue.job(job_id).ops[0]
        self.assertIn("new-uuid", str(record.undo))
        self.assertIn("new-uuid", str(record.resume))
        self.assertNotIn(SECRET, str(record))
        self.successResultOf(Deferred.fromCoroutine(self.world.master.stop()))
        self.reboot()
        self.advance(10.0)
        self.assertEqual(
            [(one.disk.uuid, one.disk.logical_id[5]) for one in self.asked],
            [("known-uuid", SECRET), ("new-uuid", "")],
        )

    def test_at_once(self) -> None:
        """Without a restart what is undone is what was to be undone."""
        self.submit()
        self.advance(10.0)
        self.assertEqual([one.disk.logical_id[5] for one in self.asked], [SECRET, SECRET])

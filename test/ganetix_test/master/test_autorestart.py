"""Instances that come back by themselves, on a master without nodes and real time."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from ganetix.master.autorestart import DELAYS, KEEP, TAG, AutoRestart, wanted
from ganetix.master.livestate import LiveState
from ganetix.master.logic.unit import BGL_SHARED, Want
from ganetix.opcodes.instance_state import OpInstanceStartup
from ganetix.opcodes.test import OpTestDelay
from ganetix.rpc.events import InstanceEvent
from ganetix.rpc.tables.instances import InstanceState
from ganetix.testing.masters import MasterWorld, ScriptedUnit, cluster, instance

NODE = "node1-uuid"
NAME = "instance1.example.com"
RUNNING = InstanceState(NAME, 128, 1, "running")


class AutoRestartTests(SynchronousTestCase):
    """When an instance is started again, and when not."""

    def setUp(self) -> None:
        """Make a master whose starts succeed if `works`."""
        self.starts: list[OpInstanceStartup] = []
        self.works = True
        self.live = LiveState()

    def _boot(self, **fields: Any) -> None:
        async def work(op: OpInstanceStartup, context: Any) -> None:
            self.starts.append(op)
            if self.works:
                self._push(RUNNING)

        self.units: dict[Any, Any] = {OpInstanceStartup: ScriptedUnit(work)}
        self.world = MasterWorld(self.units)
        self.world.install(cluster(1, (instance(1, **{"tags": [TAG], **fields}),)))
        self.successResultOf(self.world.boot())
        self.restart = AutoRestart(self.world.master, self.live, self.world.clock)
        self.live.whole(NODE, [InstanceEvent(NAME, RUNNING)])
        self.successResultOf(self.restart.start())

    def _push(self, state: InstanceState | None) -> None:
        event = InstanceEvent(NAME, state)
        self.live.event(NODE, event)
        self.restart.event(event)

    def _hold(self, until: Deferred[None]) -> None:
        """Let a job hold the instance's lock."""

        async def work(op: OpTestDelay, context: Any) -> None:
            await until

        want = Want("instance", (NAME,), "exclusive")
        self.units[OpTestDelay] = ScriptedUnit(work, (BGL_SHARED, want))
        op = OpTestDelay(duration=0, reason=[])
        self.successResultOf(self.world.master.queue.submit([op]))

    def _pass(self, seconds: float) -> None:
        for _ in range(int(seconds * 10) + 5):
            self.world.reactor.advance(0.1)

    def test_back_within_five_seconds(self) -> None:
        """What went down runs again within 5 s of the push; the reason trail says why."""
        self._boot()
        self._push(None)
        self._pass(5)
        [op] = self.starts
        self.assertEqual(op.instance_name, NAME)
        assert op.reason is not None
        self.assertEqual(op.reason[0][:2], [
            "gnt:watcher", "its node told that it went down (try 1 of 5)"
        ])  # fmt: skip
        self._pass(60)
        self.assertEqual(len(self.starts), 1)

    def test_only_where_asked_for(self) -> None:
        """Without the tag on instance, group or cluster nothing is started."""
        self._boot(tags=[])
        self._push(None)
        self._pass(5)
        self.assertEqual(self.starts, [])
        for made in (
            cluster(1, (instance(1),), tags=[TAG]),
            cluster(1, (instance(1, tags=[TAG]),)),
        ):
            self.assertTrue(wanted(made, made.instance_named(NAME)))
        made = cluster(1, (instance(1),))
        self.assertFalse(wanted(made, made.instance_named(NAME)))

    def test_stopped_on_purpose(self) -> None:
        """An instance whose administrator state is down stays down."""
        self._boot(admin_state="down")
        self._push(None)
        self._pass(5)
        self.assertEqual(self.starts, [])

    def test_back_by_itself(self) -> None:
        """An instance that runs again within the second is left alone: a reboot, a failover."""
        self._boot()
        self._push(None)
        self._push(RUNNING)
        self._pass(60)
        self.assertEqual(self.starts, [])

    def test_locked(self) -> None:
        """While a job has the instance locked nothing is submitted; afterwards it is."""
        self._boot()
        work: Deferred[None] = Deferred()
        self._hold(work)
        self._push(None)
        self._pass(30)
        self.assertEqual(self.starts, [])
        work.callback(None)
        self._pass(5)
        self.assertEqual(len(self.starts), 1)

    def test_back_off_and_limit(self) -> None:
        """Each try waits longer; after five the watcher is left to it, for 8 hours."""
        self._boot()
        self.works = False
        self._push(None)
        self._pass(sum(DELAYS) + 60)
        self.assertEqual(len(self.starts), len(DELAYS))
        self._push(RUNNING)
        self._push(None)
        self._pass(60)
        self.assertEqual(len(self.starts), len(DELAYS))
        self.world.reactor.advance(KEEP)
        self.works = True
        self._push(None)
        self._pass(5)
        self.assertEqual(len(self.starts), len(DELAYS) + 1)

    def test_goes_down_again_at_once(self) -> None:
        """What goes down right after its start is started again after the next delay."""
        self._boot()
        self._push(None)
        self._pass(2)
        self._push(None)
        self._pass(5)
        self.assertEqual(len(self.starts), 1)
        self._pass(10)
        self.assertEqual(len(self.starts), 2)

    def test_watcher_paused(self) -> None:
        """While the watcher pauses nothing is started."""
        self._boot()
        pause = self.world.master.watcher_pause
        self.successResultOf(pause.write(self.world.clock.wall() + 3600))
        self._push(None)
        self._pass(60)
        self.assertEqual(self.starts, [])

    def test_whole_state(self) -> None:
        """What went down while the node's link was away is started when it is back."""
        self._boot()
        self.live.lost(NODE)
        self._pass(5)
        self.assertEqual(self.starts, [])
        self.live.whole(NODE, [])
        self.restart.whole(NODE)
        self._pass(5)
        self.assertEqual(len(self.starts), 1)

    def test_stopped(self) -> None:
        """A master that stops begins nothing more."""
        self._boot()
        self._push(None)
        self.successResultOf(self.restart.stop())
        self._push(None)
        self._pass(60)
        self.assertEqual(self.starts, [])

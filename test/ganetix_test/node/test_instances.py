"""Instances on a node, asked for as the master asks."""

import json
import os

import attrs
import msgspec
from twisted.internet.defer import Deferred

from ganetix.errors import BlockDeviceError, HypervisorError
from ganetix.hypervisor.fake import FakeHypervisor
from ganetix.rpc.call import Done
from ganetix.rpc.events import InstanceEvent
from ganetix.rpc.tables.blockdev import DirRequest, DiskRequest
from ganetix.rpc.tables.checks import NodeInfo
from ganetix.rpc.tables.instances import (
    AllInstancesRequest,
    InstanceAccept,
    InstanceFinalize,
    InstanceMigrate,
    InstanceQuery,
    InstanceReboot,
    InstanceShutdown,
    InstanceStart,
    InstanceState,
)
from ganetix.testing.cases import AwaitingTestCase
from ganetix_test.node.made import BASE, CONTEXT, NOW, disk, make, spec

NAME = "vm1.example.com"


class InstanceTests(AwaitingTestCase):
    """Start, stop, reboot and migrate."""

    def setUp(self) -> None:
        """Make a node."""
        self.node = make(self)
        self.instances = self.node.services.instances

    def running(self) -> list[str]:
        """Return the names of the instances that run."""
        request = AllInstancesRequest(["fake"])
        found = self.awaited(self.instances.list_all(request, CONTEXT))
        return [state.name for state in found.instances]

    def start(self) -> Done:
        """Start vm1."""
        return self.awaited(self.instances.start(InstanceStart(spec()), CONTEXT))

    def stop(self, timeout: float = 120) -> Done:
        """Stop vm1."""
        request = InstanceShutdown(NAME, "fake", timeout)
        return self.awaited(self.instances.shutdown(request, CONTEXT))

    def test_start_and_stop(self) -> None:
        """Both do what they say, and can be repeated."""
        self.assertEqual(self.start().note, "")
        self.assertIn("already", self.start().note)
        self.assertEqual(self.running(), [NAME])
        self.stop()
        self.stop()
        self.assertEqual(self.running(), [])

    def test_info(self) -> None:
        """One instance is told as it runs, and nothing of one that does not."""
        query = InstanceQuery(NAME, "fake")
        self.assertIsNone(self.awaited(self.instances.info(query, CONTEXT)).state)
        self.start()
        state = self.awaited(self.instances.info(query, CONTEXT)).state
        self.assertEqual(state, InstanceState(NAME, 128, 1, "running", 0.0))

    def test_start_without_disk(self) -> None:
        """An instance whose disk is missing is not started; the disk is named."""
        request = InstanceStart(spec(disk()))
        error = self.refusal(self.instances.start(request, CONTEXT), BlockDeviceError)
        self.assertIn("disk/0", error.message)
        self.assertEqual(self.running(), [])

    def test_start_after_a_disk_was_taken(self) -> None:
        """An instance has its disks by the numbers of now, not by those of when it ran last."""
        disks = self.node.services.disks
        self.awaited(disks.dir_create(DirRequest(f"{BASE}/{NAME}"), CONTEXT))
        for one in (disk(0), disk(1)):
            self.awaited(disks.create(DiskRequest(one, NAME), CONTEXT))
            self.awaited(disks.assemble(DiskRequest(one, NAME, True), CONTEXT))
        left = msgspec.structs.replace(disk(1), iv_name="disk/0")
        self.awaited(self.instances.start(InstanceStart(spec(left)), CONTEXT))
        link = f"{self.node.paths.run_dir}/instance-disks/{NAME}:0"
        self.assertTrue(os.readlink(link).endswith("uuid-1.file.disk1"))

    def test_events_before_the_answer(self) -> None:
        """When the call is answered the new state has been pushed."""
        self.start()
        event = next(e for e in self.node.events if isinstance(e, InstanceEvent))
        self.assertEqual((event.name, event.state and event.state.state), (NAME, "running"))
        self.stop()
        self.assertIn(InstanceEvent(NAME, None), self.node.events)

    def test_reason(self) -> None:
        """The reason trail of the last change of state is kept in a file."""
        trail = [["gnt:client", "gnt-instance start", 1]]
        request = InstanceStart(spec(), reason=trail)
        self.awaited(self.instances.start(request, CONTEXT))
        with open(f"{self.node.paths.run_dir}/instance-reason/{NAME}", encoding="utf-8") as source:
            self.assertEqual(json.load(source), trail)

    def test_reboot(self) -> None:
        """Soft and hard leave it running from now on; anything else is refused."""
        self.start()
        for kind in ("soft", "hard"):
            self.node.time.advance(60)
            request = InstanceReboot(spec(), kind, 120)
            self.awaited(self.instances.reboot(request, CONTEXT))
            query = InstanceQuery(NAME, "fake")
            state = self.awaited(self.instances.info(query, CONTEXT)).state
            self.assertEqual(state and (state.state, state.cpu_seconds), ("running", 0.0))
        request = InstanceReboot(spec(), "full", 120)
        error = self.refusal(self.instances.reboot(request, CONTEXT), HypervisorError)
        self.assertIn("full", error.message)

    def test_reboot_of_nothing(self) -> None:
        """What does not run is not rebooted; how to start it is told."""
        request = InstanceReboot(spec(), "soft", 120)
        error = self.refusal(self.instances.reboot(request, CONTEXT), HypervisorError)
        self.assertIn(f"gnt-instance start {NAME}", error.message)

    def test_unknown_hypervisor(self) -> None:
        """A hypervisor that the node does not have is refused by name."""
        request = AllInstancesRequest(["kvm"])
        error = self.refusal(self.instances.list_all(request, CONTEXT), HypervisorError)
        self.assertIn("kvm", error.message)

    def test_migrate(self) -> None:
        """Between two nodes the instance runs on one at a time."""
        target = make(self)
        there = target.services.instances
        self.start()
        self.awaited(there.accept(InstanceAccept(spec(), "127.1.2.3"), CONTEXT))
        request = InstanceMigrate(spec(), "node2", "127.1.2.4", True)
        self.awaited(self.instances.migrate(request, CONTEXT))
        for side, source in ((there, False), (self.instances, True)):
            done = InstanceFinalize(spec(), True, source)
            self.awaited(side.finalize(done, CONTEXT))
        self.assertEqual(self.running(), [])
        states = self.awaited(there.list_all(AllInstancesRequest(["fake"]), CONTEXT))
        self.assertEqual([state.name for state in states.instances], [NAME])


class DeafHypervisor(FakeHypervisor):
    """A hypervisor whose guests do not hear that they shall shut down."""

    async def shutdown(self, name: str) -> None:
        """Do nothing."""


class TimeoutTests(AwaitingTestCase):
    """A guest that does not shut down when it is asked."""

    def setUp(self) -> None:
        """Start vm1 on a node whose guests are deaf."""
        self.node = make(self)
        fake = self.node.services.instances.drivers["fake"]
        assert isinstance(fake, FakeHypervisor)
        deaf = DeafHypervisor(fake.paths, fake.files, fake.worker, fake.clock)
        self.instances = attrs.evolve(self.node.services.instances, drivers={"fake": deaf})
        self.awaited(self.instances.start(InstanceStart(spec()), CONTEXT))

    def stop(self, timeout: float) -> Deferred[Done]:
        """Begin to stop vm1."""
        request = InstanceShutdown(NAME, "fake", timeout)
        return Deferred.fromCoroutine(self.instances.shutdown(request, CONTEXT))

    def runs(self) -> bool:
        """Whether vm1 runs."""
        request = AllInstancesRequest(["fake"])
        return bool(self.awaited(self.instances.list_all(request, CONTEXT)).instances)

    def test_time_out(self) -> None:
        """It runs until its time is over, and is then stopped hard."""
        work = self.stop(5)
        self.node.time.pump([0.7] * 7)
        self.assertNoResult(work)
        self.assertTrue(self.runs())
        self.node.time.advance(0.2)
        self.successResultOf(work)
        self.assertFalse(self.runs())

    def test_no_time(self) -> None:
        """With no time at all it is stopped at once."""
        self.successResultOf(self.stop(0))
        self.assertFalse(self.runs())

    def test_cancelled(self) -> None:
        """Cancelling the call leaves the guest running, and no timer."""
        work = self.stop(5)
        work.cancel()
        self.failureResultOf(work)
        self.assertTrue(self.runs())
        self.assertEqual(self.node.time.getDelayedCalls(), [])


class WatchTests(AwaitingTestCase):
    """What happens without a call is told as well."""

    def setUp(self) -> None:
        """Start a node with vm1, and forget what it told so far."""
        self.node = make(self)
        request = InstanceStart(spec())
        self.awaited(self.node.services.tree.start())
        self.awaited(self.node.services.instances.start(request, CONTEXT))
        self.addCleanup(lambda: self.awaited(self.node.services.tree.stop()))
        self.node.events.clear()

    @property
    def file(self) -> str:
        """The file of the fake guest."""
        return f"{self.node.paths.run_dir}/fake-hypervisor/{NAME}"

    def test_killed_guest(self) -> None:
        """A guest that vanished is told within two seconds."""
        os.remove(self.file)
        self.node.time.pump([0.5] * 4)
        self.assertIn(InstanceEvent(NAME, None), self.node.events)

    def test_quiet(self) -> None:
        """Processor time alone is no news; after ten seconds everything is told again."""
        self.node.time.pump([1.0] * 5)
        self.assertEqual([e for e in self.node.events if isinstance(e, InstanceEvent)], [])
        self.node.time.pump([1.0] * 6)
        told = [e for e in self.node.events if isinstance(e, InstanceEvent)]
        self.assertEqual([event.name for event in told], [NAME])
        self.assertIn("figures", {event.subject for event in self.node.events})

    def test_trouble_passes(self) -> None:
        """A file that can't be read stops nothing: the next look is taken."""
        self.node.write(self.file, "nonsense")
        self.node.time.pump([1.0] * 3)
        self.node.write(self.file, f"memory=128\nvcpus=1\nstate=paused\nstarted={NOW}\n")
        self.node.time.pump([1.0] * 2)
        told = [e for e in self.node.events if isinstance(e, InstanceEvent)]
        self.assertEqual([event.state and event.state.state for event in told], ["paused"])

    def test_one_look_beats_an_older_one(self) -> None:
        """A look at everything that began before a guest was looked at alone says nothing of it."""
        watch, measured = self.node.services.watch, Deferred[NodeInfo]()
        figures, watch.figures = watch.figures, lambda: measured
        older = Deferred.fromCoroutine(watch.look())
        os.remove(self.file)
        self.awaited(watch.look_at(NAME))
        self.assertEqual(self.node.events, [InstanceEvent(NAME, None)])
        measured.callback(self.awaited(figures()))
        self.successResultOf(older)
        self.assertEqual([e for e in self.node.events if isinstance(e, InstanceEvent)][1:], [])

    def test_stop_leaves_instances(self) -> None:
        """Stopping the node daemon leaves every instance as it is."""
        self.awaited(self.node.services.tree.stop())
        self.assertTrue(os.path.exists(self.file))
        self.assertEqual(self.node.time.getDelayedCalls(), [])

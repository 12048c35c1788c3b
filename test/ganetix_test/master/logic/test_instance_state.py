"""Starting, stopping, rebooting and removing instances."""

from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from ganetix import errors
from ganetix.model.objects import Instance
from ganetix.opcodes.instance import OpInstanceRemove
from ganetix.opcodes.instance_state import (
    OpInstanceReboot,
    OpInstanceShutdown,
    OpInstanceStartup,
)
from ganetix.rpc.tables.instances import InstanceShutdown, InstanceState
from ganetix.testing.logic import node_uuid, run
from ganetix_test.master.logic.cases import UnitTestCase

VM = "vm1.example.com"
NODE1 = node_uuid(1)


class StateTestCase(UnitTestCase):
    """Has an instance, stopped unless told otherwise."""

    start = False

    def setUp(self) -> None:
        """Create the instance."""
        super().setUp()
        self.add(start=self.start)
        self.context.fake.made.clear()
        self.context.commits.clear()
        self.context.released.clear()

    @property
    def runs(self) -> bool:
        """Whether the guest runs on node1."""
        return (NODE1, VM) in self.context.world.guests

    @property
    def state(self) -> tuple[str, bool]:
        """The instance's admin state and whether its disks are active."""
        found: Instance = self.instance()
        return (found.admin_state, found.disks_active)

    def broken(self, call: str) -> None:
        """Let *call* fail from now on."""

        def before(node: str, name: str) -> None:
            if name == call:
                raise errors.RemoteError(f"Call {name} failed.")

        self.context.world.before = before


class StartupTests(StateTestCase):
    """OP_INSTANCE_STARTUP."""

    def test_start(self) -> None:
        """The instance is marked up, its disks are assembled, it runs."""
        self.run_op(OpInstanceStartup(instance_name="vm1"))
        self.assertEqual(self.state, ("up", True))
        self.assertTrue(self.runs)
        self.assertEqual(len(self.context.commits), 1)

    def test_already(self) -> None:
        """One that runs already is fine; it is marked up all the same."""
        self.context.world.guests[NODE1, VM] = InstanceState(VM, 128, 1, "running")
        self.run_op(OpInstanceStartup(instance_name=VM))
        self.assertEqual(self.instance().admin_state, "up")
        self.assertNotIn("instance_start", [made.call for made in self.context.fake.made])

    def test_user_shutdown(self) -> None:
        """A guest that shut itself down is cleaned up first."""
        self.context.world.guests[NODE1, VM] = InstanceState(VM, 128, 1, "shutdown")
        self.run_op(OpInstanceStartup(instance_name=VM))
        calls = [made.call for made in self.context.fake.made]
        self.assertLess(calls.index("instance_shutdown"), calls.index("instance_start"))
        self.assertEqual(self.context.world.guests[NODE1, VM].state, "running")

    def test_for_this_start(self) -> None:
        """Parameters for this start are used and not kept; paused is passed on."""
        op = OpInstanceStartup(
            instance_name=VM, beparams={"memory": "256"}, no_remember=True, startup_paused=True
        )
        self.run_op(op)
        guest = self.context.world.guests[NODE1, VM]
        self.assertEqual((guest.memory, guest.state), (256, "paused"))
        self.assertEqual((self.instance().beparams, self.state), ({}, ("down", True)))

    def test_failed_start(self) -> None:
        """A start that fails leaves it marked up, with its disks down."""
        self.broken("instance_start")
        told = self.refusal(OpInstanceStartup(instance_name=VM), errors.OpExecError)
        self.assertIn("could not be started: Call instance_start failed", told)
        self.assertEqual(self.state, ("up", False))
        self.assertEqual(self.context.world.assembled, set())

    def test_offline_node(self) -> None:
        """With its node offline it is only marked, and only when that is asked for."""
        self.set_node(1, offline=True)
        self.assertIn("is offline", self.refusal(OpInstanceStartup(instance_name=VM)))
        self.run_op(OpInstanceStartup(instance_name=VM, ignore_offline_nodes=True))
        self.assertEqual(self.state, ("up", False))
        self.assertEqual(self.context.fake.made, [])

    def test_refused(self) -> None:
        """Offline instances, too little memory and wrong parameters are refused in words."""
        self.context.world.memory[NODE1] = 100
        self.assertIn("memory free", self.refusal(OpInstanceStartup(instance_name=VM)))
        op = OpInstanceStartup(instance_name=VM, beparams={"colour": 1})
        self.assertIn("'colour'", self.refusal(op, errors.TypeEnforcementError))
        self.assertIn("not known", self.refusal(OpInstanceStartup(instance_name="vm9")))
        op = OpInstanceStartup(instance_name=VM, instance_uuid="other")
        self.assertIn("uuid", self.refusal(op))

    def test_locks_and_hooks(self) -> None:
        """It locks the instance and the resources of its node."""
        op = OpInstanceStartup(instance_name=VM)
        self.assertEqual(
            self.locks(op)[1:],
            [("instance", (VM,), "exclusive"), ("node-res", (NODE1,), "exclusive")],
        )
        hooks = self.hooks(op)
        assert hooks is not None
        self.assertEqual((hooks.path, hooks.env["FORCE"]), ("instance-start", "False"))


class ShutdownTests(StateTestCase):
    """OP_INSTANCE_SHUTDOWN."""

    start = True

    def test_stop(self) -> None:
        """The instance is marked down, stops, and its disks are shut down."""
        self.run_op(OpInstanceShutdown(instance_name=VM, timeout=30))
        self.assertEqual(self.state, ("down", False))
        self.assertFalse(self.runs)
        self.assertEqual(self.context.world.assembled, set())

    def test_not_remembered(self) -> None:
        """With no_remember it stays marked up."""
        self.run_op(OpInstanceShutdown(instance_name=VM, no_remember=True))
        self.assertEqual(self.state, ("up", False))

    def test_resumed(self) -> None:
        """A restart goes on with the time that was left, and ends the operation."""
        self.context.reactor.advance(1000)
        self.context.resumed = [1040.0]
        self.run_op(OpInstanceShutdown(instance_name=VM, timeout=120))
        (made,) = [made for made in self.context.fake.made if made.call == "instance_shutdown"]
        assert isinstance(made.request, InstanceShutdown)
        self.assertEqual(made.request.timeout, 40.0)
        self.assertFalse(self.runs)

    def test_rests(self) -> None:
        """The wait is one that a stop of the daemon may interrupt."""
        self.run_op(OpInstanceShutdown(instance_name=VM, timeout=30))
        self.assertEqual(self.context.rests, [[30.0]])

    def test_by_user(self) -> None:
        """It can only be marked as shut down by its user if it was."""
        op = OpInstanceShutdown(instance_name=VM, admin_state_source="user")
        self.assertIn("not shut down by its user", self.refusal(op))
        self.context.world.guests[NODE1, VM] = InstanceState(VM, 128, 1, "shutdown")
        self.run_op(op)
        self.assertEqual(self.instance().admin_state_source, "user")

    def test_offline_node(self) -> None:
        """With its node offline it is only marked, and only when that is asked for."""
        self.set_node(1, offline=True)
        self.assertIn("is offline", self.refusal(OpInstanceShutdown(instance_name=VM)))
        self.run_op(OpInstanceShutdown(instance_name=VM, ignore_offline_nodes=True))
        self.assertEqual(self.instance().admin_state, "down")


class RebootTests(StateTestCase):
    """OP_INSTANCE_REBOOT."""

    start = True

    def test_kinds(self) -> None:
        """Soft and hard are one call; full is a stop and a start."""
        expected = {
            "soft": ["instance_info", "instance_reboot"],
            "hard": ["instance_info", "instance_reboot"],
            "full": ["instance_info", "instance_shutdown", "blockdev_shutdown",
                     "blockdev_assemble", "instance_start"],
        }  # fmt: skip
        for kind, calls in expected.items():
            self.context.fake.made.clear()
            self.run_op(OpInstanceReboot(instance_name=VM, reboot_type=kind))  # type: ignore[arg-type]  # the kinds
            self.assertEqual([made.call for made in self.context.fake.made], calls)
        self.assertTrue(self.runs)

    def test_stopped(self) -> None:
        """One that does not run is started and marked up."""
        self.run_op(OpInstanceShutdown(instance_name=VM))
        self.run_op(OpInstanceReboot(instance_name=VM, reboot_type="soft"))
        self.assertEqual((self.state, self.runs), (("up", True), True))

    def test_failed(self) -> None:
        """When it can't be started again its disks are down, and the error says so."""
        self.broken("instance_start")
        op = OpInstanceReboot(instance_name=VM, reboot_type="full")
        self.assertIn("was stopped, but", self.refusal(op, errors.OpExecError))
        self.assertEqual(self.state, ("up", False))


class RemoveTests(StateTestCase):
    """OP_INSTANCE_REMOVE."""

    start = True

    def test_remove(self) -> None:
        """Nothing is left on the node or in the configuration."""
        self.run_op(OpInstanceRemove(instance_name=VM))
        self.assertEqual(self.context.world.seen(), ({}, set(), {}, set()))
        self.assertEqual((self.context.cluster.instances, self.context.cluster.disks), ({}, {}))

    def test_failures(self) -> None:
        """A failure stops it; with ignore_failures it is only told."""
        self.broken("blockdev_remove")
        self.assertIn(
            "failed", self.refusal(OpInstanceRemove(instance_name=VM), errors.RemoteError)
        )
        self.assertIn(VM, self.context.cluster.indexes.instance_names)
        self.run_op(OpInstanceRemove(instance_name=VM, ignore_failures=True))
        self.assertEqual(self.context.cluster.instances, {})
        self.assertTrue(any("WARNING" in line for line in self.context.logged))

    def test_offline_node(self) -> None:
        """Disks on an offline node can't be removed."""
        self.set_node(1, offline=True)
        self.assertIn("--ignore-failures", self.refusal(OpInstanceRemove(instance_name=VM)))

    def test_hooks(self) -> None:
        """Before on the master alone, afterwards on the instance's nodes too."""
        hooks = self.hooks(OpInstanceRemove(instance_name=VM, shutdown_timeout=5))
        assert hooks is not None
        self.assertEqual((hooks.pre_nodes, hooks.post_nodes), ((NODE1,), (NODE1,)))
        self.assertEqual(hooks.env["SHUTDOWN_TIMEOUT"], "5")


class CancelTests(UnitTestCase):
    """A cancelled wait."""

    def test_shutdown(self) -> None:
        """Cancelling the wait for the guest ends the operation there."""
        self.add()

        async def forever(node: str, request: Any) -> Any:
            await Deferred()

        self.context.fake.handlers["instance_shutdown"] = forever
        op = OpInstanceShutdown(instance_name=VM)
        work = Deferred.fromCoroutine(run(self.unit(op), op, self.context))
        self.assertNoResult(work)
        work.cancel()
        self.failureResultOf(work, CancelledError)

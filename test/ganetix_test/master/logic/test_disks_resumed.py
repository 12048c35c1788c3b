"""Operations on disks go on after a restart of the master daemon, to the same end as without it."""

from collections.abc import Mapping
from typing import Any, Final

import attrs
import msgspec
from twisted.internet.defer import CancelledError, Deferred

from ganetix.opcodes.base import OpCode
from ganetix.opcodes.instance import OpInstanceSetParams
from ganetix.opcodes.instance_disks import (
    OpInstanceActivateDisks,
    OpInstanceGrowDisk,
    OpInstanceRecreateDisks,
    OpInstanceReplaceDisks,
)
from ganetix.rpc.tables.storage import MirrorState
from ganetix.testing.logic import LogicContext, run
from ganetix_test.master.logic.test_drbd_disks import NAME, DiskTestCase, creation

SYNCING: Final = MirrorState(True, "ok", 40.0, 70)
PLAIN: Final = {"disk_template": "plain", "snode": None}
STOPPED: Final = {"start": False}


@attrs.frozen
class Case:
    """*op* on an instance that is made with *made* (None: there is none)."""

    op: OpCode
    made: dict[str, Any] | None
    lost: bool = False
    """Whether all disks were lost before."""


CASES: Final[dict[str, Case]] = {
    "create": Case(creation(), None),
    "create plain": Case(creation(**PLAIN), None),
    "activate": Case(OpInstanceActivateDisks(instance_name=NAME, wait_for_sync=True), STOPPED),
    "grow": Case(OpInstanceGrowDisk(instance_name=NAME, disk=0, amount=512), {}),
    "grow to a size": Case(
        OpInstanceGrowDisk(instance_name=NAME, disk=0, amount=1536, absolute=True), {}
    ),
    "grow stopped": Case(OpInstanceGrowDisk(instance_name=NAME, disk=0, amount=512), STOPPED),
    "replace on secondary": Case(
        OpInstanceReplaceDisks(instance_name=NAME, mode="replace_on_secondary"), {}
    ),
    "replace stopped": Case(
        OpInstanceReplaceDisks(instance_name=NAME, mode="replace_on_primary"), STOPPED
    ),
    "new secondary": Case(
        OpInstanceReplaceDisks(
            instance_name=NAME, mode="replace_new_secondary", remote_node="node3"
        ),
        {},
    ),
    "new secondary stopped": Case(
        OpInstanceReplaceDisks(
            instance_name=NAME, mode="replace_new_secondary", remote_node="node3"
        ),
        STOPPED,
    ),
    "recreate": Case(OpInstanceRecreateDisks(instance_name=NAME), STOPPED, lost=True),
    "recreate elsewhere": Case(
        OpInstanceRecreateDisks(instance_name=NAME, nodes=["node2", "node3"]), STOPPED, lost=True
    ),
    "add": Case(OpInstanceSetParams(instance_name=NAME, disks=[("add", -1, {"size": 1024})]), {}),
    "add stopped": Case(
        OpInstanceSetParams(instance_name=NAME, disks=[("add", -1, {"size": 1024})]), STOPPED
    ),
    "to a mirror": Case(
        OpInstanceSetParams(instance_name=NAME, disk_template="drbd", remote_node="node2"),
        {**PLAIN, **STOPPED},
    ),
    "file to a mirror": Case(
        OpInstanceSetParams(instance_name=NAME, disk_template="drbd", remote_node="node2"),
        {**PLAIN, **STOPPED, "disk_template": "file"},
    ),
}


def bare(rows: Mapping[str, Any]) -> list[Any]:
    """Return objects of the configuration without when and how often they were changed."""
    return [msgspec.structs.replace(row, mtime=0.0, serial_no=0) for row in rows.values()]


class ResumeTests(DiskTestCase):
    """Restarts while new disks are synced."""

    def prepared(self, case: Case) -> LogicContext:
        """Return a world in which the case can begin, and in which everything syncs for a while."""
        context = LogicContext(self.cluster())
        if case.made is not None:
            self.run_op(creation(**case.made), context)
        if case.lost:
            context.world.disks.clear()
        context.logged.clear()
        context.world.mirrors.wiped.clear()
        context.rests.clear()
        context.world.mirrors.ahead = [SYNCING] * 3
        return context

    def begun(self, case: Case, context: LogicContext) -> Deferred[Any]:
        """Begin the opcode."""
        return Deferred.fromCoroutine(run(self.unit(case.op), case.op, context))

    def end(self, context: LogicContext, result: Any) -> Any:
        """Return everything that must be the same."""
        return (
            context.world.seen(), bare(context.cluster.disks), bare(context.cluster.instances),
            context.cluster.cluster.tcpudp_port_pool, result,
        )  # fmt: skip

    def whole(self, case: Case) -> Any:
        """Return how the case ends without a restart."""
        context = self.prepared(case)
        work = self.begun(case, context)
        context.reactor.pump([7.0] * 5)
        return self.end(context, self.successResultOf(work))

    def interrupted(self, case: Case, context: LogicContext) -> bool:
        """Begin the case, and stop the daemon where it first waits; whether it waited at all."""
        work = self.begun(case, context)
        if work.called:
            self.successResultOf(work)
            return False
        work.cancel()
        self.failureResultOf(work, CancelledError)
        context.resumed = context.rests[-1]
        return True

    def check(self, case: Case) -> bool:
        """Compare the case with and without a restart; whether it rests at all."""
        context = self.prepared(case)
        if not self.interrupted(case, context):
            return False
        work = self.begun(case, context)
        context.reactor.pump([7.0] * 5)
        self.assertEqual(self.end(context, self.successResultOf(work)), self.whole(case))
        return True

    def test_to_the_same_end(self) -> None:
        """Restarted while it waits for a sync, each ends as without that."""
        rested = set()
        for name, case in CASES.items():
            with self.subTest(name):
                if self.check(case):
                    rested.add(name)
        self.assertEqual(set(CASES) - rested, {"create plain", "recreate", "recreate elsewhere"})

    def test_failure_after_a_restart(self) -> None:
        """What does not sync after a restart ends with a remedy, and inactive disks are down."""
        for name in ("grow stopped", "replace stopped", "new secondary stopped", "add stopped"):
            with self.subTest(name):
                context = self.prepared(CASES[name])
                self.assertTrue(self.interrupted(CASES[name], context))
                context.world.mirrors.ahead = [MirrorState(True, "ok")] * 20
                work = self.begun(CASES[name], context)
                context.reactor.pump([1.0] * 30)
                self.assertIn("activate-disks", str(self.failureResultOf(work).value))
                self.assertEqual(context.world.assembled, set())

    def test_what_stays_is_told(self) -> None:
        """Before the wait the log names what goes only after it."""
        for name in ("replace on secondary", "new secondary", "file to a mirror"):
            with self.subTest(name):
                context = self.prepared(CASES[name])
                self.assertTrue(self.interrupted(CASES[name], context))
                self.assertIn("until all is in sync", "\n".join(context.logged))


class WipeTests(ResumeTests):
    """The same where new disks are wiped first: a restart in the middle of that."""

    def settings(self) -> dict[str, Any]:
        """Return the setting."""
        return {"prealloc_wipe_disks": True}

    def interrupted(self, case: Case, context: LogicContext) -> bool:
        """Stop the daemon when the third part is wiped, or where it first waits without that."""
        parts = 0

        def third(node: str, call: str) -> None:
            nonlocal parts
            parts += call == "blockdev_wipe"
            if call == "blockdev_wipe" and parts == 3:
                raise CancelledError

        context.world.before = third
        work = self.begun(case, context)
        if not parts:
            work.cancel()
        self.failureResultOf(work, CancelledError)
        context.world.before = LogicContext(context.cluster).world.before
        context.resumed = context.rests[-1]
        return True

    def end(self, context: LogicContext, result: Any) -> Any:
        """Return everything that must be the same, and where and how much was wiped."""
        wiped = context.world.mirrors.wiped
        begin, size = min(row[1] for row in wiped or [("", 0, 0)]), sum(row[2] for row in wiped)
        self.assertEqual(len({row[1] for row in wiped}), len(wiped))
        return super().end(context, result), begin, size

    def test_to_the_same_end(self) -> None:
        """Restarted in the middle of a disk, each ends as without that."""
        for name, case in CASES.items():
            with self.subTest(name):
                self.check(case)

"""A disk that turns out to be full in the middle of it: a clear error, and a clean state."""

from typing import Any, Final

from twisted.internet.defer import Deferred

from ganetix import errors
from ganetix.model.cluster import Cluster
from ganetix.opcodes.backup import OpBackupExport
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.instance import OpInstanceSetParams
from ganetix.opcodes.instance_disks import OpInstanceGrowDisk, OpInstanceReplaceDisks
from ganetix.opcodes.instance_state import OpInstanceMove
from ganetix.testing.logic import LogicContext, run, three_nodes
from ganetix.testing.transfers import TransferWorld
from ganetix_test.master.logic.cases import UnitTestCase
from ganetix_test.master.logic.test_disks_resumed import bare
from ganetix_test.master.logic.test_drbd_disks import NAME, NODE1, NODE2, NODE3, creation

PLAIN: Final = {"disk_template": "plain", "snode": None}
FILE: Final = {"disk_template": "file", "snode": None}
DOWN: Final = {"start": False}
FULL: Final = "Volume group xenvg has insufficient free space."
NO_SPACE: Final = "No space left on device."


def change(**fields: Any) -> OpInstanceSetParams:
    """Return a change of the instance."""
    return OpInstanceSetParams(instance_name=NAME, **fields)


ADD: Final = change(disks=[("add", -1, {"size": 1024})])
GROW: Final = OpInstanceGrowDisk(instance_name=NAME, disk=0, amount=512)
REPLACE: Final = OpInstanceReplaceDisks(instance_name=NAME, mode="replace_on_secondary")
NEW_SECONDARY: Final = OpInstanceReplaceDisks(
    instance_name=NAME, mode="replace_new_secondary", remote_node="node3"
)
EXPORT: Final = OpBackupExport(instance_name=NAME, target_node="node3", shutdown=False)

CASES: Final[list[tuple[OpCode, dict[str, Any] | None, str, str, str]]] = [
    (creation(), None, NODE2, "blockdev_create", FULL),
    (creation(**PLAIN), None, NODE1, "blockdev_create", FULL),
    (creation(**FILE), None, NODE1, "file_storage_dir_create", NO_SPACE),
    (creation(**FILE), None, NODE1, "blockdev_create", NO_SPACE),
    (creation(**FILE), None, NODE1, "instance_os_add", NO_SPACE),
    (ADD, {}, NODE2, "blockdev_create", FULL),
    (ADD, PLAIN, NODE1, "blockdev_create", FULL),
    (ADD, FILE, NODE1, "blockdev_create", NO_SPACE),
    (GROW, PLAIN, NODE1, "blockdev_grow", FULL),
    (GROW, FILE, NODE1, "blockdev_grow", NO_SPACE),
    (REPLACE, {}, NODE2, "blockdev_create", FULL),
    (NEW_SECONDARY, {}, NODE3, "blockdev_create", FULL),
    (change(disk_template="file"), {**PLAIN, **DOWN}, NODE1, "blockdev_convert", NO_SPACE),
    (change(disk_template="plain"), {**FILE, **DOWN}, NODE1, "blockdev_create", FULL),
    (
        change(disk_template="drbd", remote_node="node2"), {**PLAIN, **DOWN}, NODE2,
        "blockdev_create", FULL,
    ),
    (OpInstanceMove(instance_name=NAME, target_node="node3"), {**FILE, **DOWN}, NODE3,
     "blockdev_create", NO_SPACE),
    (EXPORT, {}, NODE1, "blockdev_snapshot", FULL),
]  # fmt: skip
"""Operation, what its instance is made with, the full node, the call that fails, and its words."""


class FullTests(UnitTestCase):
    """Every template, wherever it makes something."""

    def cluster(self) -> Cluster:
        """See `UnitTestCase`."""
        return three_nodes(
            enabled_disk_templates=["drbd", "plain", "file", "diskless"], volume_group_name="xenvg"
        )

    def test_full(self) -> None:
        """The error names node and reason, nothing is left, and with room again it works."""
        for op, fields, node, call, words in CASES:
            with self.subTest(f"{type(op).__name__} {call} {node[-1]}"):
                context = LogicContext(self.cluster(), handlers=dict(TransferWorld().handlers()))
                if fields is not None:
                    self.run_op(creation(**fields), context)
                seen, state = context.world.seen(), context.cluster
                context.world.before = self.full(node, call, words)
                work = Deferred.fromCoroutine(run(self.unit(op), op, context))
                error = self.failureResultOf(work, errors.GanetiError).value
                self.assertIn(words, error.message)
                self.assertIn(state.nodes[node].name, error.message)
                self.assertEqual(context.world.seen(), seen)
                self.assertEqual(bare(context.cluster.disks), bare(state.disks))
                self.assertEqual(bare(context.cluster.instances), bare(state.instances))
                context.world.before = LogicContext(state).world.before
                self.run_op(op, context)

    def full(self, full: str, noticed: str, words: str) -> Any:
        """Return what lets call *noticed* of the node *full* fail."""

        def before(node: str, call: str) -> None:
            if (node, call) == (full, noticed):
                raise errors.BlockDeviceError(words)

        return before

"""OP_BACKUP_EXPORT with zero_free_space: a helper machine runs before the disks are dumped."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from twisted.internet.defer import Deferred

from ganetix import errors
from ganetix.model.cluster import Cluster
from ganetix.opcodes.backup import OpBackupExport
from ganetix.opcodes.cluster import OpClusterSetParams
from ganetix.opcodes.instance_state import OpInstanceShutdown
from ganetix.testing.logic import LogicContext, node_uuid, run, three_nodes
from ganetix.testing.transfers import TransferWorld
from ganetix_test.master.logic.cases import UnitTestCase

NAME = "vm1.example.com"
IMAGE = "/srv/zero.img"


class ZeroingTestCase(UnitTestCase):
    """An instance of 3 GiB that runs on node1; the image has 10 MiB and a bit."""

    hypervisor = "fake"
    enabled_user_shutdown = False
    hvparams: Mapping[str, Any] = MappingProxyType({})

    def cluster(self) -> Cluster:
        """See `UnitTestCase`."""
        return three_nodes(
            zeroing_image=IMAGE,
            enabled_hypervisors=[self.hypervisor],
            enabled_disk_templates=["file", "plain"],
            volume_group_name="xenvg",
            enabled_user_shutdown=self.enabled_user_shutdown,
        )

    def setUp(self) -> None:
        """Create it."""
        super().setUp()
        handlers = dict(TransferWorld().handlers())
        self.context = LogicContext(self.cluster(), handlers=handlers)
        self.world = self.context.world
        self.world.mirrors.images[IMAGE] = 10 * 1024 * 1024 + 1
        self.create("file")

    def create(self, template: str) -> None:
        """Create the instance with disks of *template*."""
        self.context.world.disks.clear()
        self.context.world.guests.clear()
        disks = [{"size": 1024}, {"size": 2048}]
        self.add(NAME, disks=disks, disk_template=template, hvparams=dict(self.hvparams))

    def op(self, **fields: Any) -> OpBackupExport:
        """Return the export."""
        given = {"zero_free_space": True, "long_sleep": True, **fields}
        return OpBackupExport(instance_name=NAME, target_node="node2", **given)

    def begin(self, **fields: Any) -> Deferred[Any]:
        """Begin the export, up to where the helper machine runs."""
        op = self.op(**fields)
        wait = Deferred.fromCoroutine(run(self.unit(op), op, self.context))
        self.assertNoResult(wait)
        return wait

    def power_off(self) -> None:
        """Let the helper machine switch itself off, and be seen."""
        del self.world.guests[node_uuid(1), NAME]
        self.context.reactor.advance(5)

    def starts(self) -> list[Any]:
        """Return the requests that started machines since the instance was created."""
        made = [one for one in self.context.fake.made if one.call == "instance_start"]
        return [one.request for one in made[1:]]


class ZeroingTests(ZeroingTestCase):
    """Exports of an instance whose machine can be the helper machine."""

    def test_whole(self) -> None:
        """The helper boots its own disk beside the others; then the instance runs as before."""
        before = self.world.seen()
        wait = self.begin()
        [helper] = self.starts()
        self.assertEqual([disk.size for disk in helper.spec.disks], [11, 1024, 2048])
        self.assertEqual(helper.spec.disks[0].iv_name, "disk/2")
        self.assertEqual(helper.spec.nics, [])
        self.assertIn((node_uuid(1), "image", IMAGE), self.world.mirrors.done)
        self.power_off()
        self.assertEqual(self.successResultOf(wait), [True, [True, True]])
        [_, again] = self.starts()
        self.assertEqual(len(again.spec.disks), 2)
        self.assertEqual(self.world.seen(), before)
        self.assertEqual(self.context.pending, [])

    def test_stays_down(self) -> None:
        """An instance that was down is down afterwards; nothing of the helper is left."""
        self.run_op(OpInstanceShutdown(instance_name=NAME))
        before = self.world.seen()
        wait = self.begin()
        self.power_off()
        self.successResultOf(wait)
        self.assertEqual(self.world.seen(), before)

    def test_time(self) -> None:
        """It has the fixed time and that for each MiB; then it is stopped, and the export fails."""
        before = self.world.seen()
        wait = self.begin(zeroing_timeout_fixed=10, zeroing_timeout_per_mib=0.01)
        self.context.reactor.pump([5] * 8)
        self.assertNoResult(wait)
        self.context.reactor.advance(5)
        words = self.failureResultOf(wait, errors.OpExecError).value.message
        self.assertIn("within 41 s", words)
        self.assertEqual(self.world.seen(), before, "the instance runs again")

    def test_default_time(self) -> None:
        """Without a word 300 s and 50 ms for each MiB."""
        wait = self.begin()
        self.context.reactor.pump([5] * 90)
        self.assertNoResult(wait)
        self.context.reactor.advance(5)
        self.failureResultOf(wait, errors.OpExecError)

    def test_volumes(self) -> None:
        """The helper's disk is in the volume group of the instance's own."""
        self.context.state = self.cluster()
        self.create("plain")
        wait = self.begin()
        disk = self.starts()[-1].spec.disks[0]
        self.assertEqual((disk.dev_type, disk.logical_id[0]), ("plain", "xenvg"))
        self.power_off()
        self.successResultOf(wait)

    def test_copy_fails(self) -> None:
        """An image that can't be written fails the export before a machine starts."""
        before = self.world.seen()
        self.world.mirrors.images[IMAGE] = 0
        self.assertIn("is empty", self.refusal(self.op()))
        del self.world.mirrors.images[IMAGE]
        self.assertIn("is not there on node node1", self.refusal(self.op()))
        self.assertEqual(self.world.seen(), before)

    def test_refused(self) -> None:
        """What can't be is refused in words before the instance is stopped."""
        self.assertIn("--noshutdown", self.refusal(self.op(shutdown=False)))
        for image, words in (("http://a.example/i", "a file of the node"), ("", "has no image")):
            self.run_op(OpClusterSetParams(zeroing_image=image))
            self.assertIn(words, self.refusal(self.op()))
        self.assertEqual(self.starts(), [])


class KvmTests(ZeroingTests):
    """The same for an instance of KVM that may switch itself off."""

    hypervisor = "kvm"
    enabled_user_shutdown = True
    hvparams = MappingProxyType({"kernel_path": "", "user_shutdown": True})


class MachineTests(ZeroingTestCase):
    """Instances of KVM whose machine can't be the helper machine."""

    hypervisor = "kvm"

    def test_refused(self) -> None:
        """Each is refused with the command that mends it."""
        for hvparams, words in (
            ({"boot_order": "network"}, "-H boot_order=disk"),
            ({}, "-H kernel_path= vm1"),
            ({"kernel_path": ""}, "--user-shutdown yes"),
        ):
            self.context.state = self.cluster()
            self.hvparams = hvparams
            self.create("file")
            self.assertIn(words, self.refusal(self.op()))

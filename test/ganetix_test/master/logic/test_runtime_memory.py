"""The memory of a running instance: within its bounds, if the node has it."""

from typing import Any

from ganetix import errors
from ganetix.opcodes.instance import OpInstanceSetParams
from ganetix.opcodes.instance_state import OpInstanceShutdown
from ganetix.testing.logic import node_uuid
from ganetix_test.master.logic.cases import UnitTestCase

VM = "vm1.example.com"
HERE = (node_uuid(1), VM)


class RuntimeMemoryTests(UnitTestCase):
    """A running instance that may have from 128 to 1024 MiB."""

    def setUp(self) -> None:
        """Create it."""
        super().setUp()
        self.add(VM, beparams={"minmem": 128, "maxmem": 1024})
        self.begun = self.context.world.guests[HERE].memory

    def wanting(self, memory: int, **fields: Any) -> OpInstanceSetParams:
        """Return the change to that memory."""
        return OpInstanceSetParams(instance_name=VM, runtime_mem=memory, **fields)

    def test_change(self) -> None:
        """The guest has other memory at once, and its parameters are as before."""
        told = self.run_op(self.wanting(512))
        self.assertEqual(told, [["runtime_memory", 512]])
        self.assertEqual(self.context.world.guests[HERE].memory, 512)
        self.assertEqual(self.instance().beparams, {"minmem": 128, "maxmem": 1024})
        self.assertNotIn("next start", " ".join(self.context.logged))

    def test_bounds(self) -> None:
        """It stays within its bounds, the new ones if they change too, unless it is forced."""
        for memory in (64, 2048):
            self.assertIn("from 128 to 1024 MiB", self.refusal(self.wanting(memory)))
        self.run_op(self.wanting(2048, beparams={"maxmem": 4096}))
        self.assertEqual(self.context.world.guests[HERE].memory, 2048)
        self.run_op(self.wanting(64, force=True))
        self.assertEqual(self.context.world.guests[HERE].memory, 64)

    def test_node(self) -> None:
        """The node must have what comes on top; giving memory back is always possible."""
        self.run_op(self.wanting(256))
        self.context.world.memory[node_uuid(1)] = 300
        self.assertIn("memory free", self.refusal(self.wanting(1024)))
        self.run_op(self.wanting(128))

    def test_refused(self) -> None:
        """An instance that does not run, or whose node is offline, has no memory to change."""
        self.set_node(1, offline=True)
        self.assertIn("is offline", self.refusal(self.wanting(256)))
        self.set_node(1, offline=False)
        self.run_op(OpInstanceShutdown(instance_name=VM))
        self.assertIn("does not run", self.refusal(self.wanting(256)))

    def test_failure(self) -> None:
        """A guest that does not take it fails the job; the other changes are written down."""

        def refuse(node: str, call: str) -> None:
            if call == "instance_balloon_memory":
                raise errors.HypervisorError("It has no balloon.")

        self.context.world.before = refuse
        self.refusal(self.wanting(256, beparams={"vcpus": 2}), errors.HypervisorError)
        self.assertEqual(self.context.world.guests[HERE].memory, self.begun)
        self.assertEqual(self.instance().beparams["vcpus"], 2)

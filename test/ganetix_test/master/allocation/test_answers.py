"""Answers of instance allocators: what fits is taken, anything else is refused in words."""

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.master.allocation.answers import Answers
from ganetix.opcodes.instance_state import OpInstanceMigrate
from ganetix.testing.logic import three_nodes

NODE1, NODE2, NODE3 = (f"node{number}.example.com" for number in (1, 2, 3))
MIGRATE = {"OP_ID": "OP_INSTANCE_MIGRATE", "instance_name": "a", "target_node": NODE2}


class AnswersTests(SynchronousTestCase):
    """The answers of an allocator called dice on a cluster of three nodes."""

    def setUp(self) -> None:
        """Make the reader."""
        self.answers = Answers("dice", three_nodes())

    def refused(self, read: Callable[..., Any], *args: Any) -> str:
        """Return the sentence with which *args* are refused."""
        error = self.assertRaises(errors.OpPrereqError, read, *args)
        self.assertIn("dice", error.message)
        return str(error.message)

    def test_response(self) -> None:
        """A result is taken, also under its old key; a failure says the allocator's own words."""
        for key in ("result", "nodes"):
            found = self.answers.result({"success": True, "info": "", key: [NODE1]})
            self.assertEqual(found, [NODE1])
        told = self.refused(self.answers.result, {"success": False, "info": "all full"})
        self.assertIn("all full", told)

    def test_no_response(self) -> None:
        """What is no response is refused by the field that is wrong."""
        for response, words in (
            ([], "object"),
            ({"info": ""}, "success"),
            ({"success": 1, "info": ""}, "success"),
            ({"success": True, "info": None}, "info"),
            ({"success": True, "info": ""}, "result"),
        ):
            self.assertIn(words, self.refused(self.answers.result, response))
        self.assertIn("JSON", self.refused(self.answers.decoded, b"{"))

    def test_nodes(self) -> None:
        """As many nodes as were wanted, different ones, known and allowed ones."""
        self.assertEqual(self.answers.nodes([NODE2, NODE1], 2), [NODE2, NODE1])
        for result in ("x", [1], [], [NODE1], [NODE1, NODE1], ["nosuch", NODE1]):
            self.refused(self.answers.nodes, result, 2)
        self.assertIn("choose from", self.refused(self.answers.nodes, [NODE1], 1, [NODE2]))

    def test_placements(self) -> None:
        """Every instance is placed or failed; failures come with or without a reason."""
        wanted, every = {"a": 1, "b": 2, "c": 1}, [NODE1, NODE2, NODE3]
        result = [[["a", [NODE1]], ["b", [NODE1, NODE2]]], [["c", "no memory"]]]
        found = self.answers.placements(result, wanted, every)
        self.assertEqual(found.placed, {"a": [NODE1], "b": [NODE1, NODE2]})
        self.assertEqual(found.failed, {"c": "no memory"})
        found = self.answers.placements([[], ["a", "b", "c"]], wanted, every)
        self.assertEqual(sorted(found.failed), ["a", "b", "c"])
        wrong: Any
        for wrong in (
            [], [[], []], [[["a", [NODE1]]], []], [[["x", [NODE1]]], ["a", "b", "c"]],
            [[], ["a", "a", "b", "c"]], [[], [3]], [[["a", NODE1]], ["b", "c"]],
        ):  # fmt: skip
            self.refused(self.answers.placements, wrong, wanted, every)

    def test_evacuation(self) -> None:
        """Moves, failures and jobs are read; only opcodes that move asked instances count."""
        result = [[["a", "default", [NODE2]]], [["b", "no memory"]], [[MIGRATE]]]
        found = self.answers.evacuation(result, ["a", "b"])
        self.assertEqual(found.failed, (("b", "no memory"),))
        self.assertEqual([one.nodes for one in found.moved], [(NODE2,)])
        ((op,),) = found.jobs
        self.assertIsInstance(op, OpInstanceMigrate)
        remove = {"OP_ID": "OP_INSTANCE_REMOVE", "instance_name": "a"}
        wrong: Any
        for wrong in (
            [[], []],
            [[["x", "default", [NODE2]]], [], []],
            [[["a", "default", ["nosuch"]]], [], []],
            [[], [], [[remove]]],
            [[], [], [[{**MIGRATE, "instance_name": "x"}]]],
            [[], [], [[{**MIGRATE, "colour": "red"}]]],
            [[], [], [MIGRATE]],
        ):
            self.refused(self.answers.evacuation, wrong, ["a", "b"])

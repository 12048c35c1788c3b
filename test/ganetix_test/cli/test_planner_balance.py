"""gnt-cluster balance, against a canned cluster."""

import io
import json
from argparse import Namespace
from typing import Any

from ganetix import errors
from ganetix.cli.command import Command
from ganetix.cli.context import Context, World
from ganetix.cli.planner import balance
from ganetix_test.cli.planned import LOCKS, NODES, UNEVEN, PlannerCase, instance, loaded, node
from ganetix_test.cli.scripted import Ran, followed, job_failed


class BalanceTests(PlannerCase):
    """gnt-cluster balance."""

    def test_plan(self) -> None:
        """The moves, their scores, and what becomes of the cluster; nothing is submitted."""
        ran = self.run_command("gnt-cluster balance --plan", *UNEVEN, LOCKS)
        self.assertEqual((ran.code, ran.opcodes()), (0, []), ran.err)
        self.assertIn("Group g1: score", ran.out)
        self.assertIn("failover to any", ran.out)
        self.assertIn("Score afterwards", ran.out)
        [found] = self.values("gnt-cluster balance --plan --format json", *UNEVEN, LOCKS)
        self.assertLess(found["score_after"], found["score_before"])
        self.assertEqual(found["moves"][-1]["score"], found["score_after"])

    def test_balanced(self) -> None:
        """Where no move helps nothing is asked or submitted."""
        answers = loaded(NODES, [])
        ran = self.run_command("gnt-cluster balance", *answers, LOCKS)
        self.assertEqual((ran.code, self.asked), (0, []))
        self.assertIn("No move", ran.out)

    def test_locked(self) -> None:
        """Instances that a job works on are left alone."""
        locks = {"fields": [], "data": [
            [[0, "instance/a"], [0, "exclusive"], [0, ["job 7"]]],
            [[0, "instance/b"], [0, "shared"], [0, ["job 8"]]],
        ]}  # fmt: skip
        ran = self.run_command("gnt-cluster balance --plan --format json", *UNEVEN, locks)
        self.assertIn("Instance a is not moved", ran.err)
        [found] = json.loads(ran.out)
        self.assertEqual({one["instance"] for one in found["moves"]}, {"b"})

    def six(self) -> list[Any]:
        """Answers for a cluster that takes several sets of moves."""
        nodes = [node(1, 3072), node(2), node(3), node(4)]
        return [
            *loaded(nodes, [instance(name, "node1") for name in ("a", "b", "c")]), LOCKS,
        ]  # fmt: skip

    def test_run(self) -> None:
        """Jobs of a later set wait for those of the set before it, and are followed."""
        plan = self.values("gnt-cluster balance --plan --format json", *self.six())[0]
        count = len(plan["moves"])
        self.assertGreater(count, 1)
        ran = self.run_command(
            "gnt-cluster balance -f --priority low", *self.six(),
            [[True, 10 + n] for n in range(count)],
            *(answer for _ in range(count) for answer in followed()),
        )  # fmt: skip
        self.assertEqual(ran.code, 0, ran.err)
        self.assertIn(f"All {count} moves were made.", ran.out)
        ops = ran.opcodes()
        self.assertEqual({op["OP_ID"] for op in ops}, {"OP_INSTANCE_MIGRATE"})
        self.assertEqual({op["priority"] for op in ops}, {10})
        self.assertTrue(all(op["comment"].startswith("gnt-cluster balance: ") for op in ops))
        for at, (op, move) in enumerate(zip(ops, plan["moves"], strict=True)):
            before = [n for n, one in enumerate(plan["moves"]) if one["set"] == move["set"] - 1]
            expected = [[n - at, ["success"]] for n in before]
            self.assertEqual(op.get("depends", []), expected)

    def test_asked(self) -> None:
        """Without -f it asks; a no submits nothing."""
        ran = self.run_command("gnt-cluster balance", *UNEVEN, LOCKS)
        self.assertEqual((ran.code, ran.opcodes()), (1, []))
        self.assertIn("Submit", self.asked[0])

    def test_failed(self) -> None:
        """A move that fails is told with what remains."""
        plan = self.values("gnt-cluster balance --plan --format json", *UNEVEN, LOCKS)[0]
        (move,) = plan["moves"]
        ran = self.run_command(
            "gnt-cluster balance -f", *UNEVEN, LOCKS, [[True, 7]],
            *job_failed(errors.OpExecError("no memory"))[1:],
        )  # fmt: skip
        self.assertEqual(ran.code, 1)
        self.assertIn(f"0 of 1 moves were made. Not moved: {move['instance']}.", ran.err)

    def test_submit(self) -> None:
        """With --submit the numbers are told and nothing is followed."""
        ran = self.run_command("gnt-cluster balance -f --submit", *UNEVEN, LOCKS, [[True, 7]])
        self.assertEqual((ran.code, ran.err), (0, "JobID: 7\n"))

    def test_interrupted(self) -> None:
        """An interrupt cancels what has not begun."""
        asked: list[tuple[Any, ...]] = []

        class Interrupted(Context):
            """A context whose user loses patience."""

            def call(self, method: str, *args: Any) -> Any:
                """Answer, or be interrupted."""
                asked.append((method, *args))
                if method == "WaitForJobChange":
                    raise KeyboardInterrupt
                ops = [{"comment": "gnt-cluster balance: a"}]
                data = [[[0, 7], [0, ops], [0, ["waiting"]]]]
                return {
                    "SubmitManyJobs": [[True, 7]],
                    "Query": {"data": data},
                    "CancelJob": [True, "Job 7 canceled."],
                }[method]

        out, err = io.StringIO(), io.StringIO()
        world = World(
            self.environ, "node1", io.StringIO(), out, err, lambda path, timeout: None,
            lambda question: None, lambda: 0,
        )  # fmt: skip
        context = Interrupted(world, "gnt-cluster", "balance", Command("x:y", "Test."))
        options = Namespace(print_jobid=False, submit_only=False)
        self.assertEqual(balance.run(context, options, [balance.Move("a", [])]), 1)
        self.assertIn("Job 7 canceled.", out.getvalue())
        self.assertIn("Interrupted", err.getvalue())
        self.assertEqual(asked[-1], ("CancelJob", 7))

    def abort(self, *jobs: tuple[int, str, str], answers: tuple[Any, ...] = ()) -> Ran:
        """Run --abort while there are these (job, comment, state of the first opcode)."""
        data = [
            [[0, number], [0, [{"comment": text}] * 2], [0, [state, "queued"]]]
            for number, text, state in jobs
        ]
        return self.run_command("gnt-cluster balance --abort", {"data": data}, *answers)

    def test_abort(self) -> None:
        """Only jobs of a balancing are cancelled, the last first; what runs is named."""
        ran = self.abort(
            (6, "gnt-cluster balance: a", "success"), (7, "gnt-cluster balance: b", "waiting"),
            (8, "gnt-cluster balance: c", "queued"), (9, "mine", "queued"),
            answers=([True, "Job 8 canceled."], [False, "Job 7 runs."]),
        )  # fmt: skip
        self.assertEqual([args for _, args in ran.requests[1:]], [[8], [7]])
        self.assertIn("not cancelled: job(s) 6, 7", ran.out)
        self.assertEqual(ran.code, 0)
        self.assertIn("No balancing", self.abort((9, "mine", "queued")).out)

    def test_groups(self) -> None:
        """All groups are balanced, or the one that is named; another is refused."""
        nodes = [*NODES, node(4, 0, "g2")]
        answers = loaded(nodes, [instance("a", "node1"), instance("b", "node1")], ("g1", "g2"))
        line = "gnt-cluster balance --plan --format json"
        self.assertEqual(len(self.values(line, *answers, LOCKS)), 2)
        (found,) = self.values(f"{line} -g g2", *answers, LOCKS)
        self.assertEqual((found["group"], found["moves"]), ("g2", []))
        self.assertEqual(self.run_command(f"{line} -g x", *answers, LOCKS).code, 1)

"""The commands that ask the planner: why, capacity, --plan, balance; against a canned cluster."""

import ast
import io
import json
import pathlib
from argparse import Namespace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

import ganetix.cli
from ganetix import errors
from ganetix.cli.command import Command
from ganetix.cli.context import Context, World
from ganetix.cli.planner import balance, capacity
from ganetix.htools import build, room
from ganetix.htools.capacity import Size
from ganetix.htools.queried import GROUP_FIELDS, INSTANCE_FIELDS, NODE_FIELDS
from ganetix.htools.simulate import parse
from ganetix_test.cli.scripted import CommandCase, Ran, followed, job_failed

SMALL = {
    "memory-size": 128, "cpu-count": 1, "disk-size": 1024, "disk-count": 0, "nic-count": 0,
    "spindle-use": 1,
}  # fmt: skip
BIG = {
    "memory-size": 2048, "cpu-count": 4, "disk-size": 8192, "disk-count": 16, "nic-count": 8,
    "spindle-use": 12,
}  # fmt: skip
STANDARD = {**SMALL, "memory-size": 512, "disk-count": 1}
POLICY = {
    "minmax": [{"min": SMALL, "max": BIG}], "std": STANDARD, "vcpu-ratio": 4.0,
    "disk-templates": ["drbd", "sharedfile", "file"], "spindle-ratio": 32.0,
}  # fmt: skip
INFO = {
    "master": "node1", "tags": [], "default_hypervisor": "fake", "ipolicy": POLICY,
    "enabled_disk_templates": ["sharedfile", "file", "drbd"],
    "beparams": {"default": {"maxmem": 512, "vcpus": 1, "spindle_use": 1}},
}  # fmt: skip
Row = dict[str, Any]


def group(name: str) -> Row:
    """A node group."""
    return {"uuid": f"{name}-uuid", "name": name, "alloc_policy": "preferred", "tags": [],
            "ipolicy": POLICY}  # fmt: skip


def node(number: int, used: int = 0, group: str = "g1") -> Row:
    """A node of *group* with 4 GiB of memory, of which *used* MiB are taken."""
    return {
        "name": f"node{number}", "mtotal": 4096, "mnode": 0, "mfree": 4096 - used,
        "dtotal": 40960, "dfree": 40960, "ctotal": 4, "cnos": 1, "offline": False,
        "drained": False, "vm_capable": True, "ndp/spindle_count": 1, "group.uuid": f"{group}-uuid",
        "tags": [], "ndp/exclusive_storage": False, "sptotal": 0, "spfree": 0,
        "ndp/cpu_speed": 1.0,
    }  # fmt: skip


def instance(name: str, home: str, **fields: Any) -> Row:
    """A running instance with 1 GiB of memory, on shared disks unless *fields* say otherwise."""
    return {
        "name": name, "disk_usage": 1024, "be/memory": 1024, "be/vcpus": 1, "status": "running",
        "pnode": home, "snodes": [], "tags": [], "be/auto_balance": True,
        "disk_template": "sharedfile", "be/spindle_use": 1, "disk.sizes": [1024],
        "disk.spindles": [None], "forthcoming": False, **fields,
    }  # fmt: skip


def rows(fields: tuple[str, ...], objects: list[Row]) -> Row:
    """The answer to a query."""
    return {"fields": [], "data": [[[0, one[field]] for field in fields] for one in objects]}


def loaded(nodes: list[Row], instances: list[Row], groups: tuple[str, ...] = ("g1",)) -> list[Any]:
    """The answers to the questions of the planner, in order."""
    return [
        rows(GROUP_FIELDS, [group(name) for name in groups]),
        rows(NODE_FIELDS, nodes),
        rows(INSTANCE_FIELDS, instances),
        INFO,
    ]


NODES = [node(1, 2048), node(2), node(3)]
UNEVEN = loaded(NODES, [instance("a", "node1"), instance("b", "node1")])
LOCKS: Row = {"fields": [], "data": []}


class PlannerCase(CommandCase):
    """Runs commands; JSON is read."""

    def values(self, line: str, *answers: Any) -> Any:
        """Run *line* with --format json and return what it prints."""
        ran = self.run_command(f"{line}", *answers)
        self.assertEqual(ran.code, 0, ran.err)
        return json.loads(ran.out)


class ImportTests(SynchronousTestCase):
    """Who loads the planner."""

    def test_only_these(self) -> None:
        """No other command's module imports the planner, not even through these."""
        top = pathlib.Path(str(ganetix.cli.__file__)).parent
        for path in sorted(top.glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                for name in names:
                    heavy = ("ganetix.htools", "ganetix.cli.planner", "ganetix.cli.htools")
                    self.assertFalse(name.startswith(heavy), (path.name, name))


class WhyTests(PlannerCase):
    """gnt-instance why."""

    def test_text(self) -> None:
        """The place, the score, better places first, and how to move are told."""
        ran = self.run_command("gnt-instance why a", *UNEVEN)
        self.assertEqual(ran.code, 0, ran.err)
        self.assertIn("Instance a is on node1 in group g1.\n", ran.out)
        self.assertIn("Of the 2 other possible places 2 would be better.\n", ran.out)
        self.assertIn("better by", ran.out)
        self.assertIn("gnt-instance migrate -n NODE a", ran.out)

    def test_impossible(self) -> None:
        """What other places lack is told, and what another group has to offer."""
        nodes = [node(1, 1024), node(2, 4000), node(3, 0, "g2"), node(4, 0, "g2")]
        answers = loaded(nodes, [instance("a", "node1", disk_template="file")], groups=("g1", "g2"))
        ran = self.run_command("gnt-instance why a", *answers)
        self.assertIn("no other place for it in its group", ran.out)
        self.assertIn("  node2: not enough memory.\n", ran.out)
        self.assertIn("In group g2 the best place is node", ran.out)
        self.assertIn("gnt-instance move", ran.out)

    def test_json(self) -> None:
        """Programs get all places."""
        found = self.values("gnt-instance why --format json a", *UNEVEN)
        self.assertEqual((found["nodes"], found["group"]), (["node1"], "g1"))
        self.assertEqual({one["nodes"][0] for one in found["others"]}, {"node2", "node3"})
        self.assertTrue(all(one["score"] < found["score"] for one in found["others"]))

    def test_unknown(self) -> None:
        """An instance that is not there is named."""
        ran = self.run_command("gnt-instance why x", *UNEVEN)
        self.assertEqual(ran.code, 1)
        self.assertIn("no instance x", ran.err)


class CapacityTests(PlannerCase):
    """gnt-cluster capacity."""

    def test_text(self) -> None:
        """How many fit, of which sizes, what runs out; no chart where there is no terminal."""
        ran = self.run_command("gnt-cluster capacity", *UNEVEN, INFO)
        self.assertEqual(ran.code, 0, ran.err)
        self.assertIn("Standard instances of 1 CPU, 512M memory", ran.out)
        self.assertIn("disk template sharedfile", ran.out)
        self.assertIn("first to run out: ", ran.out)
        self.assertIn("not for sharedfile.", ran.out)
        self.assertNotIn("█", ran.out)

    def test_json(self) -> None:
        """Counts and resources; memory bounds what fits with the loss of a node survived."""
        found = self.values("gnt-cluster capacity --format json", *UNEVEN, INFO)
        count = found["standard"]["count"]
        self.assertEqual(found["standard"]["size"]["memory"], 512)
        self.assertGreater(count, 0)
        memory = found["resources"]["memory"]
        self.assertEqual((memory["total"], memory["used"]), (12288, 2048))
        self.assertEqual(memory["used_with_standard"], 2048 + 512 * count)
        self.assertLessEqual(memory["used_with_standard"], 8192)
        sizes = found["tiered"]["sizes"]
        self.assertEqual(sum(one["count"] for one in sizes), found["tiered"]["count"])

    def test_template(self) -> None:
        """Another template is counted when asked for; one that is not enabled is refused."""
        found = self.values("gnt-cluster capacity -t file --format json", *UNEVEN, INFO)
        self.assertEqual(found["disk_template"], "file")
        ran = self.run_command("gnt-cluster capacity -t plain", *UNEVEN, INFO)
        self.assertEqual(ran.code, 1)
        self.assertIn("not enabled", ran.err)

    def test_chart(self) -> None:
        """On a terminal each resource is a bar: used now, used by standard instances, left."""
        cluster, _warnings = build.assemble(parse(["p,2,10G,8G,8"]))
        size = Size(1024, 1024, 1, 1)
        found = room.room(cluster, size, [size], "sharedfile")
        text = list(capacity.lines(found, size, "sharedfile", chart=True))
        bars = [line for line in text if "% used" in line]
        self.assertEqual([line.split()[0] for line in bars], ["memory", "disk", "CPUs"])
        self.assertEqual({len(line.split()[1]) for line in bars}, {capacity.WIDTH})
        self.assertIn("▒", bars[0])

    def test_unhappy(self) -> None:
        """A node that fails N+1 is named, and nothing fits."""
        mirror = instance("a", "node1", disk_template="drbd", snodes=["node2"])
        nodes = [node(1, 1024), node(2, 3500), node(3)]
        ran = self.run_command("gnt-cluster capacity", *loaded(nodes, [mirror]), INFO)
        self.assertIn("Node node2 fails N+1 already", ran.out)
        self.assertIn("0 more fit", ran.out)


class PlanTests(PlannerCase):
    """--plan of evacuations and of instance add."""

    NODE = (["node1", ["a", "b"], []],)

    def test_evacuate_node(self) -> None:
        """What would move where, the scores, and whether N+1 holds; nothing is submitted."""
        ran = self.run_command("gnt-node evacuate --plan node1", [list(self.NODE[0])], *UNEVEN)
        self.assertEqual((ran.code, ran.opcodes()), (0, []), ran.err)
        self.assertIn("Instance From  To\n", ran.out)
        self.assertIn("a        node1 node", ran.out)
        self.assertIn("lower is better", ran.out)
        self.assertIn("survives the loss of any one node", ran.out)
        found = self.values(
            "gnt-node evacuate --plan --format json node1", [list(self.NODE[0])], *UNEVEN
        )
        self.assertEqual([one["instance"] for one in found["moves"]], ["a", "b"])
        self.assertTrue(found["n1_after"])

    def test_stuck(self) -> None:
        """What can't be moved is told, and the exit code is 1."""
        answers = loaded(NODES, [instance("a", "node1", disk_template="file")])
        ran = self.run_command("gnt-node evacuate --plan node1", [list(self.NODE[0])], *answers)
        self.assertEqual(ran.code, 1)
        self.assertIn("a can't be moved", ran.out)

    def test_mirrors(self) -> None:
        """Mirrors go where -n says."""
        mirror = instance("a", "node1", disk_template="drbd", snodes=["node2"])
        answers = loaded([node(1, 1024), node(2), node(3)], [mirror])
        found = self.values(
            "gnt-node evacuate --plan --format json -s -n node3 node2", [["node2", [], ["a"]]],
            *answers,
        )  # fmt: skip
        self.assertEqual(found["moves"][0]["to"], ["node1", "node3"])

    def test_evacuate_group(self) -> None:
        """A group's instances go to the other group; without another there is no plan."""
        nodes = [*NODES, node(4, 0, "g2"), node(5, 0, "g2")]
        answers = loaded(nodes, [instance("a", "node1"), instance("b", "node1")], ("g1", "g2"))
        found = self.values("gnt-group evacuate --plan --format json g1", *answers)
        gone = {home for one in found["moves"] for home in one["to"]}
        self.assertEqual(gone | {"node4", "node5"}, {"node4", "node5"})
        self.assertEqual(len(found["moves"]), 2)
        self.assertEqual(self.run_command("gnt-group evacuate --plan g1", *UNEVEN).code, 1)

    def test_add(self) -> None:
        """Where a new instance would go, and why; or what it would mean on given nodes."""
        line = "gnt-instance add --plan --format json -t file -s 1g -o noop"
        found = self.values(f"{line} c", *UNEVEN, INFO)
        (move,) = found["moves"]
        self.assertEqual((move["instance"], move["from"]), ("c", []))
        self.assertIn(move["to"][0], ("node2", "node3"))
        self.assertIn("the best of", found["reasons"][0])
        found = self.values(f"{line} -n node1 c", *UNEVEN, INFO)
        self.assertEqual(found["moves"][0]["to"], ["node1"])
        line = "gnt-instance add --plan --format json -t drbd -s 1g -o noop -n node3:node1"
        found = self.values(f"{line} c", *UNEVEN, INFO)
        self.assertEqual(found["moves"][0]["to"], ["node3", "node1"])

    def test_add_refused(self) -> None:
        """What fits nowhere, and another allocator than hail, are told."""
        line = "gnt-instance add --plan -t file -s 1g -o noop"
        ran = self.run_command(f"{line} -B memory=1t c", *UNEVEN, INFO)
        self.assertEqual((ran.code, ran.opcodes()), (1, []))
        self.assertIn("FailMem", ran.err)
        ran = self.run_command(f"{line} -I dice c", 1)
        self.assertIn("dice", ran.err)


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

"""The commands that ask the planner: why, capacity, --plan; against a canned cluster."""

import ast
import pathlib

from twisted.trial.unittest import SynchronousTestCase

import ganetix.cli
from ganetix.cli.planner import capacity
from ganetix.htools import build, room
from ganetix.htools.capacity import Size
from ganetix.htools.simulate import parse
from ganetix_test.cli.planned import (
    INFO,
    NODES,
    UNEVEN,
    PlannerCase,
    instance,
    loaded,
    node,
)


class ImportTests(SynchronousTestCase):
    """Who loads the planner."""

    def test_only_these(self) -> None:
        """No other command's module imports the planner, not even through these."""
        top = pathlib.Path(str(ganetix.cli.__file__)).parent
        for path in sorted(top.glob("*.py")):
            for part in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [part.module or ""] if isinstance(part, ast.ImportFrom) else []
                if isinstance(part, ast.Import):
                    names = [alias.name for alias in part.names]
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

"""Plans, capacity and explanations for the commands."""

from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

from ganetix.htools import build, text
from ganetix.htools.capacity import Size, new_instance
from ganetix.htools.faults import PlanError
from ganetix.htools.finder import Targets, targets, try_alloc
from ganetix.htools.model import Cluster, Instance
from ganetix.htools.options import DEFAULT_OPTIONS
from ganetix.htools.plans import balance_plan, explain, explain_around
from ganetix.htools.room import room
from ganetix.htools.score import cluster_score, in_order
from ganetix.htools.search import search
from ganetix.htools.simulate import parse
from ganetix_test.compat.htools.generate import Generated
from ganetix_test.htools.test_text import EXAMPLE


def example() -> Cluster:
    """Return the worked example."""
    return build.assemble(text.parse(EXAMPLE))[0]


def questions() -> Iterator[tuple[Cluster, Instance, Targets]]:
    """Yield clusters with a new instance, mirrored or not, and the places that it may go to."""
    for number in range(40):
        cluster, _w = build.assemble(text.parse(Generated(number, biggest=6).text()))
        for template, needed in (("drbd", 2), ("plain", 1)):
            where = targets(DEFAULT_OPTIONS, in_order(cluster.nodes), needed)
            if where.pairs or where.singles:
                yield cluster, new_instance(Size(1024, 512, 1, 1), template, 1), where


class PlanTests(SynchronousTestCase):
    """What would move where."""

    def test_example(self) -> None:
        """The worked example has one step, with the scores of the reference."""
        plan = balance_plan(example(), 0, search)
        (step,) = plan.steps
        self.assertEqual((step.after.primary, step.after.secondary), (2, 0))
        self.assertAlmostEqual(plan.before.score, 4.55015633, places=8)
        self.assertAlmostEqual(plan.after.score, 0.89113901, places=8)
        self.assertEqual(plan.after.score, cluster_score(plan.nodes))

    def test_empty_group(self) -> None:
        """A group without nodes is refused by its name."""
        cluster = example()
        groups = {**cluster.groups, 1: cluster.groups[0]._replace(idx=1, name="empty")}
        problem = self.assertRaises(
            PlanError, balance_plan, cluster._replace(groups=groups), 1, search
        )
        self.assertIn("empty", str(problem))


class RoomTests(SynchronousTestCase):
    """How much still fits."""

    def test_memory_runs_out(self) -> None:
        """On nodes with little memory, memory is what runs out."""
        cluster, _warnings = build.assemble(parse(["p,4,10T,8G,64"]))
        found = room(cluster, Size(1024, 1024, 1, 1), [Size(1024, 4096, 1, 1)], "drbd")
        self.assertGreater(found.standard.total, 10)
        self.assertEqual(found.standard.limit, "memory")
        self.assertGreater(found.tiered.total, 0)

    def test_disk_runs_out(self) -> None:
        """On nodes with little disk, disk is what runs out."""
        cluster, _warnings = build.assemble(parse(["p,4,20G,512G,64"]))
        found = room(cluster, Size(5120, 512, 1, 1), [Size(5120, 512, 1, 1)], "drbd")
        self.assertEqual(found.standard.limit, "disk")
        self.assertEqual(found.standard.total, 6)
        self.assertEqual(found.standard.after.instances, found.before.instances + 6)

    def test_no_room(self) -> None:
        """Without nodes there is no room; with a node that can't be lost there is none either."""
        cluster, _warnings = build.assemble(parse(["u,4,20G,512G,64"]))
        self.assertEqual(room(cluster, Size(1, 1, 1, 1), [], "plain").standard.total, 0)
        cluster = example()
        nodes = {idx: node._replace(fail_n1=idx == 1) for idx, node in cluster.nodes.items()}
        found = room(cluster._replace(nodes=nodes), Size(1, 1, 1, 1), [], "plain")
        self.assertEqual(found.unhappy, (nodes[1].name,))
        self.assertEqual(found.standard.total, 0)


class ExplainTests(SynchronousTestCase):
    """Why an instance goes where it goes."""

    def test_first_is_taken(self) -> None:
        """The first explained place is the one that the allocator takes, with its score."""
        for cluster, inst, where in questions():
            found = try_alloc(DEFAULT_OPTIONS, cluster.nodes, cluster.instances, inst, where)
            reasons = explain(DEFAULT_OPTIONS, cluster.nodes, cluster.instances, inst, where)
            if found.place is None:
                self.assertTrue(all(reason.lacks for reason in reasons))
                continue
            names = tuple(node.name for node in found.place.nodes)
            self.assertEqual(reasons[0].nodes, names)
            self.assertEqual(reasons[0].score, found.place.metric)

    def test_around(self) -> None:
        """Of many places those near the chosen one have the same scores and lacks, roughly."""
        compared = 0
        for cluster, inst, where in questions():
            found = try_alloc(DEFAULT_OPTIONS, cluster.nodes, cluster.instances, inst, where)
            if found.place is None:
                continue
            chosen = [node.idx for node in found.place.nodes]
            usable = where.singles or [one for one, _twos in where.pairs or ()]
            near = explain_around(DEFAULT_OPTIONS, cluster.nodes, inst, chosen, usable)
            whole = explain(DEFAULT_OPTIONS, cluster.nodes, cluster.instances, inst, where)
            exact = {one.nodes: one for one in whole}
            self.assertEqual(near[0].nodes, whole[0].nodes)
            for one in near:
                other = exact[one.nodes]
                if one.score is not None and other.score is not None:
                    self.assertAlmostEqual(one.score, other.score, places=6)
                    compared += 1
                elif one.score is None:
                    self.assertEqual(one.lacks, other.lacks)
        self.assertGreater(compared, 100)

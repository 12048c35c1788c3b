"""What an operation would do, and why an instance is where it is: on generated clusters."""

from collections.abc import Iterator
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ganetix.htools import build, hail, iallocator, proposals, text
from ganetix.htools.allocate import Wanted
from ganetix.htools.capacity import Size, new_instance
from ganetix.htools.faults import FailMode, PlanError
from ganetix.htools.model import DRBD, Cluster, Node, Nodes, split
from ganetix.htools.moves import apply_move
from ganetix.htools.options import DEFAULT_OPTIONS
from ganetix.htools.placement import add_primary, add_secondary, remove_primary
from ganetix.htools.plans import balance_plan
from ganetix.htools.proposals import Proposal
from ganetix.htools.score import cluster_score
from ganetix.htools.search import search
from ganetix.htools.simulate import parse
from ganetix.htools.why import find_instance, why
from ganetix_test.compat.htools.generate import Generated

SEEDS = 12


def clusters() -> Iterator[Cluster]:
    """Yield generated clusters."""
    for number in range(SEEDS):
        yield build.assemble(text.parse(Generated(number, biggest=6).text()))[0]


class EvacuationTests(SynchronousTestCase):
    """Plans of evacuations."""

    def fits(self, cluster: Cluster, found: Proposal) -> None:
        """Each instance goes to online nodes, different ones, of one group as before."""
        by_name = {node.name: node for node in cluster.nodes.values()}
        for shift in found.shifts:
            homes = [by_name[name] for name in shift.new]
            self.assertEqual(len(set(shift.new)), len(shift.new))
            self.assertEqual(len(shift.old), len(shift.new))
            fresh = [node for node in homes if node.name not in shift.old]
            self.assertFalse(any(node.offline for node in fresh), shift)

    def test_leaves(self) -> None:
        """What is planned leaves the node; the rest is told; the score is that of the result."""
        for cluster in clusters():
            before = cluster_score(cluster.nodes)
            for idx, node in cluster.nodes.items():
                for mode in ("primary-only", "secondary-only", "all"):
                    found = proposals.evacuation(cluster, idx, mode)
                    self.fits(cluster, found)
                    self.assertEqual(found.before.score, before)
                    if mode == "primary-only":
                        gone = {shift.instance for shift in found.shifts}
                        told = {name for name, _why in found.failed}
                        here = {
                            one.name for one in cluster.instances.values() if one.primary == idx
                        }
                        self.assertEqual(gone | told, here, node.name)
                    if mode == "all":
                        stuck = {name for name, _why in found.failed}
                        left = [s for s in found.shifts if node.name in s.new]
                        self.assertTrue(all(shift.instance in stuck for shift in left))

    def test_group(self) -> None:
        """A group's instances go to other groups, or are told; a group alone can't be left."""
        for cluster in clusters():
            for idx in cluster.groups:
                found = proposals.group_evacuation(cluster, idx)
                names = {n.name for n in cluster.nodes.values() if n.spec.group == idx}
                for shift in found.shifts:
                    self.assertFalse(names & set(shift.new), shift)

    def test_creation(self) -> None:
        """A new instance has no nodes before; where it fits nowhere that is told."""
        for cluster in clusters():
            wanted = Wanted(new_instance(Size(1024, 512, 1, 1), "plain", 1), 1)
            try:
                found = proposals.creation(cluster, wanted)
            except PlanError as error:
                self.assertIn("Request failed", str(error))
                continue
            (shift,) = found.shifts
            self.assertEqual((shift.instance, shift.old, len(shift.new)), ("new", (), 1))

    def test_find_node(self) -> None:
        """A node is found by its full name or up to a dot."""
        cluster, _warnings = build.assemble(parse(["p,2,20G,512G,64"]))
        for idx, node in cluster.nodes.items():
            self.assertEqual(proposals.find_node(cluster, node.name), idx)
        self.assertRaises(PlanError, proposals.find_node, cluster, "nosuch")


class SafetyTests(SynchronousTestCase):
    """No plan makes worse what was well, and each keeps its promise."""

    def sound(self, old: Cluster, nodes: Nodes) -> None:
        """Nothing that held in *old* is broken in *nodes*."""
        for idx, node in nodes.items():
            before = old.nodes[idx]
            # As data are read, the flag goes by the free memory that the node told.
            failing = before.fail_n1 or before.u_mem <= before.r_mem
            self.assertFalse(node.fail_n1 and not failing, node.name)
            self.assertFalse(node.u_mem <= 0 < before.u_mem, node.name)
            self.assertFalse(node.f_disk < 0 <= before.f_disk, node.name)
            self.assertFalse(node.u_cpu > node.spec.hi_cpu >= before.u_cpu, node.name)
            self.assertLessEqual(node.conflicts, before.conflicts, node.name)

    def test_balance(self) -> None:
        """The moves, made one by one, lead to the score that the plan promised."""
        moved = 0
        for cluster in clusters():
            if any(node.offline for node in cluster.nodes.values()):
                continue
            for group in sorted({node.spec.group for node in cluster.nodes.values()}):
                plan = balance_plan(cluster, group, search)
                nodes, instances = split(cluster.nodes, cluster.instances)[group]
                score = plan.before.score
                for step in plan.steps:
                    applied = apply_move(nodes, instances[step.before.idx], step.move)
                    assert not isinstance(applied, FailMode), step
                    nodes = {**nodes, **applied.changed}
                    instances = {**instances, applied.inst.idx: applied.inst}
                    self.assertEqual(cluster_score(nodes), step.score)
                    self.assertLess(step.score, score)
                    score = step.score
                    moved += 1
                self.assertEqual(cluster_score(nodes), plan.after.score)
                self.sound(cluster, nodes)
        self.assertGreater(moved, 10)

    def test_evacuation(self) -> None:
        """What leaves a node overloads no other, and the score is that of the cluster then."""
        for cluster in clusters():
            if any(node.offline for node in cluster.nodes.values()):
                continue
            for idx in cluster.nodes:
                for mode in ("primary-only", "secondary-only"):
                    wanted = [
                        number
                        for number, one in sorted(cluster.instances.items())
                        if idx == (one.primary if mode == "primary-only" else one.secondary)
                    ]
                    answer = hail.answer(
                        DEFAULT_OPTIONS, cluster, iallocator.Evacuate(tuple(wanted), mode)
                    )
                    self.sound(cluster, answer.after.nodes)
                    found = proposals.evacuation(cluster, idx, mode)
                    self.assertEqual(found.after.score, cluster_score(answer.after.nodes))


class WhyTests(SynchronousTestCase):
    """Why an instance is where it is."""

    def test_places(self) -> None:
        """The present place is not among the others; each other place is a score or a lack."""
        for cluster in clusters():
            for inst in list(cluster.instances.values())[:5]:
                found = why(cluster, inst)
                self.assertEqual(found.score, cluster_score(cluster.nodes))
                self.assertNotIn(found.nodes, [one.nodes for one in found.others])
                for one in found.others:
                    self.assertNotEqual(one.score is None, one.lacks is None)
                scores = [one.score for one in found.others if one.score is not None]
                self.assertEqual(scores, sorted(scores))

    def test_moved(self) -> None:
        """A better place has the very score that the cluster has with the instance there."""
        checked = 0
        for cluster in clusters():
            for inst in cluster.instances.values():
                if inst.template == DRBD or not inst.uses_memory:
                    continue
                for one in why(cluster, inst).better[:1]:
                    home = proposals.find_node(cluster, one.nodes[0])
                    nodes = dict(cluster.nodes)
                    nodes[inst.primary] = remove_primary(nodes[inst.primary], inst)
                    placed = add_primary(nodes[home], inst)
                    self.assertIsInstance(placed, Node)
                    after: Any = {**nodes, home: placed}
                    self.assertEqual(one.score, cluster_score(after))
                    checked += 1
        self.assertGreater(checked, 0)

    def test_many_nodes(self) -> None:
        """On a large cluster the places near the best one are told, and the best is better."""
        cluster, _warnings = build.assemble(parse(["p,120,2T,64G,32"]))
        first = next(iter(cluster.nodes))
        inst = new_instance(Size(1024, 512, 1, 1), "drbd", 1)._replace(
            idx=0, name="one", primary=first, secondary=first + 1, movable=True
        )
        nodes: Any = {
            **cluster.nodes,
            first: add_primary(cluster.nodes[first], inst),
            first + 1: add_secondary(cluster.nodes[first + 1], inst, first),
        }
        found = why(cluster._replace(nodes=nodes, instances={0: inst}), inst)
        self.assertLess(len(found.others), 300)
        self.assertGreater(len(found.others), 200)
        self.assertIsNone(found.lacks)

    def test_find_instance(self) -> None:
        """An instance is found by its full name or up to a dot."""
        cluster = next(clusters())
        inst = next(iter(cluster.instances.values()))
        self.assertEqual(find_instance(cluster, inst.name), inst)
        self.assertRaises(PlanError, find_instance, cluster, "nosuch")

"""Finding places: both ways through the pairs, and what every answer keeps."""

import json
from unittest import SkipTest

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ganetix.htools import build, capacity, iallocator
from ganetix.htools.allocate import Wanted
from ganetix.htools.faults import PlanError
from ganetix.htools.filling import Filled, PairFiller
from ganetix.htools.finder import Finder, acceptance, always, targets
from ganetix.htools.hail import answer, hail
from ganetix.htools.model import Cluster
from ganetix.htools.options import DEFAULT_OPTIONS
from ganetix.htools.policy import policy_fault
from ganetix.htools.redundancy import redundant
from ganetix.htools.score import cluster_score, in_order
from ganetix_test.compat.htools.generate import Generated


def message(number: int, at: int = 0) -> dict[str, object]:
    """Return one request on a generated cluster."""
    cluster = Generated(number, biggest=8)
    found: dict[str, object] = json.loads(cluster.request(cluster.requests()[at]))
    return found


def loaded(request: dict[str, object]) -> tuple[Cluster, Wanted]:
    """Return the cluster of a request for one instance, and the instance."""
    cluster, _warnings = build.assemble(iallocator.cluster(request))
    read = iallocator.request(request, cluster, build.marks(cluster.tags))
    if not isinstance(read, iallocator.Allocate):
        raise SkipTest("not a request for one instance")
    return cluster, read.wanted


class FinderTests(SynchronousTestCase):
    """The Python way and the NumPy way."""

    def test_same(self) -> None:
        """Both find the same place, with the same score to the last bit and the same counts."""
        for number in range(40):
            cluster, wanted = loaded(message(number))
            where = targets(DEFAULT_OPTIONS, in_order(cluster.nodes), wanted.needed)
            if not (where.pairs or where.singles):
                continue
            answers = []
            for often in (False, True):
                finder = Finder(DEFAULT_OPTIONS, wanted.inst, often=True)
                finder._often = often
                accept = acceptance(DEFAULT_OPTIONS, cluster.nodes, cluster.instances)
                answers.append(finder.find(cluster.nodes, where, accept))
            one, two = answers
            self.assertEqual(one.good, two.good, number)
            self.assertEqual(one.failures, two.failures, number)
            self.assertEqual(one.place, two.place, number)


class FillTests(SynchronousTestCase):
    """Filling a cluster with mirrored instances."""

    def test_bounds(self) -> None:
        """Each instance goes where looking at all pairs would put it, until none fits."""
        for number in range(12):
            cluster, wanted = loaded(message(number))
            inst = capacity.new_instance(capacity.Size(20480, 2048, 2, 1), "drbd", 1)
            inst = inst._replace(exclusion=wanted.inst.exclusion, wished=wanted.inst.wished)
            where = targets(DEFAULT_OPTIONS, in_order(cluster.nodes), 2)
            if not where.pairs:
                continue
            now = Filled(cluster.nodes, cluster.instances, (), {})
            filler = PairFiller(DEFAULT_OPTIONS, where.pairs)
            for _step in range(5):
                every = Finder(DEFAULT_OPTIONS, inst).find(now.nodes, where, always)
                after = filler.fill(now, inst, 1)
                if every.place is None:
                    self.assertEqual(after.new, now.new)
                    self.assertEqual(after.failures, every.failures, number)
                    break
                new = after.new[-1]
                places = [node.idx for node in every.place.nodes]
                self.assertEqual([new.primary, new.secondary], places, number)
                now = after


class HailTests(SynchronousTestCase):
    """Requests and responses."""

    def test_redundant(self) -> None:
        """A cluster that survives the loss of a node still does with the new instance."""
        checked = 0
        for number in range(40):
            request = message(number)
            cluster, _wanted = loaded(request)
            read = iallocator.request(request, cluster, build.marks(cluster.tags))
            found = answer(DEFAULT_OPTIONS, cluster, read)
            if not found.success or not redundant(
                cluster.nodes, cluster.instances, DEFAULT_OPTIONS
            ):
                continue
            if all(node.spec.exclusive for node in cluster.nodes.values()):
                continue
            checked += 1
            after = found.after
            self.assertTrue(redundant(after.nodes, after.instances, DEFAULT_OPTIONS), number)
        self.assertGreater(checked, 10)

    @settings(deadline=None, max_examples=30)
    @given(st.integers(0, 100_000))
    def test_promise(self, number: int) -> None:
        """With the instance in its place, the cluster has the score that the answer promises."""
        request = message(number)
        cluster, wanted = loaded(request)
        if all(node.spec.exclusive for node in cluster.nodes.values()):
            return  # the best place is not the one with the best score there
        read = iallocator.request(request, cluster, build.marks(cluster.tags))
        found = answer(DEFAULT_OPTIONS, cluster, read)
        if not found.success:
            return
        group = found.info.split("Selected group: ")[1].split(",")[0]
        promised = float(found.info.split(f"Group {group} (")[1].split("score: ")[1].split(",")[0])
        self.assertAlmostEqual(cluster_score(found.after.nodes), promised, places=6)
        [new] = [inst for inst in found.after.instances.values() if inst.name == wanted.inst.name]
        homes = [found.after.nodes[idx] for idx in new.nodes]
        self.assertEqual([node.name for node in homes], found.result)
        for node in homes:
            old = cluster.nodes[node.idx]
            self.assertFalse(node.offline)
            self.assertGreater(node.u_mem, 0)
            self.assertGreater(node.f_disk, 0)
            self.assertLessEqual(node.conflicts, old.conflicts)
            self.assertFalse(node.fail_n1 and not old.fail_n1 and old.u_mem > old.r_mem)
        fault = policy_fault(new, homes[0].spec.policy, exclusive=homes[0].spec.exclusive)
        self.assertIsNone(fault)

    def test_every_kind(self) -> None:
        """Each kind of request is answered with the three keys of a response."""
        for at in range(8):
            found = hail(message(3, at))
            self.assertEqual(set(found), {"success", "info", "result"})

    def test_missing_field(self) -> None:
        """A request without a field is refused with the object and the field."""
        request = message(3)
        nodes = request["nodes"]
        assert isinstance(nodes, dict)
        name = next(iter(nodes))
        del nodes[name]["total_memory"]
        problem = str(self.assertRaises(PlanError, hail, request))
        self.assertEqual(problem, f"invalid data for node '{name}' has no field 'total_memory'")

    def test_unknown_instance(self) -> None:
        """A request for an instance that is not there is refused with its name."""
        request = message(3)
        request["request"] = {"type": "node-evacuate", "instances": ["nobody"], "evac_mode": "all"}
        problem = str(self.assertRaises(PlanError, hail, request))
        self.assertEqual(problem, "Unknown instance 'nobody'")

    def test_unknown_kind(self) -> None:
        """A request of an unknown kind is refused with the kind."""
        request = message(3)
        request["request"] = {"type": "dance"}
        self.assertIn("'dance'", str(self.assertRaises(PlanError, hail, request)))

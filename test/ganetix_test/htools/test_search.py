"""The search for moves, and what every plan promises."""

from collections.abc import Iterator

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ganetix.htools import build, text
from ganetix.htools.balance import State, Step, best_step, search_all, start, steps
from ganetix.htools.model import Cluster, Instances, Node, Nodes, split
from ganetix.htools.moves import Applied, apply_move
from ganetix.htools.options import DEFAULT_OPTIONS, Options
from ganetix.htools.placement import ratio
from ganetix.htools.score import Scorer, cluster_score
from ganetix.htools.search import Searcher, search
from ganetix_test.compat.htools.generate import Generated


def generated(number: int, biggest: int = 8) -> Cluster:
    """Return a generated cluster."""
    return build.assemble(text.parse(Generated(number, biggest=biggest).text()))[0]


def groups(number: int) -> Iterator[tuple[Nodes, Instances]]:
    """Yield the groups of a generated cluster."""
    cluster = generated(number)
    yield from split(cluster.nodes, cluster.instances).values()


def broken(node: Node) -> set[str]:
    """Return the limits that a node is beyond."""
    spec = node.spec
    limits = {
        "memory": node.u_mem <= 0,
        "disk": node.f_disk <= 0,
        "cpu": ratio(node.u_cpu, spec.t_cpu) > spec.policy.vcpu_ratio,
        "spindles": node.inst_spindles > spec.hi_spindles,
        "exclusion": node.conflicts > 0,
        "n1": node.fail_n1,
    }
    return {name for name, beyond in limits.items() if beyond}


class SearchTests(SynchronousTestCase):
    """The search proposes the move that trying all moves finds, also when it leaves most out.

    And when it keeps what it read of the cluster before the last move.
    """

    def _same(self, options: Options) -> None:
        for number in range(24):
            for nodes, instances in groups(number):
                state, lasting = start(nodes, instances), Searcher()
                for _round in range(3):
                    quick = best_step(state, options, lasting, Scorer())
                    anew = best_step(state, options, search, Scorer())
                    sparing = best_step(state, options, Searcher(first=1), Scorer())
                    slow = best_step(state, options, search_all, Scorer())
                    for found in (quick, anew, sparing):
                        self.assertEqual(
                            found and found[1], slow and slow[1], f"cluster {number}, {options}"
                        )
                    if quick is None:
                        break
                    state = quick[0]

    def test_all_moves(self) -> None:
        """With the usual options."""
        self._same(DEFAULT_OPTIONS)

    def test_forced(self) -> None:
        """When soft limits do not count."""
        self._same(DEFAULT_OPTIONS._replace(ignore_soft_errors=True))

    def test_evacuation(self) -> None:
        """When only instances on offline nodes move, without replacing primaries."""
        self._same(DEFAULT_OPTIONS._replace(evac_mode=True, restricted_migration=True))


class PlanTests(SynchronousTestCase):
    """What holds for every plan."""

    def _plan(self, number: int) -> Iterator[tuple[State, State, Step]]:
        for nodes, instances in groups(number):
            before = start(nodes, instances)
            for after, step in steps(before, DEFAULT_OPTIONS, search, rounds=6):
                yield before, after, step
                before = after

    @settings(deadline=None, max_examples=20)
    @given(st.integers(0, 100_000))
    @example(2340)
    def test_limits(self, number: int) -> None:
        """No move puts a node beyond a limit that it was within, unless an offline node is left.

        Nobody looks at the tags of forthcoming instances, as in the reference: they do not run.
        """
        for before, after, step in self._plan(number):
            if any(before.nodes[idx].offline for idx in step.before.nodes):
                continue
            for idx, node in after.nodes.items():
                if node is not before.nodes[idx]:
                    worse = broken(node) - broken(before.nodes[idx])
                    if step.before.forthcoming:
                        worse -= {"exclusion"}
                    self.assertEqual(worse - self._stale(before.nodes[idx]), set())

    @staticmethod
    def _stale(node: Node) -> set[str]:
        """Return "n1" where the figures that were reported hide a failure that is there."""
        return {"n1"} if node.u_mem <= node.r_mem else set()

    @settings(deadline=None, max_examples=20)
    @given(st.integers(0, 100_000))
    def test_promise(self, number: int) -> None:
        """Each step lowers the score, and applied to the cluster it gives what it promised."""
        for before, after, step in self._plan(number):
            self.assertLess(step.score, before.score)
            self.assertEqual(step.score, cluster_score(after.nodes))
            applied = apply_move(before.nodes, before.instances[step.before.idx], step.move)
            assert isinstance(applied, Applied), applied
            self.assertEqual(step.score, cluster_score({**before.nodes, **applied.changed}))
            self.assertEqual(applied.inst, step.after)

    @settings(deadline=None, max_examples=15)
    @given(st.integers(0, 100_000))
    def test_applied(self, number: int) -> None:
        """The instances after a plan, loaded anew, use what the plan's nodes say they use."""
        cluster = generated(number)
        state = start(cluster.nodes, cluster.instances)
        for after, _step in steps(state, DEFAULT_OPTIONS, search, rounds=4):
            state = after
        moved = cluster._replace(nodes=state.nodes, instances=state.instances)
        again, _warnings = build.assemble(text.parse(text.serialize(moved)))
        for idx, node in again.nodes.items():
            planned = state.nodes[idx]
            self.assertEqual(node.i_mem, planned.i_mem)
            self.assertEqual(node.u_cpu, planned.u_cpu)
            self.assertEqual(set(node.primaries), set(planned.primaries))
            self.assertEqual(set(node.secondaries), set(planned.secondaries))
            reserves = {k: v for k, v in planned.peers.items() if v}
            self.assertEqual({k: v for k, v in node.peers.items() if v}, reserves)

"""The text format: what is read, what is written, what is refused and how."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix.htools import build, score, text
from ganetix.htools.faults import PlanError
from ganetix_test.compat.htools.generate import Generated

EXAMPLE = """g1|uuid-g1|preferred||

n1.ex.org|4096|512|1536|100000|60000|8|M|uuid-g1|2||N|0|1|1.0
n2.ex.org|4096|512|2560|100000|79520|8|N|uuid-g1|2||N|0|1|1.0
n3.ex.org|4096|512|3584|100000|99900|8|N|uuid-g1|2||N|0|1|1.0

i1.ex.org|1024|10240|1|running|Y|n1.ex.org|n2.ex.org|drbd||1|-|N
i2.ex.org|1024|20480|1|running|Y|n1.ex.org|n2.ex.org|drbd||1|-|N
i3.ex.org|512|10240|1|ADMIN_down|Y|n2.ex.org||plain||1|-|N


|128,1,1024,1,1,1|128,1,1024,1,1,1;32768,8,1048576,16,8,12|drbd,plain|4.0|32.0
g1|128,1,1024,1,1,1|128,1,1024,1,1,1;32768,8,1048576,16,8,12|drbd,plain|4.0|32.0
"""


class TextTests(SynchronousTestCase):
    """Reading and writing clusters."""

    def _problem(self, old: str, new: str) -> str:
        changed = EXAMPLE.replace(old, new, 1)
        return str(self.assertRaises(PlanError, text.parse, changed, "c.data"))

    def test_score(self) -> None:
        """The worked example has the score and the components that the reference gives it."""
        cluster, _warnings = build.assemble(text.parse(EXAMPLE))
        stats = score.statistics(score.in_order(cluster.nodes))
        self.assertAlmostEqual(score.weigh(stats.values), 4.55015633, places=8)
        names = [name for name, _weight, _kind in score.COMPONENTS]
        values = dict(zip(names, stats.values, strict=True))
        self.assertAlmostEqual(values["free_mem_cv_forth"], 0.21245915, places=8)
        self.assertAlmostEqual(values["spindles_cv"], 0.01948780, places=8)
        self.assertAlmostEqual(values["reserved_mem_rtotal"], 0.5, places=8)

    def test_round_trip(self) -> None:
        """What is written is what was read, for clusters of all kinds."""
        for number in range(40):
            content = Generated(number, biggest=12).text()
            cluster, _warnings = build.assemble(text.parse(content))
            again, _warnings = build.assemble(text.parse(text.serialize(cluster)))
            self.assertEqual(again, cluster)

    def test_unknown_values(self) -> None:
        """A node with unknown figures is read as offline without resources."""
        cluster, _warnings = build.assemble(text.parse(EXAMPLE.replace("|3584|", "|?|")))
        spec = cluster.nodes[2].spec
        self.assertTrue(spec.offline)
        self.assertEqual((spec.t_mem, spec.t_disk), (0.0, 0.0))

    def test_bad_number(self) -> None:
        """A number that is none is named with file, line and field."""
        self.assertEqual(
            self._problem("|1536|", "|lots|"),
            "c.data, line 3, field free_mem: 'lots' is not a number",
        )

    def test_unknown_group(self) -> None:
        """A node of a group that was not declared is refused with file, line and field."""
        problem = self._problem("|M|uuid-g1|", "|M|elsewhere|")
        self.assertIn("c.data, line 3, field group_uuid: 'elsewhere'", problem)

    def test_same_nodes(self) -> None:
        """An instance that is its own mirror is refused with the line and both names."""
        problem = self._problem("n1.ex.org|n2.ex.org|drbd", "n1.ex.org|n1.ex.org|drbd")
        self.assertIn("line 7, field snode: instance i1.ex.org has n1.ex.org", problem)

    def test_odd_specs(self) -> None:
        """A minimum without its maximum is refused."""
        problem = self._problem(";32768,8,1048576,16,8,12", "")
        self.assertIn("line 12, field minmax", problem)

    def test_sections(self) -> None:
        """A file with too few sections is refused with the number that it has."""
        problem = str(self.assertRaises(PlanError, text.parse, "g|u|preferred||\n", "c.data"))
        self.assertIn("this file has 1", problem)

    def test_short_line(self) -> None:
        """A line with too few columns is refused with the number that it needs."""
        self.assertIn("at least 9 columns", self._problem("|8|M|uuid-g1|2||N|0|1|1.0", ""))

"""The table of a comparison."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.bench.report import Measure, Spread, median_ms, spread, table


class SpreadTests(SynchronousTestCase):
    """What many values are in a few words."""

    def test_spread(self) -> None:
        """The middle, the lowest, and the one that 19 of 20 do not exceed, in any order."""
        self.assertEqual(spread([float(n) for n in range(100, 0, -1)]), Spread(50.5, 1.0, 96.0))
        self.assertEqual(spread([3.0]), Spread(3.0, 3.0, 3.0))

    def test_median_in_milliseconds(self) -> None:
        """Seconds become milliseconds, and the note says how many there were and how far apart."""
        found = median_ms("a job", [0.002, 0.001, 0.004], 8)
        self.assertEqual((found.value, found.unit, found.limit), (2.0, "ms", 8))
        self.assertEqual(found.note, "3 times, 1.0 to 4.0")


class TableTests(SynchronousTestCase):
    """What is printed."""

    def test_reached_and_missed(self) -> None:
        """A limit is an upper one, or a lower one where more is better."""
        rows = table(
            [
                Measure("latency", "ms", 9.0, 8),
                Measure("throughput", "/s", 500.0, 400, more=True),
                Measure("free", "ms", 1.0),
            ]
        )
        self.assertEqual([row.split() for row in rows[1:]], [
            ["latency", "9", "ms", "<=", "8", "MISSED"],
            ["throughput", "500", "/s", ">=", "400", "ok"],
            ["free", "1", "ms", "-"],
        ])  # fmt: skip

    def test_ratio_tells_who_is_ahead(self) -> None:
        """Above one we are ahead, whether more or less is better; without the other, a dash."""
        ours = [
            Measure("latency", "ms", 5.0),
            Measure("throughput", "/s", 500.0, more=True),
            Measure("stall", "ms", 0.0),
            Measure("alone", "ms", 1.0),
        ]
        others = [
            Measure("latency", "ms", 500.0),
            Measure("throughput", "/s", 2.0, more=True),
            Measure("stall", "ms", 7.0),
        ]
        found = [row.split()[-2] for row in table(ours, others, compared=True)[1:]]
        self.assertEqual(found, ["100", "250", "-", "-"])

"""Promises of figures: text that Prometheus takes, in slices."""

from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock as TaskClock
from twisted.trial.unittest import SynchronousTestCase

from ganetix.toolkit.clock import Clock
from ganetix.toolkit.metrics import PIECE, Metrics, counter, gauge, gauges


def parsed(text: bytes) -> dict[str, dict[tuple[str, ...], float]]:
    """Return samples by name and values of labels, in order of their names.

    Each family comes once.
    """
    families = list(text_string_to_metric_families(text.decode()))
    names = [family.name for family in families]
    assert len(set(names)) == len(names), names
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in families:
        assert family.documentation, family.name
        for sample in family.samples:
            rows = found.setdefault(sample.name, {})
            key = tuple(value for _, value in sorted(sample.labels.items()))
            assert key not in rows, sample
            rows[key] = sample.value
    return found


class MetricsTests(SynchronousTestCase):
    """The figures of a daemon."""

    def setUp(self) -> None:
        """Begin with none."""
        self.time = TaskClock()
        self.turns = 0

    def text(self, metrics: Metrics) -> bytes:
        """Return the figures, giving turns as they are asked for."""
        done = Deferred.fromCoroutine(metrics.text())
        self.time.advance(0)
        return self.successResultOf(done)

    def metrics(self, *families: Metric) -> Metrics:
        """Return figures that are read."""
        clock = Clock(self.time, self.time.seconds)

        async def turn() -> None:
            self.turns += 1
            await clock.sleep(0)

        return Metrics(turn, lambda: families)

    def test_counted(self) -> None:
        """What is counted is told with its labels; a histogram has its buckets."""
        made = self.metrics()
        calls = made.histogram("calls_seconds", "Calls.", "node")
        failures = made.counter("failures", "Failures.")
        calls.labels("a").observe(0.02)
        calls.labels('b"\n').observe(7)
        failures.inc(2)
        found = parsed(self.text(made))
        self.assertEqual(found["calls_seconds_count"], {("a",): 1.0, ('b"\n',): 1.0})
        self.assertEqual(found["calls_seconds_bucket"]["0.025", "a"], 1.0)
        self.assertEqual(found["calls_seconds_bucket"]["0.01", "a"], 0.0)
        self.assertEqual(found["failures_total"], {(): 2.0})

    def test_read(self) -> None:
        """What is read is what it is now."""
        found = parsed(
            self.text(
                self.metrics(
                    gauge("size", "Size.", 5),
                    gauges("free", "Free.", ("node", "kind"), {("x", "a"): 1.5}),
                    gauges("nothing", "Nothing.", ("node",), {}),
                    counter("stalls", "Stalls.", 3),
                )
            )
        )
        self.assertEqual(found["size"], {(): 5.0})
        self.assertEqual(found["free"], {("a", "x"): 1.5})
        self.assertEqual(found["stalls_total"], {(): 3.0})

    def test_many(self) -> None:
        """Thousands of samples are whole, and others get turns between them."""
        rows = [((f"instance{number}.example.com",), float(number)) for number in range(5 * PIECE)]
        found = parsed(self.text(self.metrics(gauges("memory", "Memory.", ("name",), rows))))
        self.assertEqual(found["memory"], dict(rows))
        self.assertEqual(self.turns, 5)

"""Figures in Prometheus' text format: counted as things happen, or read when somebody asks.

A part that counts gets a `Histogram` or `Counter` from its daemon's `Metrics`; what can be read
from the parts at any time is a *family*, made when somebody asks.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import attrs
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

SECONDS: Final = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    60.0,
)
"""Upper bounds of the buckets of latencies."""

PIECE: Final = 500
"""Samples that are written at once."""

LONG: Final = 10_000
"""Bytes of such a piece after which others get a turn."""

MIB: Final = 1 << 20

Values = Mapping[Any, float] | Sequence[tuple[tuple[str, ...], float]]
"""Figures by the tuple of their labels' values."""


def gauge(name: str, what: str, value: float) -> Metric:
    """Return a figure that goes up and down."""
    return GaugeMetricFamily(name, what, value=value)


def gauges(name: str, what: str, labels: Sequence[str], values: Values) -> Metric:
    """Return figures that go up and down, each with its values of *labels*."""
    family = GaugeMetricFamily(name, what, labels=list(labels))
    for key, value in values.items() if isinstance(values, Mapping) else values:
        family.add_metric(list(key), value)
    return family


def counter(name: str, what: str, value: float) -> Metric:
    """Return a figure that only goes up while the daemon runs."""
    return CounterMetricFamily(name, what, value=value)


@attrs.frozen
class _One(Collector):
    """One family, for the library's writer."""

    family: Metric

    def collect(self) -> Iterator[Metric]:
        """Yield it."""
        yield self.family


@attrs.define(eq=False)
class Metrics:
    """The figures of one daemon; *read* yields those that are read when somebody asks.

    Thousands of lines take a while: after some of them *turn* is awaited, so that others get one.
    """

    turn: Callable[[], Awaitable[object]]
    read: Callable[[], Iterable[Metric]] = tuple
    _registry: CollectorRegistry = attrs.field(factory=CollectorRegistry, init=False)

    def counter(self, name: str, what: str, *labels: str) -> Counter:
        """Return something that counts."""
        return Counter(name, what, labels, registry=self._registry)

    def histogram(self, name: str, what: str, *labels: str) -> Histogram:
        """Return something that counts how long things take, in seconds."""
        return Histogram(name, what, labels, registry=self._registry, buckets=SECONDS)

    async def text(self) -> bytes:
        """Return all figures."""
        parts = []
        for family in chain(self._registry.collect(), self.read()):
            for piece in _pieces(family):
                parts.append(piece)
                if len(piece) > LONG:
                    await self.turn()
        return b"".join(parts)


def _pieces(family: Metric) -> Iterator[bytes]:
    """Yield the lines of *family*, no more than `PIECE` samples at once."""
    samples = family.samples
    for start in range(0, len(samples) or 1, PIECE):
        family.samples = samples[start : start + PIECE]
        text = generate_latest(_One(family))
        yield text if not start else _without_head(text)


def _without_head(text: bytes) -> bytes:
    return b"".join(line for line in text.splitlines(keepends=True) if not line.startswith(b"#"))

"""What was measured, as numbers and as a table."""

import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Measure(NamedTuple):
    """One figure of one cluster."""

    what: str
    unit: str
    value: float
    limit: float | None = None
    """The figure to reach; values above it miss it, or below it when *more* is better."""
    more: bool = False
    note: str = ""

    @property
    def reached(self) -> bool:
        """Whether the figure is as good as it must be."""
        if self.limit is None:
            return True
        return self.value >= self.limit if self.more else self.value <= self.limit


class Spread(NamedTuple):
    """Many values of the same thing, in the unit of the values."""

    median: float
    low: float
    high: float
    """The value that 19 of 20 do not exceed."""


def spread(values: Sequence[float]) -> Spread:
    """Return the spread of *values*; there must be at least one."""
    rows = sorted(values)
    return Spread(statistics.median(rows), rows[0], rows[min(len(rows) - 1, len(rows) * 19 // 20)])


def median_ms(
    what: str, seconds: Sequence[float], limit: float | None = None, note: str = ""
) -> Measure:
    """Return the median of *seconds* in milliseconds, with the spread in the note."""
    found = spread(seconds)
    wide = f"{len(seconds)} times, {found.low * 1000:.1f} to {found.high * 1000:.1f}"
    return Measure(what, "ms", found.median * 1000, limit, note=f"{wide}{note and '; '}{note}")


def table(
    ours: Iterable[Measure], others: Iterable[Measure] = (), *, compared: bool = False
) -> list[str]:
    """Return the lines of the table; with *compared* the other's figures and the ratios too.

    A ratio says how often ours goes into the other, or the other into ours where more is better:
    above one we are ahead.
    """
    known = {measure.what: measure for measure in others}
    head = ["", "ours", "to reach", ""]
    rows = [[*head[:2], "other", "ratio", *head[2:], "note"] if compared else [*head, "note"]]
    for measure in ours:
        other = known.get(measure.what)
        beside = [_number(other), _ratio(measure, other)] if compared else []
        rows.append([measure.what, _number(measure), *beside, *_goal(measure), measure.note])
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _number(measure: Measure | None) -> str:
    return "-" if measure is None else f"{measure.value:.4g} {measure.unit}".rstrip()


def _ratio(measure: Measure, other: Measure | None) -> str:
    if other is None or min(measure.value, other.value) <= 0:
        return "-"
    ratio = other.value / measure.value
    return f"{1 / ratio if measure.more else ratio:.3g}"


def _goal(measure: Measure) -> tuple[str, str]:
    if measure.limit is None:
        return "-", ""
    sign = ">=" if measure.more else "<="
    return f"{sign} {measure.limit:g}", "ok" if measure.reached else "MISSED"

"""Values of the small resources: jobs, locks, filters, exports, and what is told with the view."""

from collections.abc import Callable
from typing import Any, Final

from ganetix.query import job
from ganetix.query.results import NO_DATA, maybe
from ganetix.query.view import View

Value = Callable[[View, Any], Any]


def job_value(name: str) -> Value | None:
    """Return how a job field is computed."""
    pick = job.FIELDS.get(name)
    return None if pick is None else lambda view, row: pick(row)


def job_rows(view: View) -> list[Any]:
    """Return all jobs."""
    return list(view.jobs)


def lock_value(name: str) -> Value | None:
    """Return how a lock field is computed."""
    pick = _LOCK.get(name)
    return None if pick is None else lambda view, row: pick(row)


_MODES: Final = frozenset(("shared", "exclusive"))
_LOCK: Final[dict[str, Callable[[Any], Any]]] = {
    "name": lambda row: row.name,
    "mode": lambda row: row.mode if row.mode in _MODES else None,
    "owner": lambda row: [str(owner) for owner in row.owners],
    "pending": lambda row: [[mode, [str(owner)]] for mode, owner in row.pending],
}


def lock_rows(view: View) -> list[Any]:
    """Return the locks that somebody holds or waits for."""
    return list(view.locks)


def filter_value(name: str) -> Value | None:
    """Return how a job filter's field is computed."""
    if name not in {"action", "predicates", "priority", "reason_trail", "uuid", "watermark"}:
        return None
    return lambda view, row: maybe(getattr(row, name))


def filter_rows(view: View) -> list[Any]:
    """Return all job filters in the order in which they apply."""
    rows = view.cluster.filters.values()
    return sorted(rows, key=lambda row: (row.priority, row.watermark, row.uuid))


def export_value(name: str) -> Value | None:
    """Return how an export's field is computed; a row is (node name, export or None)."""
    if name == "node":
        return lambda view, row: row[0]
    if name == "export":
        return lambda view, row: NO_DATA if row[1] is None else row[1]
    return None


def export_rows(view: View) -> list[tuple[str, str | None]]:
    """Return a row an export, and one for each node that did not answer."""
    found: list[tuple[str, str | None]] = []
    for uuid, names in view.exports.items():
        node = view.cluster.nodes[uuid].name
        found += [(node, None)] if names is None else [(node, name) for name in names]
    return found


def told_value(name: str) -> Value | None:
    """Return how a field is computed of a row that came with the view."""
    return lambda view, row: maybe(row[name])


def told_rows(view: View) -> list[Any]:
    """Return the rows that came with the view."""
    return list(view.told)

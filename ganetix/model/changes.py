"""Pure changes: a `Change` says what becomes of which objects, `apply` makes the next `Cluster`.

The cost follows the change, not the cluster. `apply` checks the invariants of what it touches
against the root's indexes and sets serial numbers and times. A change is what the journal records.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from ganetix import errors
from ganetix.model import index, pools
from ganetix.model.change import TABLES, Change
from ganetix.model.cluster import Cluster

__all__ = ["TABLES", "Change", "apply", "stamped"]


def stamped(before: Cluster, change: Change, now: float) -> Change:
    """Return *change* with pools, serial numbers and times set; *now* is wall time.

    Raise `errors.ConfigurationError` when an address of a network would be given twice.
    """
    change = pools.settled(before, change)
    fresh: dict[str, Any] = {}
    for table in TABLES:
        old = getattr(before, table)
        rows = getattr(change, table)
        if rows and table != "filters":
            fresh[table] = tuple(_stamp(old.get(row.uuid), row, now) for row in rows)
    if change.cluster is not None:
        fresh["cluster"] = _stamp(before.cluster, change.cluster, now)
    return msgspec.structs.replace(change, **fresh)


def _stamp(old: Any, row: Any, now: float) -> Any:
    if old is None:
        return msgspec.structs.replace(row, serial_no=1, ctime=now, mtime=now)
    return msgspec.structs.replace(row, serial_no=old.serial_no + 1, ctime=old.ctime, mtime=now)


def apply(before: Cluster, change: Change, now: float) -> Cluster:
    """Return the configuration after *change* (already `stamped`); *now* is wall time in seconds.

    Raise `errors.ConfigurationError` if an invariant would break; *before* is never touched.
    """
    fresh: dict[str, Any] = {}
    for table in TABLES:
        put, drop = getattr(change, table), getattr(change, f"drop_{table}")
        if put or drop:
            fresh[table] = _replaced(getattr(before, table), put, drop, table)
    if change.cluster is not None:
        fresh["cluster"] = change.cluster
    after = msgspec.structs.replace(before, serial_no=before.serial_no + 1, mtime=now, **fresh)
    return msgspec.structs.replace(after, indexes=index.updated(before, after, change))


def _replaced(
    old: Mapping[str, Any], put: Iterable[Any], drop: Iterable[str], table: str
) -> Mapping[str, Any]:
    rows = dict(old)
    for uuid in drop:
        if rows.pop(uuid, None) is None:
            raise errors.ConfigurationError(
                f"The change drops {uuid} from {table}, where it is not."
            )
    for row in put:
        rows[row.uuid] = row
    return rows

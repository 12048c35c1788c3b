"""Field definitions by resource, expanded from the tables."""

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Final

from ganetix.query.results import FieldDef
from ganetix.query.tables import (
    cluster,
    export,
    extstorage,
    filter,
    group,
    instance,
    job,
    lock,
    network,
    node,
    os,
)

TABLES: Final[Mapping[str, Iterable[tuple[str, str, str] | tuple[str, str, str, int]]]] = {
    "cluster": cluster.ROWS,
    "export": export.ROWS,
    "extstorage": extstorage.ROWS,
    "filter": filter.ROWS,
    "group": group.ROWS,
    "instance": instance.ROWS,
    "job": job.ROWS,
    "lock": lock.ROWS,
    "network": network.ROWS,
    "node": node.ROWS,
    "os": os.ROWS,
}
NAME_FIELD: Final[Mapping[str, str]] = {
    "cluster": "name",
    "export": "node",
    "extstorage": "name",
    "filter": "uuid",
    "group": "name",
    "instance": "name",
    "job": "id",
    "lock": "name",
    "network": "name",
    "node": "name",
    "os": "name",
}


@functools.cache
def fields_of(resource: str) -> Mapping[str, FieldDef]:
    """Return the fields of *resource* by name, in natural order."""
    rows: list[FieldDef] = []
    for name, title, kind, *last in TABLES[resource]:
        for index in range(last[0] + 1) if last else (None,):
            put = "" if index is None else str(index)
            full, shown = name.replace("{i}", put), title.replace("{i}", put)
            rows.append(FieldDef(full, shown, kind, _doc(resource, full, kind)))
    return {row.name: row for row in sorted(rows, key=lambda row: natural(row.name))}


def _doc(resource: str, name: str, kind: str) -> str:
    return f"The {resource}'s {re.sub('[/._]', ' ', name)} ({kind})"


_REMEMBERED: Final = 1 << 16
"""Names whose sort keys are kept: working them out costs more than sorting."""


@functools.lru_cache(maxsize=_REMEMBERED)
def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key that orders the numbers in *name* by value."""
    parts = re.split(r"(\d+)", name)
    return tuple((1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts)

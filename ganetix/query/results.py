"""Results of queries: definitions of fields, and values with a status."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

import attrs

from ganetix import errors

NORMAL: Final = 0
UNKNOWN: Final = 1
NODATA: Final = 2
UNAVAIL: Final = 3
OFFLINE: Final = 4

Cell = tuple[int, Any]
"""(status, value); the value is None unless the status is `NORMAL`."""


class Absent(NamedTuple):
    """Stands in the place of a value that there is not, and is its cell."""

    status: int
    value: None = None


NO_DATA: Final = Absent(NODATA)
NOT_AVAILABLE: Final = Absent(UNAVAIL)
NODE_OFFLINE: Final = Absent(OFFLINE)
NO_FIELD: Final = Absent(UNKNOWN)


def maybe(value: Any) -> Any:
    """Return *value*, or that it is unavailable when it is None."""
    return NOT_AVAILABLE if value is None else value


def each(value: Callable[[Any, Any], Any]) -> Callable[[Any, Sequence[Any]], list[Any]]:
    """Return the column of what *value* computes of a view and one row."""
    return lambda view, rows: [value(view, row) for row in rows]


def cells(column: Iterable[Any]) -> list[Cell]:
    """Return the values in *column* with their statuses."""
    return [value if value.__class__ is Absent else (NORMAL, value) for value in column]


@attrs.frozen
class FieldDef:
    """A field as clients see it."""

    name: str
    title: str
    kind: str
    doc: str

    def to_wire(self) -> dict[str, str]:
        """Return the definition as LUXI carries it."""
        return {"name": self.name, "title": self.title, "kind": self.kind, "doc": self.doc}


def unknown_field(resource: str, name: str) -> errors.OpPrereqError:
    """Return the error for a field that *resource* has not."""
    return errors.OpPrereqError(
        f"{resource.capitalize()} field '{name}' is not known; "
        f"'gnt-{resource} list-fields' shows the known ones.",
        errors.INVAL,
    )

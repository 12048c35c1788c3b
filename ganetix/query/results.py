"""Results of queries: definitions of fields, and values with a status."""

from typing import Any, Final

import attrs

from ganetix import errors

NORMAL: Final = 0
UNKNOWN: Final = 1
NODATA: Final = 2
UNAVAIL: Final = 3
OFFLINE: Final = 4

Cell = tuple[int, Any]
"""(status, value); the value is None unless the status is `NORMAL`."""


def normal(value: Any) -> Cell:
    """Return *value* as a cell."""
    return (NORMAL, value)


def maybe(value: Any) -> Cell:
    """Return *value* as a cell, unavailable when it is None."""
    return (UNAVAIL, None) if value is None else (NORMAL, value)


NO_DATA: Final[Cell] = (NODATA, None)
NOT_AVAILABLE: Final[Cell] = (UNAVAIL, None)
NODE_OFFLINE: Final[Cell] = (OFFLINE, None)
NO_FIELD: Final[Cell] = (UNKNOWN, None)


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

"""Queries: a resource's rows, filtered, as cells; and the classic form without statuses."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import attrs
import msgspec

from ganetix import errors
from ganetix.query import filter as filters
from ganetix.query import group, instance, network, node, plain
from ganetix.query.definitions import NAME_FIELD, fields_of, natural
from ganetix.query.results import NO_FIELD, Absent, Cell, FieldDef, cells, each, unknown_field
from ganetix.query.view import View

Value = Callable[[View, Any], Any]
"""Computes a field of one row: a JSON value, or `Absent`."""
Column = Callable[[View, Sequence[Any]], list[Any]]
"""Computes a field of many rows."""


@attrs.frozen
class Resource:
    """How a resource is read."""

    column_of: Callable[[str], Column | None]
    rows: Callable[[View], Iterable[Any]]
    hostnames: frozenset[str] = frozenset()
    ordered: bool = False
    """Whether `rows` come in the order of their names."""
    named: Callable[[View, str], Any] | None = None
    """How the row with exactly that name is found at once; None when there is none."""


def _by_row(value_of: Callable[[str], Value | None]) -> Callable[[str], Column | None]:
    def column_of(name: str) -> Column | None:
        value = value_of(name)
        return None if value is None else each(value)

    return column_of


_MORE: Final = {"job": " --archived"}
"""What a list command needs to show all objects that there are."""
_NAME: Final = frozenset(("name",))
RESOURCES: Final[Mapping[str, Resource]] = {
    "cluster": Resource(_by_row(plain.told_value), plain.told_rows),
    "export": Resource(_by_row(plain.export_value), plain.export_rows, frozenset(("node",))),
    "filter": Resource(_by_row(plain.filter_value), plain.filter_rows),
    "group": Resource(_by_row(group.value_of), group.rows),
    "instance": Resource(
        instance.column_of,
        instance.rows,
        frozenset(("name", "pnode")),
        named=instance.named,
    ),
    "job": Resource(_by_row(plain.job_value), plain.job_rows, ordered=True),
    "lock": Resource(_by_row(plain.lock_value), plain.lock_rows),
    "network": Resource(_by_row(network.value_of), network.rows),
    "node": Resource(_by_row(node.value_of), node.rows, _NAME, named=node.named),
    "extstorage": Resource(_by_row(plain.told_value), plain.told_rows),
    "os": Resource(_by_row(plain.told_value), plain.told_rows),
}


def definitions(what: str, names: Sequence[str] | None) -> list[FieldDef]:
    """Return the definitions of *names* (None or empty: all, in natural order)."""
    known = fields_of(what)
    if not names:
        return list(known.values())
    return [known.get(name) or FieldDef(name, name, "unknown", "Unknown field") for name in names]


def query(view: View, what: str, names: Sequence[str], qfilter: Any) -> dict[str, Any]:
    """Answer a query: field definitions, and a row of (status, value) an object.

    Raise `errors.ParseError` for a filter that is none, `errors.ParameterError` for one that does
    not fit the fields, `errors.OpPrereqError` for a name that there is not.
    """
    found = prepared(view, what, names, qfilter)
    return {"fields": found.fields, "data": found.cells(0, len(found.rows))}


@attrs.frozen
class Prepared:
    """A query whose rows are selected; its cells can be computed in slices."""

    view: View
    fields: list[dict[str, str]]
    rows: list[Any]
    columns: list[Column]

    def cells(self, start: int, end: int) -> list[tuple[Cell, ...]]:
        """Return the cells of the rows from *start* to before *end*."""
        rows = self.rows[start:end]
        return _turned(rows, [cells(column(self.view, rows)) for column in self.columns])

    def bare(self, start: int, end: int) -> list[tuple[Any, ...]]:
        """Return the values alone of the rows from *start* to before *end*, to be encoded."""
        rows = self.rows[start:end]
        return _turned(rows, [_bare(column(self.view, rows)) for column in self.columns])


def _turned(rows: Sequence[Any], columns: list[list[Any]]) -> list[tuple[Any, ...]]:
    """Return what *columns* have for each of *rows*."""
    return list(zip(*columns, strict=True)) if columns else [()] * len(rows)


def _bare(column: list[Any]) -> list[Any]:
    """Return the values in *column*; a mapping that many rows share is encoded here, once."""
    if Absent in map(type, column):
        return [None if isinstance(value, Absent) else value for value in column]
    if not column or not isinstance(column[0], dict):
        return column
    distinct = {id(value): value for value in column}
    if len(distinct) * 2 > len(column):
        return column
    encoded = {key: msgspec.Raw(msgspec.json.encode(one)) for key, one in distinct.items()}
    return [encoded[id(value)] for value in column]


def prepared(view: View, what: str, names: Sequence[str], qfilter: Any) -> Prepared:
    """Select the rows of a query; raises what `query` does."""
    rows = selected(view, what, filters.parsed(qfilter))
    fields = [row.to_wire() for row in definitions(what, names)] if names else []
    return Prepared(view, fields, rows, [_column(what, name) for name in names])


def _column(what: str, name: str) -> Column:
    found = RESOURCES[what].column_of(name) if name in fields_of(what) else None
    return found or (lambda view, rows: [NO_FIELD] * len(rows))


def selected(view: View, what: str, tree: Any) -> list[Any]:
    """Return the rows that *tree* selects, in their order."""
    resource, name_field = RESOURCES[what], NAME_FIELD[what]
    asked = filters.names_of(tree, name_field)
    if asked is not None:
        return _named(view, what, [str(one) for one in asked])
    test = filters.compiled(tree, lambda field: _getter(view, what, field), resource.hostnames)
    found = [row for row in resource.rows(view) if test(row)]
    if resource.ordered:
        return found
    keys = list(map(natural, _names(view, what, found)))
    return [found[index] for index in sorted(range(len(found)), key=keys.__getitem__)]


def _getter(view: View, what: str, field: str) -> Callable[[Any], Any]:
    column = RESOURCES[what].column_of(field) if field in fields_of(what) else None
    if column is None:
        raise errors.ParameterError(f"The filter reads '{field}', which is no field of {what}.")
    return lambda row: column(view, (row,))[0]


def _names(view: View, what: str, rows: Sequence[Any]) -> list[str]:
    """Return the names of *rows*."""
    return list(map(str, _column(what, NAME_FIELD[what])(view, rows)))


def _named(view: View, what: str, asked: list[str]) -> list[Any]:
    """Return the rows of a name request in its order, each once."""
    exact = _exact(view, what, asked)
    if exact is not None:
        return list({id(row): row for row in exact}.values())
    by_name = _by_name(view, what)
    found: dict[int, Any] = {}
    for name in asked:
        rows = by_name.get(name) or _near(what, by_name, name)
        if not rows:
            raise errors.OpPrereqError(
                f"{what.capitalize()} '{name}' is not known; "
                f"try 'gnt-{what} list{_MORE.get(what, '')}'.",
                errors.NOENT,
            )
        found.update((id(row), row) for row in rows)
    return list(found.values())


def _exact(view: View, what: str, asked: Sequence[str]) -> list[Any] | None:
    """Return the rows called *asked* if all are there by their full names and quickly found."""
    named = RESOURCES[what].named
    if named is None:
        return None
    found = [named(view, name) for name in asked]
    return None if any(row is None for row in found) else found


def _by_name(view: View, what: str) -> dict[str, list[Any]]:
    rows, found = list(RESOURCES[what].rows(view)), dict[str, list[Any]]()
    for name, row in zip(_names(view, what, rows), rows, strict=True):
        found.setdefault(name, []).append(row)
    return found


def _near(what: str, by_name: Mapping[str, list[Any]], name: str) -> list[Any]:
    if not RESOURCES[what].hostnames:
        return []
    return [row for full, rows in by_name.items() if full.startswith(f"{name}.") for row in rows]


def classic(view: View, what: str, wanted: Sequence[str], names: Sequence[str]) -> Prepared:
    """Select the rows of a classic query, whose answer is `Prepared.bare`.

    Unmatched names give no row. Raise `errors.OpPrereqError` for an unknown field.
    """
    for field in names:
        if field not in fields_of(what):
            raise unknown_field(what, field)
    rows = _matching(view, what, wanted) if wanted else selected(view, what, None)
    return Prepared(view, [], rows, [_column(what, name) for name in names])


def _matching(view: View, what: str, wanted: Sequence[str]) -> list[Any]:
    exact = _exact(view, what, wanted)
    if exact is not None:
        return exact
    by_name = _by_name(view, what)
    by_uuid = {getattr(row, "uuid", ""): row for rows in by_name.values() for row in rows}
    found: list[Any] = []
    for name in wanted:
        rows = by_name.get(name) or _near(what, by_name, name)
        found += rows or ([by_uuid[name]] if name in by_uuid else [])
    return found

"""Query fields: definitions as the table says, values as the configuration says."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ganetix_test import spec
from ganetix_test.parity import expected
from ganetix_test.parity.expected import ABSENT, Values
from ganetix_test.parity.place import INSTANCE, NETWORK, PROVIDER, Place

NORMAL, NODATA, UNAVAIL = 0, 2, 3
_NUMBER: Final = (int, float)
_KINDS: Final[Mapping[str, Any]] = {
    "text": str, "bool": bool, "number": int, "float": _NUMBER, "unit": _NUMBER,
    "timestamp": _NUMBER, "other": object,
}  # fmt: skip
_SHAPED: Final[Mapping[str, Mapping[str, Any]]] = {
    "instance": {"console": dict},
    "node": {
        "cnodes": int, "cnos": int, "csockets": int, "dfree": _NUMBER, "dtotal": _NUMBER,
        "hv_state": dict, "disk_state": (dict, type(None)), "mfree": _NUMBER, "mnode": _NUMBER,
        "spfree": (int, type(None)), "sptotal": (int, type(None)),
    },
    "os": {"node_status": dict},
    "cluster": {"architecture": list, "vcs_version": str},
    "lock": {"mode": str, "owner": list, "pending": list, "name": str},
    "job": {"summary": list},
}  # fmt: skip
"""Fields whose values no file tells: the type is what can be compared."""


def rows() -> Iterator[str]:
    """Yield a row for each field, with its number where it has one."""
    for what, resource in spec.load("query_fields")["resources"].items():
        for name, _, _ in _expanded(resource):
            yield f"{what} {name}"


def _expanded(resource: Any) -> Iterator[tuple[str, str, str]]:
    """Yield name, title and kind of each field of *resource*."""
    for field in resource["fields"]:
        if "{i}" not in field["name"]:
            yield field["name"], field["title"], field["kind"]
            continue
        for index in range(field["index_min"], field["index_max"] + 1):
            number = str(index)
            name, title = (field[key].replace("{i}", number) for key in ("name", "title"))
            yield name, title, field["kind"]


def done(place: Place) -> Iterator[str]:
    """Yield the rows whose definition and value are right."""
    for what, resource in spec.load("query_fields")["resources"].items():
        try:
            values = _values(place, what)
            wanted = list(_expanded(resource))
            answer = place.query(what, [name for name, _, _ in wanted], _chosen(place, what))
        except place.refused as error:
            place.say(f"{what}: {error}")
            continue
        if not answer["data"]:
            place.say(f"{what}: no rows")
            continue
        cells = answer["data"][0]
        for (name, title, kind), found, cell in zip(wanted, answer["fields"], cells, strict=True):
            if _right(what, (name, title, kind), found, cell, values):
                yield f"{what} {name}"
            else:
                place.say(f"{what} {name}: {cell}, {found}, expected {values.get(name)!r}"[:300])


def _right(what: str, row: tuple[str, str, str], found: Any, cell: Any, values: Values) -> bool:
    name, title, kind = row
    if (found["name"], found["title"], found["kind"]) != (name, title, kind) or not found["doc"]:
        return False
    status, value = cell
    if name in _SHAPED.get(what, {}):
        return isinstance(value, _SHAPED[what][name])
    wanted = values.get(name, ABSENT)
    if wanted is ABSENT:
        return status in (NODATA, UNAVAIL) and value is None and (name in values or "/" in name)
    return bool(status == NORMAL and value == wanted and isinstance(value, _KINDS[kind] or object))


def _chosen(place: Place, what: str) -> Any:
    """Return the filter that finds the one row that is looked at."""
    if what == "lock":
        return ["=", "name", place.held_lock()]
    names = {
        "instance": INSTANCE, "node": place.cluster.name(2), "network": NETWORK, "os": "dummy",
        "extstorage": PROVIDER,
    }  # fmt: skip
    if what == "job":
        return ["=", "id", place.job]
    return ["=", "name", names[what]] if what in names else None


def _values(place: Place, what: str) -> Values:
    config = place.configuration()
    node = place.cluster.name(2)
    boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    ways: Mapping[str, Callable[[], Mapping[str, Any]]] = {
        "instance": lambda: expected.instance(config, _named(config["instances"], INSTANCE)),
        "node": lambda: {
            **expected.node(config, _named(config["nodes"], node)), "bootid": boot,
            **place.machine(),
        },
        "group": lambda: expected.group(config, _named(config["nodegroups"], "default")),
        "network": lambda: expected.network(config, _named(config["networks"], NETWORK)),
        "cluster": lambda: expected.cluster(config),
        "filter": lambda: next(iter(config["filters"].values())),
        "job": lambda: expected.job(place.job_file()),
        "export": lambda: {"node": place.cluster.name(1), "export": place.export},
        "os": place.system, "extstorage": place.provider,
    }  # fmt: skip
    return dict(ways[what]()) if what in ways else {}


def _named(table: Mapping[str, Any], name: str) -> Any:
    [found] = [row for row in table.values() if row["name"] == name]
    return found

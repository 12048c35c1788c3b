"""Values of network fields."""

from collections.abc import Callable
from typing import Any, Final

from ganetix.model import pools
from ganetix.model.objects import Network
from ganetix.query.results import maybe
from ganetix.query.view import View

Value = Callable[[View, Network], Any]


def _plain(name: str) -> Value:
    return lambda view, row: maybe(getattr(row, name))


def _external(row: Network) -> str:
    return ", ".join(pools.addresses(row, pools.from_outside(row)))


def _groups(view: View, row: Network) -> list[list[str]]:
    found = []
    for group in view.cluster.nodegroups.values():
        if (link := group.networks.get(row.uuid)) is not None:
            found.append(
                [group.name, *(str(link.get(key, "")) for key in ("mode", "link", "vlan"))]
            )
    return sorted(found)


def _instances(view: View, row: Network) -> list[str]:
    instances = view.cluster.instances.values()
    return sorted(one.name for one in instances if any(n.network == row.uuid for n in one.nics))


FIELDS: Final[dict[str, Value]] = {
    **{
        name: _plain(name)
        for name in (
            "ctime", "mtime", "name", "serial_no", "tags", "uuid", "network", "network6",
            "gateway", "gateway6", "mac_prefix",
        )
    },
    "external_reservations": lambda view, row: _external(row),
    "free_count": lambda view, row: pools.either(row).count("0"),
    "reserved_count": lambda view, row: pools.either(row).count("1"),
    "map": lambda view, row: pools.either(row).replace("0", ".").replace("1", "X"),
    "group_cnt": lambda view, row: len(_groups(view, row)),
    "group_list": _groups,
    "inst_cnt": lambda view, row: len(_instances(view, row)),
    "inst_list": _instances,
}  # fmt: skip


def value_of(name: str) -> Value | None:
    """Return how the field *name* is computed, None when there is no such field."""
    return FIELDS.get(name)


def rows(view: View) -> list[Network]:
    """Return all networks."""
    return list(view.cluster.networks.values())

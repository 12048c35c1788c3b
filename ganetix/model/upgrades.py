"""Upgrades of old configurations: one pure step a version, applied to plain JSON values."""

from collections.abc import Callable
from typing import Any, Final

from ganetix import errors
from ganetix.model.cluster import CONFIG_VERSION

Raw = dict[str, Any]

# Disk types by their numbers-and-names of older releases.
_OLD_DISK_TYPES: Final = {"lvm": "plain", "drbd8": "drbd"}


def _from_2_16(raw: Raw) -> Raw:
    """2.16 to 3.0: the same fields; old disk type names, and absent tables, are put right."""
    disks = {
        uuid: {**disk, "dev_type": _OLD_DISK_TYPES.get(disk.get("dev_type"), disk.get("dev_type"))}
        for uuid, disk in raw.get("disks", {}).items()
    }
    return {**raw, "version": 3000000, "disks": disks, "filters": raw.get("filters", {})}


DOWNGRADED: Final = 2160000
"""The version that `downgraded` makes."""

_OURS: Final = frozenset(("candidate_timeout", "epoch"))
"""Parameters of the cluster that only ganetix has."""


def downgraded(raw: Raw) -> Raw:
    """Return *raw*, a configuration of this release, as 2.16 reads it."""
    cluster = {key: value for key, value in raw["cluster"].items() if key not in _OURS}
    return {**raw, "version": DOWNGRADED, "cluster": cluster}


_NULL_IS_DEFAULT: Final = frozenset(
    ("hv_state_static", "disk_state_static", "params", "forthcoming", "osparams_private", "nodes")
)
STEPS: Final[dict[int, Callable[[Raw], Raw]]] = {2160000: _from_2_16}


def upgraded(raw: Any, name: str) -> Raw:
    """Return *raw* at this release's version; *name* is the file, for messages."""
    if not isinstance(raw, dict) or not isinstance(raw.get("version"), int):
        raise errors.ConfigurationError(
            f"{name} has no version: it is not a cluster configuration. "
            "Restore it from a master candidate's copy or a backup."
        )
    found: Raw = raw
    while found["version"] != CONFIG_VERSION:
        step = STEPS.get(found["version"])
        if step is None:
            raise errors.ConfigVersionMismatch(CONFIG_VERSION, found["version"], name)
        found = step(found)
    return _filled(found)


def _filled(raw: Raw) -> Raw:
    """Put the uuid that is each object's key into the object where an old file lacks it."""
    tables = ("nodes", "nodegroups", "instances", "networks", "disks", "filters")
    whole = {table: raw.get(table) or {} for table in tables}
    return {
        **raw,
        **{
            table: {
                uuid: {k: v for k, v in {"uuid": uuid, **row}.items() if not _absent(k, v)}
                for uuid, row in rows.items()
            }
            for table, rows in whole.items()
        },
    }


def _absent(key: str, value: Any) -> bool:
    """Whether a null stands for the field's default (the reference writes some so)."""
    return value is None and key in _NULL_IS_DEFAULT

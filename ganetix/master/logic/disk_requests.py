"""What a request may say of disks, and where new ones will be. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ganetix import errors
from ganetix.master.logic import disk_records
from ganetix.master.logic.disk_records import Wanted
from ganetix.model import schema, volume_names
from ganetix.model.cluster import Cluster
from ganetix.paths import Paths

MAX_DISKS: Final = 16
MODES: Final = ("ro", "rw")
SUPPORTED: Final = ("blockdev", "diskless", "drbd", "file", "plain", "sharedfile")
ADOPTABLE: Final = ("blockdev", "plain")

_KEYS: Final = frozenset({
    "access", "adopt", "dev_type", "metavg", "mode", "name", "provider", "size", "spindles", "vg",
})  # fmt: skip
_MODIFIABLE: Final = frozenset({"mode", "name"})
_FOREIGN: Final[Mapping[str, tuple[str, ...]]] = {
    "access": (), "provider": (), "adopt": ADOPTABLE, "vg": disk_records.LVM, "metavg": ("drbd",),
}  # fmt: skip
"""Parameters that only disks of these templates have."""


def require_template(cluster: Cluster, template: str) -> None:
    """Raise `errors.OpPrereqError` unless *template* is enabled and available here."""
    if template not in cluster.cluster.enabled_disk_templates:
        enabled = ", ".join(cluster.cluster.enabled_disk_templates)
        raise errors.OpPrereqError(
            f"Disk template {template} is not enabled in this cluster (enabled: {enabled}); "
            "'gnt-cluster modify --enabled-disk-templates' enables it.",
            errors.INVAL,
        )
    if template not in SUPPORTED:
        raise errors.OpPrereqError(
            f"Disk template {template} is not available in this release; available are "
            f"{', '.join(SUPPORTED)}.",
            errors.INVAL,
        )


def wanted_disks(template: str, given: Sequence[Mapping[str, Any]]) -> list[Wanted]:
    """Return the disks that *given* asks for with *template*; raise `errors.OpPrereqError`."""
    if template == "diskless" and given:
        raise errors.OpPrereqError(
            "A diskless instance has no disks, but disks were given; leave them out or choose "
            "another disk template.",
            errors.INVAL,
        )
    if len(given) > MAX_DISKS:
        raise errors.OpPrereqError(
            f"{len(given)} disks were given; an instance has at most {MAX_DISKS}.", errors.INVAL
        )
    return [wanted_disk(template, index, row) for index, row in enumerate(given)]


def wanted_disk(template: str, index: int, given: Mapping[str, Any]) -> Wanted:
    """Return disk *index* as *given* asks for it; raise `errors.OpPrereqError`."""
    for key in given:
        if key not in _KEYS or template not in _FOREIGN.get(key, (template,)):
            raise errors.OpPrereqError(
                f"Disk {index} has the parameter '{key}', which a disk of template {template} "
                "does not take.",
                errors.INVAL,
            )
    adopt = _adopted(template, index, given)
    if "size" not in given and adopt is None:
        raise errors.OpPrereqError(f"Disk {index} has no size; give one.", errors.INVAL)
    return Wanted(
        _size(index, given["size"]) if adopt is None else 0,
        disk_mode(index, given.get("mode", "rw")),
        disk_name(given.get("name")),
        _spindles(index, given.get("spindles")),
        _volume_group(index, given, "vg"),
        _volume_group(index, given, "metavg"),
        adopt,
    )


def _spindles(index: int, given: Any) -> int | None:
    try:
        return None if given is None else int(given)
    except ValueError:
        raise errors.OpPrereqError(
            f"Disk {index} has spindles={given}, which is not a whole number.", errors.INVAL
        ) from None


def _adopted(template: str, index: int, given: Mapping[str, Any]) -> str | None:
    """Return what is to become disk *index* instead of a new volume, None if one is made."""
    adopt = given.get("adopt")
    if adopt is None:
        if template == "blockdev":
            raise errors.OpPrereqError(
                f"Disk {index}: block devices are not made but adopted; give adopt=/dev/...",
                errors.INVAL,
            )
        return None
    name = str(adopt)
    if template == "blockdev":
        if not name.startswith("/dev/") or "/../" in name:
            raise errors.OpPrereqError(
                f"Disk {index} can't adopt '{name}': a block device's path is below /dev.",
                errors.INVAL,
            )
        return name
    _require_volume_name(index, name)
    return name


def _volume_group(index: int, given: Mapping[str, Any], key: str) -> str | None:
    if given.get(key) is None:
        return None
    _require_volume_name(index, str(given[key]))
    return str(given[key])


def _require_volume_name(index: int, name: str) -> None:
    wrong = volume_names.wrong_name(name)
    if wrong:
        raise errors.OpPrereqError(
            f"Disk {index}: '{name}' can't be a name for LVM: {wrong}.", errors.INVAL
        )


def _size(index: int, given: Any) -> int:
    try:
        size = schema.parse_size(given) if isinstance(given, str) else int(given)
    except errors.UnitParseError as error:
        raise errors.OpPrereqError(f"Disk {index}: {error.message}", errors.INVAL) from error
    if size <= 0:
        raise errors.OpPrereqError(
            f"Disk {index} has size {size} MiB; it must be more than nothing.", errors.INVAL
        )
    return size


def disk_mode(index: int, mode: Any) -> str:
    """Return *mode* if disks have it; raise `errors.OpPrereqError`."""
    if mode not in MODES:
        raise errors.OpPrereqError(
            f"Disk {index} has mode '{mode}'; it may be one of {', '.join(MODES)}.", errors.INVAL
        )
    return str(mode)


def disk_name(given: Any) -> str | None:
    """Return *given* as a device's name: nothing for null or ``none``."""
    if given is None or str(given).lower() == schema.NONE:
        return None
    name = str(given)
    if name.isdecimal():
        raise errors.OpPrereqError(
            f"'{name}' can't be a device's name: it would be taken for an index.", errors.INVAL
        )
    return name


def require_modifiable(index: int, given: Mapping[str, Any]) -> None:
    """Raise `errors.OpPrereqError` if *given* has what can't be changed of an existing disk."""
    refused = sorted(set(given) - _MODIFIABLE)
    if refused:
        raise errors.OpPrereqError(
            f"Disk {index}: {', '.join(refused)} can't be changed; only name and mode can. "
            "'gnt-instance grow-disk' makes a disk larger.",
            errors.INVAL,
        )


def file_dir(cluster: Cluster, paths: Paths, template: str, sub: str | None) -> str:
    """Return the directory (a path without any node's root) below which instances' disks are.

    *sub* is the relative directory that the request names, or None.
    """
    settings = cluster.cluster
    base = (
        settings.shared_file_storage_dir if template == "sharedfile" else settings.file_storage_dir
    )
    if paths.root and base.startswith(f"{paths.root}/"):
        base = base.removeprefix(paths.root)
    if sub is None:
        return base
    if sub.startswith("/") or ".." in sub.split("/"):
        raise errors.OpPrereqError(
            f"The file storage directory '{sub}' must be relative, and may not leave {base}.",
            errors.INVAL,
        )
    return f"{base}/{sub}"

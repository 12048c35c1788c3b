"""What LVM's listing programs say. Sizes are bytes in, MiB out."""

from typing import Final

import attrs

SEPARATOR: Final = "|"
LISTING: Final = ("--noheadings", "--nosuffix", "--units", "b", "--separator", SEPARATOR)
"""Options that make ``lvs``, ``vgs`` and ``pvs`` print what is parsed here."""

LV_FIELDS: Final = "vg_name,lv_name,lv_size,lv_attr"
PLACED_FIELDS: Final = "vg_name,lv_name,lv_size,devices"
VG_FIELDS: Final = "vg_name,vg_size,vg_free,pv_count"
PV_FIELDS: Final = "pv_name,vg_name,pv_size,pv_free,pv_attr"

_MIB: Final = 1024 * 1024


@attrs.frozen
class Volume:
    """A logical volume; *size* MiB. *attributes* as ``lvs`` shows them."""

    group: str
    name: str
    size: int
    attributes: str

    @property
    def path(self) -> str:
        """The device."""
        return path_of(self.group, self.name)

    @property
    def active(self) -> bool:
        """Whether the kernel has it."""
        return self.attributes[4:5] == "a"

    @property
    def in_use(self) -> bool:
        """Whether something has it open."""
        return self.attributes[5:6] == "o"


@attrs.frozen
class Group:
    """A volume group; *size* and *free* MiB, *devices* is its number of physical volumes."""

    name: str
    size: int
    free: int
    devices: int


@attrs.frozen
class Physical:
    """A physical volume; *size* and *free* MiB."""

    path: str
    group: str
    size: int
    free: int
    attributes: str

    @property
    def allocatable(self) -> bool:
        """Whether new volumes may be put there."""
        return self.attributes.startswith("a")


@attrs.frozen
class Placed:
    """A logical volume, *size* MiB, with the physical volume that its first extents are on."""

    physical: str
    group: str
    name: str
    size: int


def path_of(group: str, name: str) -> str:
    """Return the device of the volume *name* of *group*."""
    return f"/dev/{group}/{name}"


def placed(text: str) -> list[Placed]:
    """Return what ``lvs -o PLACED_FIELDS`` printed."""
    return [
        Placed(row[3].split(",")[0].partition("(")[0], row[0], row[1], _mib(row[2]))
        for row in _rows(text)
    ]


def volumes(text: str) -> list[Volume]:
    """Return what ``lvs -o LV_FIELDS`` printed."""
    return [Volume(row[0], row[1], _mib(row[2]), row[3]) for row in _rows(text)]


def groups(text: str) -> list[Group]:
    """Return what ``vgs -o VG_FIELDS`` printed."""
    return [Group(row[0], _mib(row[1]), _mib(row[2]), int(row[3])) for row in _rows(text)]


def physicals(text: str) -> list[Physical]:
    """Return what ``pvs -o PV_FIELDS`` printed."""
    return [Physical(r[0], r[1], _mib(r[2]), _mib(r[3]), r[4]) for r in _rows(text)]


def _rows(text: str) -> list[list[str]]:
    return [line.strip().split(SEPARATOR) for line in text.splitlines() if SEPARATOR in line]


def _mib(text: str) -> int:
    return int(text) // _MIB

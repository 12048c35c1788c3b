"""What DRBD 8.4 says: ``/proc/drbd`` and ``drbdsetup show``."""

import re
from typing import Final

import attrs

_MINOR = re.compile(
    r"^\s*(?P<minor>\d+): cs:(?P<connection>\w+)"
    r"(?: ro:(?P<role>\w+)/(?P<peer_role>\w+) ds:(?P<disk>\w+)/(?P<peer_disk>\w+))?"
)
_SYNCED = re.compile(r"sync'ed:\s*(?P<percent>[\d.]+)%")
_FINISH = re.compile(r"finish: (?P<hours>\d+):(?P<minutes>\d+):(?P<seconds>\d+)")
_ADDRESS = re.compile(r"(_remote_host|_this_host) \{\s*address\s+(\S+) (\S+);")
_PLACE = re.compile(r'\b(disk|meta-disk)\s+"([^"]+)";')

SYNCING: Final = frozenset({
    "SyncSource", "SyncTarget", "StartingSyncS", "StartingSyncT", "WFBitMapS", "WFBitMapT",
    "WFSyncUUID", "PausedSyncS", "PausedSyncT", "VerifyS", "VerifyT",
})  # fmt: skip
UNCONFIGURED: Final = "Unconfigured"
STANDALONE: Final = "StandAlone"
DISKLESS: Final = "Diskless"
UP_TO_DATE: Final = "UpToDate"


@attrs.frozen
class Minor:
    """One device's state. *percent* and *seconds* are known while it syncs."""

    minor: int
    connection: str
    role: str = ""
    peer_role: str = ""
    disk: str = ""
    peer_disk: str = ""
    percent: float | None = None
    seconds: int | None = None

    @property
    def configured(self) -> bool:
        """Whether the kernel has made it into a device."""
        return self.connection != UNCONFIGURED

    @property
    def syncing(self) -> bool:
        """Whether one side is being brought up to date."""
        return self.connection in SYNCING

    @property
    def connected(self) -> bool:
        """Whether it speaks to its peer."""
        return self.connection == "Connected" or self.syncing

    @property
    def healthy(self) -> bool:
        """Whether both sides have all data."""
        return self.connection == "Connected" and self.disk == self.peer_disk == UP_TO_DATE


@attrs.frozen
class Shown:
    """How a device is configured: *local* and *remote* addresses with ports, empty if not."""

    disk: str = ""
    meta: str = ""
    local: str = ""
    remote: str = ""


def minors(text: str) -> dict[int, Minor]:
    """Return the devices that ``/proc/drbd`` lists, by minor."""
    found: dict[int, Minor] = {}
    last: int | None = None
    for line in text.splitlines():
        match = _MINOR.match(line)
        if match is not None:
            last = int(match["minor"])
            role, peer_role, disk, peer_disk = (text or "" for text in match.groups()[2:])
            found[last] = Minor(last, match["connection"], role, peer_role, disk, peer_disk)
        elif last is not None:
            found[last] = _with_progress(found[last], line)
    return found


def _with_progress(one: Minor, line: str) -> Minor:
    synced, finish = _SYNCED.search(line), _FINISH.search(line)
    if synced:
        one = attrs.evolve(one, percent=float(synced["percent"]))
    if finish:
        hours, minutes, seconds = (int(finish[key]) for key in ("hours", "minutes", "seconds"))
        one = attrs.evolve(one, seconds=(hours * 60 + minutes) * 60 + seconds)
    return one


def version(text: str) -> str:
    """Return the kernel module's version from ``/proc/drbd``, empty when there is none."""
    first = text.partition("\n")[0].split()
    return first[1] if first[:1] == ["version:"] else ""


def shown(text: str) -> Shown:
    """Return what ``drbdsetup show`` printed of one device."""
    addresses = {match[0]: f"{match[1]}:{match[2]}" for match in _ADDRESS.findall(text)}
    places = dict(_PLACE.findall(text))
    return Shown(
        places.get("disk", ""),
        places.get("meta-disk", ""),
        addresses.get("_this_host", ""),
        addresses.get("_remote_host", ""),
    )

"""CPU time and memory of a cluster's master daemons, as the kernel counts them."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

TICKS: Final = os.sysconf("SC_CLK_TCK")
"""Units of CPU time in a second."""


class Stat(NamedTuple):
    """What is of interest in ``/proc/PID/stat``."""

    pid: int
    parent: int
    ticks: int
    """CPU time of the process and of the children that it has waited for."""


def parse_stat(text: str) -> Stat:
    """Return the record of one process; its name may hold blanks and parentheses."""
    before, _, after = text.rpartition(")")
    fields = after.split()
    # Counted from the third field on: state, parent ... utime, stime, cutime, cstime.
    return Stat(int(before.split(" ", 1)[0]), int(fields[1]), sum(map(int, fields[11:15])))


def parse_pss(text: str) -> int:
    """Return the bytes of ``/proc/PID/smaps_rollup``, shared pages divided among their users."""
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def family(pids: Iterable[int], stats: Iterable[Stat]) -> list[Stat]:
    """Return those of *stats* that are one of *pids* or descend from one."""
    known = {stat.pid: stat for stat in stats}
    roots = set(pids)

    def belongs(stat: Stat | None) -> bool:
        while stat is not None:
            if stat.pid in roots:
                return True
            stat = known.get(stat.parent)
        return False

    return [stat for stat in known.values() if belongs(stat)]


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU time that *pids* and all their children have used."""
    return sum(stat.ticks for stat in family(pids, _stats())) / TICKS


def memory(pids: Iterable[int]) -> int:
    """Return the memory of *pids* and all their children in bytes."""
    rows = (_read(f"/proc/{stat.pid}/smaps_rollup") for stat in family(pids, _stats()))
    return sum(parse_pss(text) for text in rows)


def of_root(root: str) -> list[int]:
    """Return the processes that were started for the node with root directory *root*.

    Some implementations let their job processes go, so that they descend from nobody.
    """
    mark = f"GANETI_ROOTDIR={root}"
    names = (name for name in os.listdir("/proc") if name.isdigit())
    return [int(name) for name in names if mark in _read(f"/proc/{name}/environ").split("\0")]


def _stats() -> list[Stat]:
    texts = (_read(f"/proc/{name}/stat") for name in os.listdir("/proc") if name.isdigit())
    return [parse_stat(text) for text in texts if text]


def _read(path: str) -> str:
    """Return the text of a file of /proc; nothing when its process has ended."""
    try:
        return Path(path).read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""

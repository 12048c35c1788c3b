"""The machine's memory and processors, from the kernel's own text files. Pure."""

import re
from typing import Final

from ganetix import errors
from ganetix.hypervisor.interface import HostFigures

MEMINFO: Final = "/proc/meminfo"
CPUINFO: Final = "/proc/cpuinfo"

_LINE = re.compile(r"^([^:\n]+?)[ \t]*:[ \t]*(.*)$", re.MULTILINE)


def memory(meminfo: str) -> tuple[int, int]:
    """Return (total, free) MiB from the text of ``/proc/meminfo``; caches count as free."""
    found = {key: value.split() for key, value in _LINE.findall(meminfo)}
    try:
        total = int(found["MemTotal"][0])
        free = sum(int(found[key][0]) for key in ("MemFree", "Buffers", "Cached"))
    except (KeyError, IndexError, ValueError) as error:
        raise errors.HypervisorError(
            f"{MEMINFO} has no usable figures for the machine's memory ({error})."
        ) from error
    return total // 1024, min(free, total) // 1024


def processors(cpuinfo: str) -> tuple[int, int]:
    """Return (processors, sockets) from the text of ``/proc/cpuinfo``; at least one of each."""
    count = 0
    sockets: set[str] = set()
    for key, value in _LINE.findall(cpuinfo):
        if key == "processor":
            count += 1
        elif key == "physical id":
            sockets.add(value)
    return max(count, 1), max(len(sockets), 1)


def figures(meminfo: str, cpuinfo: str) -> HostFigures:
    """Return the machine's figures from the kernel's texts."""
    total, free = memory(meminfo)
    count, sockets = processors(cpuinfo)
    return HostFigures(total, free, total - free, count, sockets)

"""What a machine's file system holds before anything of a cluster is there."""

from collections.abc import Mapping
from typing import Final

from ganetix.hypervisor.host import CPUINFO, MEMINFO
from ganetix.node.checks import BOOT_ID
from ganetix.paths import Paths
from ganetix.toolkit.interfaces import IFileSystem

_DUMMY_TEXTS: Final[Mapping[str, str]] = {
    "ganeti_api_version": "20\n",
    "parameters.list": "message a text that create writes behind the instance's name\n",
}
_DUMMY_SCRIPTS: Final = ("create", "import", "export", "rename", "verify")


def furnish(
    files: IFileSystem, paths: Paths, memory: int = 4096, cpus: int = 4, boot_id: str = "boot-1"
) -> None:
    """Put the kernel's texts and the OS definition ``dummy`` on *files*.

    *memory* is MiB, a quarter of it used by the machine itself. The scripts are empty: what they
    do is up to the process runner.
    """
    kib = memory * 1024
    meminfo = f"MemTotal: {kib} kB\nMemFree: {kib * 3 // 4} kB\nBuffers: 0 kB\nCached: 0 kB\n"
    cpuinfo = "".join(f"processor : {number}\nphysical id : 0\n\n" for number in range(cpus))
    dummy = f"{paths.os_search_path[-1]}/dummy"
    for path, text in (
        (MEMINFO, meminfo),
        (CPUINFO, cpuinfo),
        (BOOT_ID, f"{boot_id}\n"),
        *((f"{dummy}/{name}", text) for name, text in _DUMMY_TEXTS.items()),
    ):
        _put(files, path, text, 0o644)
    for script in _DUMMY_SCRIPTS:
        _put(files, f"{dummy}/{script}", "#!/bin/sh\n", 0o755)


def _put(files: IFileSystem, path: str, text: str, mode: int) -> None:
    files.make_dirs(path.rpartition("/")[0], 0o755)
    files.replace(path, text.encode(), mode, True)

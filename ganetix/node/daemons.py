"""What the other daemons of this node were started with."""

from typing import Final

from ganetix.paths import Paths
from ganetix.toolkit.interfaces import IFileSystem

_OPTION: Final = "--no-require-authentication"
_SHORTEST: Final = "--no-r"
"""The shortest form that the option parser takes for it."""
_PROGRAMS: Final = ("ganeti-rapi", "ganetix.daemons.rapid", "rapid")


def reads_want_no_user(paths: Paths, files: IFileSystem) -> bool:
    """Whether the remote API daemon that runs here answers what only looks to anybody.

    Its command line says so, which the kernel keeps. Blocks.
    """
    try:
        pid = files.read(paths.pid_file("ganeti-rapi")).decode("ascii", "replace").strip()
        words = files.read(f"/proc/{pid}/cmdline").decode("utf-8", "replace").split("\0")
    except OSError:
        return False
    runs = any(word.rpartition("/")[2] in _PROGRAMS for word in words)
    return runs and any(_OPTION.startswith(word) for word in words if word.startswith(_SHORTEST))

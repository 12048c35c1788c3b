"""Keeping a daemon in memory, so that it answers while the machine swaps."""

import ctypes
import os
from typing import Final

_MCL_CURRENT: Final = 1
_MCL_FUTURE: Final = 2
# Lock pages as they are first used: else every thread would pin its whole 8 MiB stack.
_MCL_ONFAULT: Final = 4


def lock_memory() -> str:
    """Lock this process in memory and return a sentence for the log about how that went."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) == 0:
        return "Locked in memory."
    reason = os.strerror(ctypes.get_errno())
    return (
        f"Not locked in memory ({reason}): under memory pressure answers may be late. "
        "Start as root or raise the limit on locked memory; --no-mlock silences this."
    )

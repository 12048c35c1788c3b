"""A daemon's memory: kept while the machine swaps, and seldom looked through for garbage."""

import ctypes
import gc
import os
from typing import Final

_MCL_CURRENT: Final = 1
_MCL_FUTURE: Final = 2
# Lock pages as they are first used: else every thread would pin its whole 8 MiB stack.
_MCL_ONFAULT: Final = 4

GARBAGE: Final = (20_000, 20, 20)
"""When garbage is looked for: after so many new objects. With Python's 700 a list of 5,000
instances, which is none, spends a quarter of its time there."""


def settle() -> None:
    """Take what start left in memory out of garbage collection, and collect less often."""
    gc.freeze()
    gc.set_threshold(*GARBAGE)


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

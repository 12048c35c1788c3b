"""What libvirt's numbers for states and reasons mean for a cluster. Pure.

The numbers are part of libvirt's stable interface (virDomainState and its reasons); they stand here
so that this can be read, and tested, without the library.
"""

from typing import Final

from ganetix.hypervisor.interface import RunState

RUNNING: Final = 1
BLOCKED: Final = 2
PAUSED: Final = 3
SHUTTING_DOWN: Final = 4
SHUT_OFF: Final = 5
SUSPENDED: Final = 7
PAUSED_FOR_MIGRATION: Final = 2
PAUSED_AT_START: Final = 11
SHUT_OFF_BY_GUEST: Final = 1


def run_state(state: int, reason: int, *, leaving: bool = False) -> RunState | None:
    """Return what a domain with *state* for *reason* is, None when no guest is here.

    A guest that is being received is paused for a migration, and not here yet; one that is
    *leaving* to another node is still here. One that has shut itself down is ``shutdown``; one that
    crashed, was killed, or was running when the node lost power, is not here.
    """
    if state in (RUNNING, BLOCKED, SHUTTING_DOWN):
        return "running"
    if state == PAUSED:
        arriving = reason in (PAUSED_FOR_MIGRATION, PAUSED_AT_START) and not leaving
        return None if arriving else "paused"
    if state == SUSPENDED:
        return "paused"
    return "shutdown" if state == SHUT_OFF and reason == SHUT_OFF_BY_GUEST else None


def is_active(state: int) -> bool:
    """Whether a domain with *state* has a process, whatever it does."""
    return state in (RUNNING, BLOCKED, PAUSED, SHUTTING_DOWN, SUSPENDED)

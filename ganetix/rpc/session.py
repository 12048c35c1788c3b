"""How a session opens: who speaks, in which versions, and under which mastership."""

from typing import Final

import msgspec

from ganetix import errors
from ganetix.rpc.call import Call, Role
from ganetix.rpc.tables.sessions import MasterInfo, VersionInfo

CALLS_VERSION: Final = 1
"""The version of the call table; raise it when a row is added or a struct gains a field."""


class Hello(msgspec.Struct, frozen=True):
    """What the calling end says first. Without *epoch* it asks and does not command."""

    versions: VersionInfo
    epoch: int | None = None
    master_node: str = ""


class Welcome(msgspec.Struct, frozen=True):
    """What the node answers: *boot_id* names this run of its daemon, *role* what the caller is."""

    versions: VersionInfo
    boot_id: str
    role: Role
    master: MasterInfo


OPEN: Final = Call(
    "open", Hello, Welcome, "urgent", True, frozenset({"master", "candidate", "node"})
)


def refuse_mastership(claimed: str, epoch: int, known: MasterInfo) -> errors.NotMasterError:
    """Return the error for node *claimed*, which claims *epoch*, while *known* is obeyed."""
    return errors.NotMasterError(
        f"Node {claimed} claims to be master in epoch {epoch}, but this node obeys"
        f" {known.master_node} in epoch {known.epoch}.",
        known.master_node,
        known.epoch,
    )


def refused_for(error: Exception) -> MasterInfo | None:
    """Return who is obeyed instead, if *error* was made by `refuse_mastership`."""
    match error:
        case errors.NotMasterError(args=(_, str() as master, int() as epoch)):
            return MasterInfo(master, epoch)
    return None


def check_versions(mine: VersionInfo, theirs: VersionInfo) -> None:
    """Raise `errors.RemoteError` if the versions differ by more than one."""
    for what, ours, other in (
        ("call table", mine.calls, theirs.calls),
        ("journal", mine.journal, theirs.journal),
    ):
        if abs(ours - other) > 1:
            raise errors.RemoteError(
                f"The {what} here has version {ours} (ganetix {mine.software}), the caller's has"
                f" {other} (ganetix {theirs.software}); they may differ by one. Upgrade the older."
            )

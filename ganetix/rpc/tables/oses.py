"""Calls about operating system definitions and their scripts."""

from typing import Any, Final

import msgspec

from ganetix.rpc.call import Call, Done, Nothing
from ganetix.rpc.tables.spec import InstanceSpec


class OsReport(msgspec.Struct, frozen=True):
    """One OS definition found on a node; *status* is empty when it is valid, else what is wrong."""

    name: str
    path: str
    status: str
    variants: list[str] = []
    parameters: list[list[str]] = []
    api_versions: list[int] = []
    trusted: bool = True
    untrusted: bool = False


class OsDiagnosis(msgspec.Struct, frozen=True):
    """All definitions that a node has."""

    oses: list[OsReport]


class OsValidate(msgspec.Struct, frozen=True):
    """Check that *name* exists (when *required*), takes *params* and, to *install*, can be."""

    name: str
    params: dict[str, str]
    required: bool = True
    force_variant: bool = False
    install: bool = False


class OsScript(msgspec.Struct, frozen=True):
    """Run an OS script for an instance: create (or reinstall), or rename from *old_name*."""

    spec: InstanceSpec
    reinstall: bool = False
    old_name: str = ""
    debug_level: int = 0


OS_DIAGNOSE: Final = Call("os_diagnose", Nothing, OsDiagnosis, "fast", True)
OS_VALIDATE: Final = Call("os_validate", OsValidate, Done, "fast", True)
INSTANCE_OS_ADD: Final = Call("instance_os_add", OsScript, Done, "1day")
INSTANCE_RUN_RENAME: Final = Call("instance_run_rename", OsScript, Done, "slow")

CALLS: Final[tuple[Call[Any, Any], ...]] = (
    OS_DIAGNOSE,
    OS_VALIDATE,
    INSTANCE_OS_ADD,
    INSTANCE_RUN_RENAME,
)

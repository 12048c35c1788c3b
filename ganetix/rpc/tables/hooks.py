"""The call that runs the administrator's hooks."""

from typing import Any, Final

import msgspec

from ganetix.rpc.call import Call


class HooksRun(msgspec.Struct, frozen=True):
    """Run the hooks of *path* in *phase* (``pre`` or ``post``) with *env*."""

    path: str
    phase: str
    env: dict[str, str]


class HookResult(msgspec.Struct, frozen=True):
    """One script: *status* 0 skipped, 1 failed, 2 succeeded."""

    script: str
    status: int
    output: str


class HookResults(msgspec.Struct, frozen=True):
    """The scripts in the order in which they ran."""

    results: list[HookResult]


HOOKS_RUN: Final = Call("hooks_runner", HooksRun, HookResults, "slow")

CALLS: Final[tuple[Call[Any, Any], ...]] = (HOOKS_RUN,)

"""LUXI methods that change job filters."""

from typing import Any

from ganetix import errors
from ganetix.luxi.messages import MalformedRequest
from ganetix.master.handler.door import Door, arguments
from ganetix.model.changes import Change
from ganetix.model.objects import Filter

_ACTIONS = frozenset(("ACCEPT", "CONTINUE", "PAUSE", "REJECT"))
_PREDICATES = frozenset(("jobid", "opcode", "reason"))


async def replace_filter(door: Door, args: list[Any]) -> str:
    """ReplaceFilter: create a rule (null uuid) or replace one; answers its uuid."""
    uuid, priority, predicates, action, reason = arguments(
        "ReplaceFilter", args, tuple[str | None, int, list[list[Any]], Any, list[Any]]
    )
    _check(priority, predicates, action)
    made = door.master.randomness.uuid() if uuid is None else uuid
    trail = [*reason, ["luxid", "", int(door.clock.wall() * 1e9)]]
    watermark = door.master.store.last_job
    row = Filter(made, watermark, priority, predicates, action, trail)
    await door.master.store.commit(Change(filters=(row,)))
    return made


def _check(priority: int, predicates: list[list[Any]], action: Any) -> None:
    limited = isinstance(action, list) and len(action) == 2 and action[0] == "RATE_LIMIT"
    if priority < 0:
        raise MalformedRequest(f"A filter's priority is not below 0: {priority}.")
    if not (isinstance(action, str) and action in _ACTIONS) and not (
        limited and isinstance(action[1], int) and action[1] > 0
    ):
        raise MalformedRequest(f"There is no filter action {action!r}.")
    for predicate in predicates:
        if not predicate or predicate[0] not in _PREDICATES:
            raise MalformedRequest(f"There is no filter predicate {predicate!r}.")


def _is_action(action: Any) -> bool:
    match action:
        case str():
            return action in _ACTIONS
        case ["RATE_LIMIT", int(limit)]:
            return limit > 0
    return False


async def delete_filter(door: Door, args: list[Any]) -> None:
    """DeleteFilter: remove a rule by uuid."""
    (uuid,) = arguments("DeleteFilter", args, tuple[str])
    if uuid not in door.master.store.cluster.filters:
        raise errors.OpPrereqError(
            f"Job filter '{uuid}' is not known; 'gnt-filter list' shows the rules.", errors.NOENT
        )
    await door.master.store.commit(Change(drop_filters=(uuid,)))

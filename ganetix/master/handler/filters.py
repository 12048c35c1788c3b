"""LUXI methods that change job filters."""

from typing import Any

from ganetix import errors
from ganetix.luxi.messages import MalformedRequest
from ganetix.master.handler.door import Door, arguments
from ganetix.master.jobs import filters
from ganetix.model.changes import Change
from ganetix.model.objects import Filter


async def replace_filter(door: Door, args: list[Any]) -> str:
    """ReplaceFilter: create a rule (null uuid) or replace one; answers its uuid."""
    uuid, priority, predicates, action, reason = arguments(
        "ReplaceFilter", args, tuple[str | None, int, list[list[Any]], Any, list[Any]]
    )
    try:
        filters.require_valid(priority, predicates, action)
    except (errors.ParseError, errors.ParameterError) as error:
        raise MalformedRequest(error.message) from error
    made = door.master.randomness.uuid() if uuid is None else uuid
    trail = [*reason, ["luxid", "", int(door.clock.wall() * 1e9)]]
    watermark = door.master.store.last_job
    row = Filter(made, watermark, priority, predicates, action, trail)
    await door.master.store.commit(Change(filters=(row,)))
    return made


async def delete_filter(door: Door, args: list[Any]) -> None:
    """DeleteFilter: remove a rule by uuid."""
    (uuid,) = arguments("DeleteFilter", args, tuple[str])
    if uuid not in door.master.store.cluster.filters:
        raise errors.OpPrereqError(
            f"Job filter '{uuid}' is not known; 'gnt-filter list' shows the rules.", errors.NOENT
        )
    await door.master.store.commit(Change(drop_filters=(uuid,)))

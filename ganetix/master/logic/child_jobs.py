"""Jobs that an operation submits for others to do its work."""

from collections.abc import Sequence
from typing import Any

import msgspec

from ganetix.master.logic.unit import Context
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.codec import op_id_of


async def submit(
    context: Context, parent: OpCode, jobs: Sequence[Sequence[OpCode]]
) -> list[list[Any]]:
    """Submit *jobs* on behalf of *parent*; return ``[[True, id], ...]``.

    Their opcodes inherit priority, reason and debug level, and name the parent in their comment.
    """
    if not jobs:
        return []
    return await context.submit([[_child(op, parent) for op in job] for job in jobs])


def _child(op: OpCode, parent: OpCode) -> OpCode:
    return msgspec.structs.replace(
        op,
        priority=op.priority or parent.priority,
        debug_level=op.debug_level if parent.debug_level is None else parent.debug_level,
        comment=op.comment or f"Submitted by {op_id_of(parent)}",
        reason=[*(op.reason or []), *(parent.reason or [])],
    )

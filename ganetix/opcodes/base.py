"""The base of every opcode: the common parameters, and the rules of its JSON form.

An opcode on the wire is a JSON object: ``OP_ID`` and the parameters; an absent optional parameter
takes its default; unknown keys are refused.
"""

from typing import Any, ClassVar, Literal

import msgspec

Priority = Literal[-10, 0, 10]
Dependency = tuple[int, list[str]]


class OpCode(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="OP_ID"
):
    """Parameters that every opcode has. Subclasses are tagged with their OP_ID."""

    summary_field: ClassVar[str] = ""
    """The parameter that the job summary shows in brackets, if any."""

    dry_run: bool | None = None
    debug_level: int | None = None
    priority: Priority = 0
    depends: list[Dependency] | None = None
    comment: str | None = None
    reason: list[Any] | None = []

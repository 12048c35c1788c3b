"""The base of every opcode: the common parameters, and the rules of its JSON form.

An opcode on the wire is a JSON object: ``OP_ID`` and the parameters; an absent optional parameter
takes its default; unknown keys are refused.
"""

from typing import Any, ClassVar

import msgspec

from ganetix.opcodes.types import Dependency, NonNegative, Priority


class OpCode(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="OP_ID"
):
    """Parameters that every opcode has. Subclasses are tagged with their OP_ID."""

    summary_field: ClassVar[str] = ""
    """The parameter that the job summary shows in brackets, if any."""
    private_params: ClassVar[tuple[str, ...]] = ()
    """Parameters whose values are hidden from logs."""
    secret_params: ClassVar[tuple[str, ...]] = ()
    """Parameters whose values are hidden from logs and never stored."""

    dry_run: bool | None = None
    debug_level: NonNegative | None = None
    priority: Priority = 0
    depends: list[Dependency] | None = None
    comment: str | None = None
    reason: list[Any] | None = []

"""What a canceled opcode's result says."""

from typing import Any, Final

RESULT: Final[list[Any]] = ["GenericError", ["Job was canceled."]]

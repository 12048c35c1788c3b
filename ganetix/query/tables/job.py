"""Fields of this resource: name, title, kind, and the last index where {i} stands for one."""

from typing import Final

Row = tuple[str, str, str] | tuple[str, str, str, int]

ROWS: Final[tuple[Row, ...]] = (
    ("archived", "Archived", "bool"),
    ("end_ts", "End", "other"),
    ("id", "ID", "number"),
    ("opend", "OpCode_end", "other"),
    ("opexec", "OpCode_exec", "other"),
    ("oplog", "OpCode_log", "other"),
    ("oppriority", "OpCode_prio", "other"),
    ("opresult", "OpCode_result", "other"),
    ("ops", "OpCodes", "other"),
    ("opstart", "OpCode_start", "other"),
    ("opstatus", "OpCode_status", "other"),
    ("priority", "Priority", "number"),
    ("received_ts", "Received", "other"),
    ("start_ts", "Start", "other"),
    ("status", "Status", "text"),
    ("summary", "Summary", "other"),
)

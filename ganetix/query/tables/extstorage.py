"""Fields of this resource: name, title, kind, and the last index where {i} stands for one."""

from typing import Final

Row = tuple[str, str, str] | tuple[str, str, str, int]

ROWS: Final[tuple[Row, ...]] = (
    ("name", "Name", "text"),
    ("node_status", "NodeStatus", "other"),
    ("nodegroup_status", "NodegroupStatus", "other"),
    ("parameters", "Parameters", "other"),
)

"""Fields of this resource: name, title, kind, and the last index where {i} stands for one."""

from typing import Final

Row = tuple[str, str, str] | tuple[str, str, str, int]

ROWS: Final[tuple[Row, ...]] = (
    ("export", "Export", "text"),
    ("node", "Node", "text"),
)

"""Fields of this resource: name, title, kind, and the last index where {i} stands for one."""

from typing import Final

Row = tuple[str, str, str] | tuple[str, str, str, int]

ROWS: Final[tuple[Row, ...]] = (
    ("api_versions", "ApiVersions", "other"),
    ("blacklisted", "Blacklisted", "bool"),
    ("hidden", "Hidden", "bool"),
    ("name", "Name", "text"),
    ("node_status", "NodeStatus", "other"),
    ("os_hvp", "OsHypervisorParams", "other"),
    ("osparams", "OsParameters", "other"),
    ("parameters", "Parameters", "other"),
    ("trusted", "Trusted", "bool"),
    ("valid", "Valid", "bool"),
    ("variants", "Variants", "other"),
)

"""Fields of this resource: name, title, kind, and the last index where {i} stands for one."""

from typing import Final

Row = tuple[str, str, str] | tuple[str, str, str, int]

ROWS: Final[tuple[Row, ...]] = (
    ("ctime", "CTime", "timestamp"),
    ("external_reservations", "ExternalReservations", "text"),
    ("free_count", "FreeCount", "number"),
    ("gateway", "Gateway", "other"),
    ("gateway6", "IPv6Gateway", "other"),
    ("group_cnt", "NodeGroups", "number"),
    ("group_list", "GroupList", "other"),
    ("inst_cnt", "Instances", "number"),
    ("inst_list", "InstanceList", "other"),
    ("mac_prefix", "MacPrefix", "other"),
    ("map", "Map", "text"),
    ("mtime", "MTime", "timestamp"),
    ("name", "Network", "text"),
    ("network", "Subnet", "text"),
    ("network6", "IPv6Subnet", "other"),
    ("reserved_count", "ReservedCount", "number"),
    ("serial_no", "SerialNo", "number"),
    ("tags", "Tags", "other"),
    ("uuid", "UUID", "text"),
)

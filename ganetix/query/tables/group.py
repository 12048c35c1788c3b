"""Fields of this resource: name, title, kind, and the last index where {i} stands for one."""

from typing import Final

Row = tuple[str, str, str] | tuple[str, str, str, int]

ROWS: Final[tuple[Row, ...]] = (
    ("alloc_policy", "AllocPolicy", "text"),
    ("ctime", "CTime", "timestamp"),
    ("custom_diskparams", "CustomDiskParameters", "other"),
    ("custom_ipolicy", "CustomInstancePolicy", "other"),
    ("custom_ndparams", "CustomNDParams", "other"),
    ("diskparams", "DiskParameters", "other"),
    ("ipolicy", "InstancePolicy", "other"),
    ("mtime", "MTime", "timestamp"),
    ("name", "Group", "text"),
    ("ndp/cpu_speed", "ndp/cpu_speed", "float"),
    ("ndp/exclusive_storage", "ExclusiveStorage", "bool"),
    ("ndp/oob_program", "OutOfBandProgram", "other"),
    ("ndp/ovs", "OpenvSwitch", "bool"),
    ("ndp/ovs_link", "OpenvSwitchLink", "other"),
    ("ndp/ovs_name", "OpenvSwitchName", "other"),
    ("ndp/spindle_count", "SpindleCount", "number"),
    ("ndp/ssh_port", "ndp/ssh_port", "number"),
    ("ndparams", "NDParams", "other"),
    ("node_cnt", "Nodes", "number"),
    ("node_list", "NodeList", "other"),
    ("pinst_cnt", "Instances", "number"),
    ("pinst_list", "InstanceList", "other"),
    ("serial_no", "SerialNo", "number"),
    ("tags", "Tags", "other"),
    ("uuid", "UUID", "text"),
)

"""Fields of this resource: name, title, kind, and the last index where {i} stands for one."""

from typing import Final

Row = tuple[str, str, str] | tuple[str, str, str, int]

ROWS: Final[tuple[Row, ...]] = (
    ("architecture", "ArchInfo", "other"),
    ("cluster_name", "Name", "text"),
    ("config_version", "ConfigVersion", "number"),
    ("ctime", "CTime", "timestamp"),
    ("drain_flag", "QueueDrained", "bool"),
    ("export_version", "ExportVersion", "number"),
    ("master_node", "Master", "text"),
    ("mtime", "MTime", "timestamp"),
    ("name", "Name", "text"),
    ("os_api_version", "OsApiVersion", "number"),
    ("protocol_version", "ProtocolVersion", "number"),
    ("software_version", "SoftwareVersion", "text"),
    ("tags", "Tags", "other"),
    ("vcs_version", "VCSVersion", "text"),
    ("volume_group_name", "VgName", "text"),
    ("watcher_pause", "WatcherPause", "timestamp"),
)

"""Calls that write the cluster's files on a node, and remove them."""

from typing import Any, Final

import msgspec

from ganetix.rpc.call import Call, Done


class SsconfUpdate(msgspec.Struct, frozen=True):
    """Values to write, key to text."""

    values: dict[str, str]


class FileUpload(msgspec.Struct, frozen=True):
    """Write a cluster file; only paths that the node allows."""

    path: str
    data: bytes
    mode: int


class LeaveCluster(msgspec.Struct, frozen=True):
    """The node is removed: forget keys and cluster files, keep noded's answers until then."""

    modify_ssh_setup: bool


SSCONF_UPDATE: Final = Call("write_ssconf_files", SsconfUpdate, Done, "fast", True)
UPLOAD_FILE: Final = Call("upload_file", FileUpload, Done, "normal", True)
NODE_LEAVE_CLUSTER: Final = Call("node_leave_cluster", LeaveCluster, Done, "normal", True)

CALLS: Final[tuple[Call[Any, Any], ...]] = (
    SSCONF_UPDATE,
    UPLOAD_FILE,
    NODE_LEAVE_CLUSTER,
)

"""The call with which verify looks at what is around a node: files, network, ssh, LVM, DRBD."""

from typing import Any, Final

import msgspec

from ganetix.rpc.call import Call


class Peer(msgspec.Struct, frozen=True):
    """Another node that this one must reach; *secondary* is empty where it has none."""

    name: str
    primary: str
    secondary: str
    ssh_port: int


class Inspect(msgspec.Struct, frozen=True):
    """What is looked at. *programs* and *scripts* are virtual paths that must be executable."""

    ssconf: list[str] = []
    """Keys whose values are compared."""
    peers: list[Peer] = []
    ssh: bool = False
    clutter: bool = False
    """Look for more than one ssh key of the same owner."""
    vg_name: str = ""
    other_groups: list[str] = []
    """Volume groups in which disks are beside that one."""
    drbd: bool = False
    programs: list[str] = []
    scripts: list[str] = []


class VolumeFacts(msgspec.Struct, frozen=True):
    """LVM on the node, sizes in MiB. *error* says why nothing is known."""

    error: str = ""
    size: int | None = None
    """Of the cluster's volume group; None if it is not there."""
    physicals: list[int] = []
    volumes: list[str] = []
    elsewhere: list[str] = []
    """``group/volume`` of everything in the other groups."""


class DrbdFacts(msgspec.Struct, frozen=True):
    """DRBD on the node; *version* is empty where the module is not loaded."""

    version: str = ""
    helper: str = ""
    minors: list[int] = []


class Inspected(msgspec.Struct, frozen=True):
    """What was found; the mappings have only what is wrong, with a sentence (no full stop)."""

    ssconf: dict[str, str] = {}
    """Key to SHA-1 of the value; a key that is not here has no file."""
    unreachable: dict[str, str] = {}
    ssh: dict[str, str] = {}
    clutter: list[str] = []
    volumes: VolumeFacts | None = None
    drbd: DrbdFacts | None = None
    programs: dict[str, str] = {}
    scripts: dict[str, str] = {}
    forbidden: list[str] = []
    """Directories of the node's own list that must not hold disks, each with the reason."""


NODE_INSPECT: Final = Call("node_verify_light", Inspect, Inspected, "normal", True)

CALLS: Final[tuple[Call[Any, Any], ...]] = (NODE_INSPECT,)

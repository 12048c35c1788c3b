"""Calls about a node: its figures, and the facts that verify wants."""

from typing import Any, Final

import msgspec

from ganetix.model.objects import Disk
from ganetix.rpc.call import Call, Done, Truth
from ganetix.rpc.tables.instances import InstanceState


class StorageUnit(msgspec.Struct, frozen=True):
    """A storage unit to report on: type as in the reference's storage types, and its key."""

    type: str
    key: str


class NodeInfoRequest(msgspec.Struct, frozen=True):
    """What to report on."""

    storage_units: list[StorageUnit] = []
    hypervisors: list[str] = []


class StorageInfo(msgspec.Struct, frozen=True):
    """Space of one storage unit, MiB; None where unknown."""

    type: str
    name: str
    free: int | None = None
    size: int | None = None


class NodeInfo(msgspec.Struct, frozen=True):
    """Live figures of a node; memory in MiB."""

    boot_id: str
    memory_total: int
    memory_free: int
    memory_dom0: int
    cpu_total: int
    cpu_nodes: int = 1
    cpu_sockets: int = 1
    cpu_dom0: int = 1
    storage: list[StorageInfo] = []
    clock: float = 0.0
    hypervisors: dict[str, str] = {}
    """How guests run on each enabled hypervisor, in a sentence."""


class VerifyRequest(msgspec.Struct, frozen=True):
    """Facts that verify wants."""

    hypervisors: list[str]
    files: list[str] = []
    """Virtual paths to checksum."""
    storage_paths: list[str] = []
    """File storage directories (virtual paths) to try."""
    instance_disks: list[Disk] = []
    """Disks that should be here."""
    os_search: bool = True


class VerifyFacts(msgspec.Struct, frozen=True):
    """What verify learns from one node."""

    version: str
    clock: float
    files: dict[str, str | None]
    """Virtual path to sha1, or None if it can't be read."""
    storage_paths: dict[str, str]
    """Directory to what is wrong with it; only the broken ones."""
    instances: list[InstanceState]
    missing_disks: list[str]
    """Uuids of given disks that are not here."""
    orphan_disks: list[str]
    """Virtual paths of disk files below the storage directories that no given disk owns."""
    oses: list[str]
    hypervisor_errors: dict[str, str]
    epoch: int
    serial: int
    """Last journal serial stored here (-1: not a candidate)."""
    permissions: list[str] = []
    """Sentences about files with wrong owner or mode."""
    empty_dirs: list[str] = []
    """Virtual paths of directories below the storage directories in which nothing is."""
    rapi_without_users: bool = False
    """Whether the remote API daemon here answers what only looks to anybody."""


class AddressQuery(msgspec.Struct, frozen=True):
    """Asks whether the node owns *address*."""

    address: str


class Delay(msgspec.Struct, frozen=True):
    """Wait *duration* seconds (OP_TEST_DELAY on nodes)."""

    duration: float


NODE_INFO: Final = Call("node_info", NodeInfoRequest, NodeInfo, "urgent", True)
NODE_VERIFY: Final = Call("node_verify", VerifyRequest, VerifyFacts, "normal", True)
NODE_HAS_IP_ADDRESS: Final = Call("node_has_ip_address", AddressQuery, Truth, "fast", True)
TEST_DELAY: Final = Call("test_delay", Delay, Done, "1day", True)

CALLS: Final[tuple[Call[Any, Any], ...]] = (
    NODE_INFO,
    NODE_VERIFY,
    NODE_HAS_IP_ADDRESS,
    TEST_DELAY,
)

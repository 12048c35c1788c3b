"""The table of node calls: names as the reference's, requests and answers as structs.

Structs only ever gain fields with defaults; unknown fields are ignored (versions may differ by
one). Paths in requests are virtual paths (`paths.Paths.outgoing`). Sizes are MiB, times seconds.
"""

from typing import Any, Final

import msgspec

from ganetix.model.objects import Disk
from ganetix.rpc import call as basic
from ganetix.rpc.call import Call, Nothing, Role
from ganetix.rpc.tables import (
    cluster,
    crypto,
    export,
    guests,
    node_care,
    providers,
    spec,
    storage,
    transfer,
    verify,
)

Params = dict[str, Any]
Done = basic.Done
_ANY_NODE: Final[frozenset[Role]] = frozenset({"master", "candidate", "node"})
_CANDIDATES: Final[frozenset[Role]] = frozenset({"master", "candidate"})


# --- who is who --------------------------------------------------------------------------------


class MasterInfo(msgspec.Struct, frozen=True):
    """Who is master in the node's eyes: name from ssconf, and the highest epoch obeyed."""

    master_node: str
    epoch: int


class VersionInfo(msgspec.Struct, frozen=True):
    """Versions of the node's software, call table and journal."""

    software: str
    calls: int
    journal: int


# --- facts -------------------------------------------------------------------------------------


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


class InstanceState(msgspec.Struct, frozen=True):
    """A running instance as its hypervisor sees it; memory MiB, cpu_seconds since start.

    *state* is ``running``, ``paused`` or ``shutdown`` (the guest shut itself down).
    """

    name: str
    memory: int
    vcpus: int
    state: str
    cpu_seconds: float = 0.0


class AllInstancesRequest(msgspec.Struct, frozen=True):
    """The hypervisors to ask."""

    hypervisors: list[str]


class InstanceList(msgspec.Struct, frozen=True):
    """Running instances."""

    instances: list[InstanceState]


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
    rapi_without_users: bool = False
    """Whether the remote API daemon here answers what only looks to anybody."""


# --- instances ---------------------------------------------------------------------------------


InstanceSpec = spec.InstanceSpec


class InstanceStart(msgspec.Struct, frozen=True):
    """Start an instance whose disks are assembled."""

    spec: InstanceSpec
    paused: bool = False
    reason: list[Any] = []


class InstanceShutdown(msgspec.Struct, frozen=True):
    """Shut down within *timeout* seconds, then stop hard."""

    name: str
    hypervisor: str
    timeout: float
    reason: list[Any] = []


class InstanceReboot(msgspec.Struct, frozen=True):
    """Reboot: *kind* is ``soft`` or ``hard``."""

    spec: InstanceSpec
    kind: str
    timeout: float
    reason: list[Any] = []


class InstanceQuery(msgspec.Struct, frozen=True):
    """One instance by name."""

    name: str
    hypervisor: str


class InstanceMaybe(msgspec.Struct, frozen=True):
    """The instance's live state, or None when it does not run."""

    state: InstanceState | None


class InstanceMigrate(msgspec.Struct, frozen=True):
    """Send a running instance to the node at *target_ip*."""

    spec: InstanceSpec
    target_name: str
    target_ip: str
    live: bool


class InstanceAccept(msgspec.Struct, frozen=True):
    """Be ready to receive an instance from *source_ip*."""

    spec: InstanceSpec
    source_ip: str


class InstanceFinalize(msgspec.Struct, frozen=True):
    """End a migration on either side; *source* says which; not *success* takes it back."""

    spec: InstanceSpec
    success: bool
    source: bool


# --- disks -------------------------------------------------------------------------------------


class DiskRequest(msgspec.Struct, frozen=True):
    """One disk of *owner* (instance name).

    *fresh*: it was just made; what is on this node counts, whatever that is.
    """

    disk: Disk
    owner: str
    primary: bool = True
    fresh: bool = False


class DiskResize(msgspec.Struct, frozen=True):
    """Grow *disk* by *amount* MiB; *dry_run* only checks."""

    disk: Disk
    owner: str
    amount: int
    dry_run: bool


class DiskInfo(msgspec.Struct, frozen=True):
    """Where a disk is on the node, None if it is not there; size in MiB."""

    path: str | None
    size: int | None = None


class DirRequest(msgspec.Struct, frozen=True):
    """A file storage directory (virtual path)."""

    path: str


class DirRename(msgspec.Struct, frozen=True):
    """Rename a file storage directory (virtual paths)."""

    old: str
    new: str


# --- operating systems -------------------------------------------------------------------------


class OsReport(msgspec.Struct, frozen=True):
    """One OS definition found on a node; *status* is empty when it is valid, else what is wrong."""

    name: str
    path: str
    status: str
    variants: list[str] = []
    parameters: list[list[str]] = []
    api_versions: list[int] = []
    trusted: bool = True
    untrusted: bool = False


class OsDiagnosis(msgspec.Struct, frozen=True):
    """All definitions that a node has."""

    oses: list[OsReport]


class OsValidate(msgspec.Struct, frozen=True):
    """Check that *name* exists (when *required*) and takes *params*."""

    name: str
    params: dict[str, str]
    required: bool = True
    force_variant: bool = False


class OsScript(msgspec.Struct, frozen=True):
    """Run an OS script for an instance: create (or reinstall), or rename from *old_name*."""

    spec: InstanceSpec
    reinstall: bool = False
    old_name: str = ""
    debug_level: int = 0


# --- roles, files, store -----------------------------------------------------------------------


class HooksRun(msgspec.Struct, frozen=True):
    """Run the hooks of *path* in *phase* (``pre`` or ``post``) with *env*."""

    path: str
    phase: str
    env: dict[str, str]


class HookResult(msgspec.Struct, frozen=True):
    """One script: *status* 0 skipped, 1 failed, 2 succeeded."""

    script: str
    status: int
    output: str


class HookResults(msgspec.Struct, frozen=True):
    """The scripts in the order in which they ran."""

    results: list[HookResult]


class SsconfUpdate(msgspec.Struct, frozen=True):
    """Values to write, key to text."""

    values: dict[str, str]


class FileUpload(msgspec.Struct, frozen=True):
    """Write a cluster file; only paths that the node allows."""

    path: str
    data: bytes
    mode: int


class JournalAppend(msgspec.Struct, frozen=True):
    """A batch of encoded records that follow (epoch, *after*): write, sync, then answer.

    *after* is the serial of the record before the batch. A node that has not got that record
    refuses with `errors.ConfigurationError`, and is sent a snapshot.
    """

    epoch: int
    after: int
    records: bytes
    last: int


class SnapshotPage(msgspec.Struct, frozen=True):
    """64 KiB pages of a whole configuration with live jobs; the last page puts it in place."""

    epoch: int
    serial: int
    offset: int
    data: bytes
    total: int


class StorePosition(msgspec.Struct, frozen=True):
    """What a candidate has on stable storage."""

    epoch: int
    serial: int


class LeaveCluster(msgspec.Struct, frozen=True):
    """The node is removed: forget keys and cluster files, keep noded's answers until then."""

    modify_ssh_setup: bool


class Delay(msgspec.Struct, frozen=True):
    """Wait *duration* seconds (OP_TEST_DELAY on nodes)."""

    duration: float


class Demote(msgspec.Struct, frozen=True):
    """The node is a candidate no more: remove configuration, journal, queue, authority key."""


class CryptoTokens(msgspec.Struct, frozen=True):
    """The digest of the node's own certificate; empty where the node has none (no TLS)."""

    digest: str


class AddressQuery(msgspec.Struct, frozen=True):
    """Asks whether the node owns *address*."""

    address: str


class Truth(msgspec.Struct, frozen=True):
    """Yes or no."""

    value: bool


class RequestQuery(msgspec.Struct, frozen=True):
    """A request id of an earlier call."""

    request_id: str


class RequestState(msgspec.Struct, frozen=True):
    """*state*: ``unknown`` (never began), ``running`` or ``done`` (with the encoded answer)."""

    state: str
    answer: bytes = b""


MASTER_INFO = Call("master_node_name", Nothing, MasterInfo, "urgent", True, _ANY_NODE)
VERSION = Call("version", Nothing, VersionInfo, "urgent", True, _ANY_NODE)
REQUEST_STATUS = Call("request_status", RequestQuery, RequestState, "urgent", True)
REQUEST_CANCEL = Call("request_cancel", RequestQuery, Truth, "urgent", True)
NODE_INFO = Call("node_info", NodeInfoRequest, NodeInfo, "urgent", True)
ALL_INSTANCES_INFO = Call("all_instances_info", AllInstancesRequest, InstanceList, "urgent", True)
NODE_VERIFY = Call("node_verify", VerifyRequest, VerifyFacts, "normal", True)
INSTANCE_INFO = Call("instance_info", InstanceQuery, InstanceMaybe, "urgent", True)
INSTANCE_START = Call("instance_start", InstanceStart, Done, "normal", True)
INSTANCE_SHUTDOWN = Call("instance_shutdown", InstanceShutdown, Done, "normal", True)
INSTANCE_REBOOT = Call("instance_reboot", InstanceReboot, Done, "normal")
INSTANCE_ACCEPT = Call("accept_instance", InstanceAccept, Done, "normal", True)
INSTANCE_MIGRATE = Call("instance_migrate", InstanceMigrate, Done, "normal")
INSTANCE_FINALIZE = Call("instance_finalize_migration", InstanceFinalize, Done, "normal", True)
BLOCKDEV_CREATE = Call("blockdev_create", DiskRequest, Done, "normal")
BLOCKDEV_REMOVE = Call("blockdev_remove", DiskRequest, Done, "normal", True)
BLOCKDEV_ASSEMBLE = Call("blockdev_assemble", DiskRequest, DiskInfo, "normal", True)
BLOCKDEV_SHUTDOWN = Call("blockdev_shutdown", DiskRequest, Done, "normal", True)
BLOCKDEV_FIND = Call("blockdev_find", DiskRequest, DiskInfo, "normal", True)
BLOCKDEV_GROW = Call("blockdev_grow", DiskResize, Done, "normal")
FILE_STORAGE_DIR_CREATE = Call("file_storage_dir_create", DirRequest, Done, "fast", True)
FILE_STORAGE_DIR_REMOVE = Call("file_storage_dir_remove", DirRequest, Done, "fast", True)
FILE_STORAGE_DIR_RENAME = Call("file_storage_dir_rename", DirRename, Done, "fast")
OS_DIAGNOSE = Call("os_diagnose", Nothing, OsDiagnosis, "fast", True)
OS_VALIDATE = Call("os_validate", OsValidate, Done, "fast", True)
INSTANCE_OS_ADD = Call("instance_os_add", OsScript, Done, "1day")
INSTANCE_RUN_RENAME = Call("instance_run_rename", OsScript, Done, "slow")
HOOKS_RUN = Call("hooks_runner", HooksRun, HookResults, "slow")
SSCONF_UPDATE = Call("write_ssconf_files", SsconfUpdate, Done, "fast", True)
UPLOAD_FILE = Call("upload_file", FileUpload, Done, "normal", True)
JOURNAL_APPEND = Call("journal_append", JournalAppend, StorePosition, "urgent", True)
JOURNAL_SNAPSHOT = Call("journal_snapshot", SnapshotPage, StorePosition, "fast", True)
STORE_POSITION = Call("store_position", Nothing, StorePosition, "urgent", True, _CANDIDATES)
NODE_LEAVE_CLUSTER = Call("node_leave_cluster", LeaveCluster, Done, "normal", True)
NODE_DEMOTE = Call("node_demote_from_mc", Demote, Done, "normal", True)
NODE_CRYPTO_TOKENS = Call("node_crypto_tokens", Nothing, CryptoTokens, "fast", True)
NODE_HAS_IP_ADDRESS = Call("node_has_ip_address", AddressQuery, Truth, "fast", True)
TEST_DELAY = Call("test_delay", Delay, Done, "1day", True)

_ROWS: Final[tuple[Call[Any, Any], ...]] = (
    MASTER_INFO, VERSION, REQUEST_STATUS, REQUEST_CANCEL, NODE_INFO, ALL_INSTANCES_INFO,
    NODE_VERIFY, INSTANCE_INFO, INSTANCE_START, INSTANCE_SHUTDOWN, INSTANCE_REBOOT,
    INSTANCE_ACCEPT, INSTANCE_MIGRATE, INSTANCE_FINALIZE, BLOCKDEV_CREATE, BLOCKDEV_REMOVE,
    BLOCKDEV_ASSEMBLE, BLOCKDEV_SHUTDOWN, BLOCKDEV_FIND, BLOCKDEV_GROW,
    FILE_STORAGE_DIR_CREATE, FILE_STORAGE_DIR_REMOVE, FILE_STORAGE_DIR_RENAME, OS_DIAGNOSE,
    OS_VALIDATE, INSTANCE_OS_ADD, INSTANCE_RUN_RENAME, HOOKS_RUN, SSCONF_UPDATE, UPLOAD_FILE,
    JOURNAL_APPEND, JOURNAL_SNAPSHOT, STORE_POSITION, NODE_LEAVE_CLUSTER, NODE_DEMOTE,
    NODE_CRYPTO_TOKENS, NODE_HAS_IP_ADDRESS, TEST_DELAY, *cluster.CALLS, *crypto.CALLS,
    *export.CALLS, *guests.CALLS, *node_care.CALLS, *storage.CALLS, *transfer.CALLS,
    *providers.CALLS,
    *verify.CALLS,
)  # fmt: skip

TABLE: Final[dict[str, Call[Any, Any]]] = {call.name: call for call in _ROWS}

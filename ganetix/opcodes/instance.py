"""Opcodes of what an instance is: its life and its parameters."""

from typing import Any, ClassVar

from ganetix.opcodes.base import OpCode
from ganetix.opcodes.types import (
    CreateMode,
    DiskChange,
    DiskParams,
    DiskTemplate,
    FileDriver,
    Hypervisor,
    NicChange,
    NicParams,
    NonEmpty,
    NonNegative,
    Params,
    Positive,
)


class OpInstanceCreate(OpCode, frozen=True, kw_only=True, tag="OP_INSTANCE_CREATE"):
    """Create an instance, new or from an export."""

    summary_field: ClassVar[str] = "instance_name"
    private_params: ClassVar[tuple[str, ...]] = ("osparams_private",)
    secret_params: ClassVar[tuple[str, ...]] = ("osparams_secret",)

    instance_name: str
    force_variant: bool = False
    wait_for_sync: bool = True
    name_check: bool = False
    ignore_ipolicy: bool = False
    opportunistic_locking: bool = False
    beparams: Params = {}
    disks: list[DiskParams]
    disk_template: DiskTemplate | None = None
    group_name: NonEmpty | None = None
    file_driver: FileDriver | None = None
    file_storage_dir: NonEmpty | None = None
    hvparams: Params = {}
    hypervisor: Hypervisor | None = None
    iallocator: NonEmpty | None = None
    identify_defaults: bool = False
    ip_check: bool = False
    conflicts_check: bool = True
    mode: CreateMode
    nics: list[NicParams]
    no_install: bool | None = None
    osparams: Params = {}
    osparams_private: Params | None = None
    osparams_secret: Params | None = None
    os_type: NonEmpty | None = None
    pnode: NonEmpty | None = None
    pnode_uuid: NonEmpty | None = None
    snode: NonEmpty | None = None
    snode_uuid: NonEmpty | None = None
    source_handshake: list[Any] | None = None
    source_instance_name: NonEmpty | None = None
    source_shutdown_timeout: NonNegative = 120
    source_x509_ca: NonEmpty | None = None
    src_node: NonEmpty | None = None
    src_node_uuid: NonEmpty | None = None
    src_path: NonEmpty | None = None
    compress: str = "none"
    start: bool = True
    forthcoming: bool = False
    commit: bool = False
    tags: list[NonEmpty] = []
    instance_communication: bool = False
    helper_startup_timeout: int | None = None
    helper_shutdown_timeout: int | None = None


class OpInstanceMultiAlloc(OpCode, frozen=True, kw_only=True, tag="OP_INSTANCE_MULTI_ALLOC"):
    """Place several instances at once and submit their creation."""

    opportunistic_locking: bool = False
    iallocator: NonEmpty | None = None
    instances: list[Any] = []


class OpInstanceRemove(OpCode, frozen=True, kw_only=True, tag="OP_INSTANCE_REMOVE"):
    """Remove an instance with its disks."""

    summary_field: ClassVar[str] = "instance_name"

    instance_name: str
    instance_uuid: NonEmpty | None = None
    shutdown_timeout: NonNegative = 120
    ignore_failures: bool = False


class OpInstanceRename(OpCode, frozen=True, kw_only=True, tag="OP_INSTANCE_RENAME"):
    """Rename a stopped instance."""

    instance_name: str
    instance_uuid: NonEmpty | None = None
    new_name: NonEmpty
    name_check: bool = False
    ip_check: bool = False


class OpInstanceReinstall(OpCode, frozen=True, kw_only=True, tag="OP_INSTANCE_REINSTALL"):
    """Install the OS of a stopped instance again."""

    summary_field: ClassVar[str] = "instance_name"
    private_params: ClassVar[tuple[str, ...]] = ("osparams_private",)
    secret_params: ClassVar[tuple[str, ...]] = ("osparams_secret",)

    instance_name: str
    instance_uuid: NonEmpty | None = None
    force_variant: bool = False
    os_type: NonEmpty | None = None
    osparams: Params | None = None
    osparams_private: Params | None = None
    osparams_secret: Params | None = None


class OpInstanceSetParams(OpCode, frozen=True, kw_only=True, tag="OP_INSTANCE_SET_PARAMS"):
    """Change an instance; absent parameters leave it as it is."""

    summary_field: ClassVar[str] = "instance_name"
    private_params: ClassVar[tuple[str, ...]] = ("osparams_private",)

    instance_name: str
    instance_uuid: NonEmpty | None = None
    force: bool = False
    force_variant: bool = False
    ignore_ipolicy: bool = False
    nics: list[NicChange] = []
    disks: list[DiskChange] = []
    beparams: Params = {}
    runtime_mem: Positive | None = None
    hvparams: Params = {}
    disk_template: DiskTemplate | None = None
    ext_params: Params = {}
    file_driver: FileDriver | None = None
    file_storage_dir: NonEmpty | None = None
    pnode: NonEmpty | None = None
    pnode_uuid: NonEmpty | None = None
    remote_node: NonEmpty | None = None
    remote_node_uuid: NonEmpty | None = None
    iallocator: NonEmpty | None = None
    os_name: NonEmpty | None = None
    osparams: Params = {}
    osparams_private: Params | None = None
    wait_for_sync: bool = True
    offline: bool | None = None
    conflicts_check: bool = True
    hotplug: bool = True
    hotplug_if_possible: bool = False
    instance_communication: bool | None = None


class OpInstanceQueryData(OpCode, frozen=True, kw_only=True, tag="OP_INSTANCE_QUERY_DATA"):
    """Return what ``gnt-instance info`` shows."""

    use_locking: bool = False
    instances: list[NonEmpty] = []
    static: bool = False


class OpInstanceConsole(OpCode, frozen=True, kw_only=True, tag="OP_INSTANCE_CONSOLE"):
    """Tell how to reach the console of a running instance."""

    summary_field: ClassVar[str] = "instance_name"

    instance_name: str
    instance_uuid: NonEmpty | None = None

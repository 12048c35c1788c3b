"""Opcodes of the cluster as a whole."""

from typing import ClassVar

from ganetix.opcodes.base import OpCode
from ganetix.opcodes.types import (
    DiskTemplate,
    Hypervisor,
    ListAction,
    NicParams,
    NonEmpty,
    NonNegative,
    Params,
    Positive,
    SshKeyType,
)


class OpClusterPostInit(OpCode, frozen=True, kw_only=True, tag="OP_CLUSTER_POST_INIT"):
    """Run the hooks of a cluster that was just initialised."""


class OpClusterDestroy(OpCode, frozen=True, kw_only=True, tag="OP_CLUSTER_DESTROY"):
    """Take the empty cluster out of service."""


class OpClusterRename(OpCode, frozen=True, kw_only=True, tag="OP_CLUSTER_RENAME"):
    """Give the cluster another name and master IP."""

    summary_field: ClassVar[str] = "name"

    name: NonEmpty


class OpClusterQuery(OpCode, frozen=True, kw_only=True, tag="OP_CLUSTER_QUERY"):
    """Return what ``gnt-cluster info`` shows."""


class OpClusterConfigQuery(OpCode, frozen=True, kw_only=True, tag="OP_CLUSTER_CONFIG_QUERY"):
    """Return single values of the cluster."""

    output_fields: list[NonEmpty]


class OpClusterSetParams(OpCode, frozen=True, kw_only=True, tag="OP_CLUSTER_SET_PARAMS"):
    """Change parameters of the cluster; null leaves a value as it is."""

    private_params: ClassVar[tuple[str, ...]] = ("osparams_private_cluster",)

    force: bool = False
    hv_state: Params | None = None
    disk_state: Params | None = None
    vg_name: str | None = None
    enabled_hypervisors: list[Hypervisor] | None = None
    hvparams: dict[str, Params] | None = None
    beparams: Params | None = None
    os_hvp: dict[str, Params] | None = None
    osparams: dict[str, Params] | None = None
    osparams_private_cluster: dict[str, Params] | None = None
    diskparams: dict[DiskTemplate, Params] | None = None
    candidate_pool_size: Positive | None = None
    max_running_jobs: Positive | None = None
    max_tracked_jobs: Positive | None = None
    uid_pool: list[tuple[int, int]] | None = None
    add_uids: list[tuple[int, int]] | None = None
    remove_uids: list[tuple[int, int]] | None = None
    maintain_node_health: bool | None = None
    prealloc_wipe_disks: bool | None = None
    nicparams: NicParams | None = None
    ndparams: Params | None = None
    ipolicy: Params | None = None
    drbd_helper: str | None = None
    default_iallocator: str | None = None
    default_iallocator_params: Params | None = None
    mac_prefix: NonEmpty | None = None
    master_netdev: str | None = None
    master_netmask: NonNegative | None = None
    reserved_lvs: list[NonEmpty] | None = None
    hidden_os: list[tuple[ListAction, NonEmpty]] | None = None
    blacklisted_os: list[tuple[ListAction, NonEmpty]] | None = None
    use_external_mip_script: bool | None = None
    enabled_disk_templates: list[DiskTemplate] | None = None
    modify_etc_hosts: bool | None = None
    file_storage_dir: str | None = None
    shared_file_storage_dir: str | None = None
    gluster_storage_dir: str | None = None
    install_image: str | None = None
    instance_communication_network: str | None = None
    zeroing_image: str | None = None
    compression_tools: list[NonEmpty] | None = None
    enabled_user_shutdown: bool | None = None
    enabled_data_collectors: dict[str, bool] | None = None
    data_collector_interval: dict[str, int] | None = None


class OpClusterRedistConf(OpCode, frozen=True, kw_only=True, tag="OP_CLUSTER_REDIST_CONF"):
    """Write configuration and cluster files to all nodes again."""


class OpClusterRenewCrypto(OpCode, frozen=True, kw_only=True, tag="OP_CLUSTER_RENEW_CRYPTO"):
    """Renew node certificates or SSH keys.

    With *cluster_certificate* the authority too, which signs the nodes' new certificates.
    """

    node_certificates: bool = False
    renew_ssh_keys: bool = False
    ssh_key_type: SshKeyType | None = None
    ssh_key_bits: Positive | None = None
    verbose: bool = False
    debug: bool = False
    cluster_certificate: bool = False


class OpClusterRepairDiskSizes(
    OpCode, frozen=True, kw_only=True, tag="OP_CLUSTER_REPAIR_DISK_SIZES"
):
    """Write the real sizes of disks into the configuration."""

    instances: list[NonEmpty] = []


class OpClusterActivateMasterIp(
    OpCode, frozen=True, kw_only=True, tag="OP_CLUSTER_ACTIVATE_MASTER_IP"
):
    """Turn the master IP up."""


class OpClusterDeactivateMasterIp(
    OpCode, frozen=True, kw_only=True, tag="OP_CLUSTER_DEACTIVATE_MASTER_IP"
):
    """Turn the master IP down."""

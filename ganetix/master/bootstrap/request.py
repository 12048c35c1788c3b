"""What ``gnt-cluster init`` and ``gnt-node add`` ask of the bootstrap program, as JSON objects."""

from typing import Any

import msgspec

Params = dict[str, Any]
KeyedParams = list[tuple[str, Params]] | dict[str, Params]
"""Options that name what they are for, such as a hypervisor, and may be given several times."""


class Init(msgspec.Struct, frozen=True):
    """A new cluster; fields are the options of ``gnt-cluster init``, null for their defaults.

    Sizes are MiB. Lists may come as comma-separated text.
    """

    cluster_name: str
    secondary_ip: str | None = None
    vg_name: str | None = None
    mac_prefix: str | None = None
    master_netdev: str | None = None
    master_netmask: int | str | None = None
    file_storage_dir: str | None = None
    shared_file_storage_dir: str | None = None
    gluster_storage_dir: str | None = None
    candidate_pool_size: int | None = None
    enabled_hypervisors: list[str] | str | None = None
    enabled_disk_templates: list[str] | str | None = None
    hvparams: KeyedParams = {}
    beparams: Params = {}
    nicparams: Params = {}
    ndparams: Params | None = None
    diskparams: KeyedParams = {}
    hv_state: KeyedParams = {}
    disk_state: KeyedParams = {}
    modify_etc_hosts: bool = True
    modify_ssh_setup: bool = True
    maintain_node_health: bool | None = None
    uid_pool: str | None = None
    drbd_helper: str | None = None
    default_iallocator: str | None = None
    default_iallocator_params: Params | None = None
    primary_ip_version: int | str = 4
    prealloc_wipe_disks: bool | None = None
    use_external_mip_script: bool | None = None
    install_image: str | None = None
    zeroing_image: str | None = None
    compression_tools: list[str] | str | None = None
    enabled_user_shutdown: bool | None = None
    ssh_key_type: str | None = None
    ssh_key_bits: int | None = None
    ipolicy_std_specs: Params | None = None
    ipolicy_bounds_specs: list[dict[str, Params]] | None = None
    ipolicy_disk_templates: list[str] | None = None
    ipolicy_vcpu_ratio: float | str | None = None
    ipolicy_spindle_ratio: float | str | None = None
    ispecs_cpu_count: Params = {}
    ispecs_disk_count: Params = {}
    ispecs_disk_size: Params = {}
    ispecs_mem_size: Params = {}
    ispecs_nic_count: Params = {}


class Join(msgspec.Struct, frozen=True):
    """A node that is to get its certificate.

    *force_join* takes it out of another cluster; without *node_setup* its ssh is left alone.
    """

    node_name: str
    readd: bool = False
    ssh_key_check: bool = True
    ssh_port: int = 22
    verbose: bool = False
    force_join: bool = False
    node_setup: bool = True


class Joined(msgspec.Struct, frozen=True):
    """A node that has its certificate: what OP_NODE_ADD wants to know of it."""

    name: str
    uuid: str
    digest: str
    primary_ip: str
    ssh_public_key: str | None

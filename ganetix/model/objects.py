"""The objects of a configuration, in the shape of the reference's ``config.data``.

Source of field names and types: the reference's on-disk formats, section 1. Times are seconds since
the epoch, sizes are MiB. A field that this release does not know is not read, and is gone when the
file is next written.
"""

from typing import Any

import msgspec

Params = dict[str, Any]


class Nic(msgspec.Struct, frozen=True, gc=False, omit_defaults=False):
    """A network interface of an instance."""

    uuid: str
    mac: str
    ip: str | None = None
    nicparams: Params = {}
    network: str | None = None
    name: str | None = None


class Disk(msgspec.Struct, frozen=True, gc=False, omit_defaults=False):
    """A disk of an instance; *size* is MiB, *logical_id* depends on *dev_type*."""

    uuid: str
    dev_type: str
    logical_id: list[Any]
    size: int
    iv_name: str = ""
    mode: str = "rw"
    name: str | None = None
    nodes: list[str] = []
    children: list["Disk"] = []
    params: Params = {}
    spindles: int | None = None
    forthcoming: bool = False
    serial_no: int = 1
    ctime: float = 0.0
    mtime: float = 0.0


class Instance(msgspec.Struct, frozen=True, gc=False, omit_defaults=False):
    """A virtual machine: where it lives, what it is made of and what state it should have."""

    uuid: str
    name: str
    primary_node: str
    os: str
    hypervisor: str
    admin_state: str = "down"
    admin_state_source: str = "admin"
    hvparams: Params = {}
    beparams: Params = {}
    osparams: dict[str, str] = {}
    osparams_private: dict[str, str] = {}
    nics: list[Nic] = []
    disks: list[str] = []
    disks_active: bool = False
    network_port: int | None = None
    forthcoming: bool = False
    tags: list[str] = []
    serial_no: int = 1
    ctime: float = 0.0
    mtime: float = 0.0


class Node(msgspec.Struct, frozen=True, gc=False, omit_defaults=False):
    """A machine of the cluster."""

    uuid: str
    name: str
    primary_ip: str
    secondary_ip: str
    group: str
    master_candidate: bool = False
    offline: bool = False
    drained: bool = False
    master_capable: bool = True
    vm_capable: bool = True
    powered: bool = True
    ndparams: Params = {}
    hv_state_static: Params = {}
    disk_state_static: Params = {}
    tags: list[str] = []
    serial_no: int = 1
    ctime: float = 0.0
    mtime: float = 0.0


class NodeGroup(msgspec.Struct, frozen=True, gc=False, omit_defaults=False):
    """Nodes that share policies; its members are computed from the nodes."""

    uuid: str
    name: str
    alloc_policy: str = "preferred"
    ndparams: Params = {}
    ipolicy: Params = {}
    diskparams: Params = {}
    networks: dict[str, Params] = {}
    hv_state_static: Params = {}
    disk_state_static: Params = {}
    tags: list[str] = []
    serial_no: int = 1
    ctime: float = 0.0
    mtime: float = 0.0


class Network(msgspec.Struct, frozen=True, gc=False, omit_defaults=False):
    """An address pool; reservations are texts of 0 and 1, one digit for each address."""

    uuid: str
    name: str
    network: str
    network6: str | None = None
    gateway: str | None = None
    gateway6: str | None = None
    mac_prefix: str | None = None
    reservations: str | None = None
    ext_reservations: str | None = None
    tags: list[str] = []
    serial_no: int = 1
    ctime: float = 0.0
    mtime: float = 0.0


class Filter(msgspec.Struct, frozen=True, gc=False, omit_defaults=False):
    """A job filter rule."""

    uuid: str
    watermark: int
    priority: int
    predicates: list[Any]
    action: Any
    reason_trail: list[Any] = []


class Settings(msgspec.Struct, frozen=True, gc=False, omit_defaults=False):
    """The cluster's own parameters (the ``cluster`` object of ``config.data``).

    `candidate_timeout` (seconds that a commit waits for a candidate) and `epoch` (of the
    mastership) are ganetix's own fields.
    """

    uuid: str
    cluster_name: str
    master_node: str
    master_ip: str
    master_netdev: str
    master_netmask: int
    rsahostkeypub: str = ""
    dsahostkeypub: str | None = None
    highest_used_port: int = 11000
    tcpudp_port_pool: list[int] = []
    mac_prefix: str = "aa:00:00"
    volume_group_name: str | None = None
    reserved_lvs: list[str] = []
    drbd_usermode_helper: str | None = None
    use_external_mip_script: bool = False
    file_storage_dir: str = "/srv/ganeti/file-storage"
    shared_file_storage_dir: str = "/srv/ganeti/shared-file-storage"
    gluster_storage_dir: str = "/var/run/ganeti/gluster"
    enabled_hypervisors: list[str] = []
    hvparams: dict[str, Params] = {}
    os_hvp: dict[str, dict[str, Params]] = {}
    beparams: dict[str, Params] = {}
    osparams: dict[str, dict[str, str]] = {}
    osparams_private_cluster: dict[str, dict[str, str]] = {}
    nicparams: dict[str, Params] = {}
    ndparams: Params = {}
    diskparams: dict[str, Params] = {}
    candidate_pool_size: int = 10
    modify_etc_hosts: bool = True
    modify_ssh_setup: bool = True
    maintain_node_health: bool = False
    uid_pool: list[list[int]] = []
    default_iallocator: str = ""
    default_iallocator_params: Params = {}
    hidden_os: list[str] = []
    blacklisted_os: list[str] = []
    primary_ip_family: int = 2
    prealloc_wipe_disks: bool = False
    ipolicy: Params = {}
    hv_state_static: Params = {}
    disk_state_static: Params = {}
    enabled_disk_templates: list[str] = []
    candidate_certs: dict[str, str] = {}
    max_running_jobs: int = 20
    max_tracked_jobs: int = 25
    install_image: str = ""
    instance_communication_network: str = ""
    zeroing_image: str = ""
    compression_tools: list[str] = []
    enabled_user_shutdown: bool = False
    data_collectors: dict[str, Params] = {}
    ssh_key_type: str = "rsa"
    ssh_key_bits: int = 2048
    candidate_timeout: float = 2.0
    epoch: int = 0
    tags: list[str] = []
    serial_no: int = 1
    ctime: float = 0.0
    mtime: float = 0.0

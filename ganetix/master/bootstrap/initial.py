"""The first configuration of a cluster: one node, which is the master, and one group."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs
import msgspec

from ganetix import errors
from ganetix.ids import Randomness, valid_hostname, valid_mac_prefix
from ganetix.master.allocation.programs import BUILT_IN
from ganetix.master.bootstrap.policy import instance_policy
from ganetix.master.bootstrap.request import Init, KeyedParams, Params
from ganetix.model import hv_checks, params, schema
from ganetix.model.changes import Change, apply, stamped
from ganetix.model.cluster import Cluster
from ganetix.model.hypervisors import HYPERVISORS
from ganetix.model.objects import Node, NodeGroup, Settings
from ganetix.model.ssh import key_bits

FIRST_EPOCH: Final = 1
FIRST_GROUP: Final = "default"

LVM_TEMPLATES: Final = frozenset({"plain", "drbd"})
COMPRESSION_TOOLS: Final = ("gzip", "gzip-fast", "gzip-slow")
DATA_COLLECTORS: Final = (
    "cpu-avg-load", "diskstats", "drbd", "inst-status-xen", "lv", "xen-cpu-avg-load",
)  # fmt: skip

_DEFAULT_TEMPLATES: Final = ("drbd", "plain")
_DEFAULT_HYPERVISOR: Final = ("xen-pvm",)
_DEFAULT_VG: Final = "xenvg"


@attrs.frozen
class Place:
    """Where the cluster begins: this node's name and address, and the cluster's own."""

    node_name: str
    node_ip: str
    cluster_name: str
    cluster_ip: str
    virtual: bool


def first_configuration(
    request: Init, place: Place, digest: str, node_uuid: str, randomness: Randomness, now: float
) -> Cluster:
    """Return the configuration that *request* describes; *digest* is the node's certificate's.

    Raise `errors.OpPrereqError` for values that don't fit. *now* is wall time in seconds.
    """
    group = NodeGroup(randomness.uuid(), FIRST_GROUP)
    node = Node(
        node_uuid,
        place.node_name,
        place.node_ip,
        request.secondary_ip or place.node_ip,
        group.uuid,
        master_candidate=True,
    )
    own = _settings(request, place, node_uuid, randomness.uuid())
    own = msgspec.structs.replace(own, candidate_certs={node_uuid: digest}, epoch=FIRST_EPOCH)
    bare = Cluster(cluster=own, serial_no=0, ctime=now)
    change = stamped(bare, Change(nodes=(node,), nodegroups=(group,)), now)
    born = msgspec.structs.replace(own, ctime=now, mtime=now)
    return apply(bare, msgspec.structs.replace(change, cluster=born), now)


def _settings(request: Init, place: Place, node_uuid: str, uuid: str) -> Settings:
    if not valid_hostname(place.cluster_name):
        raise _wrong(f"'{place.cluster_name}' is not a usable cluster name: use a host name.")
    hypervisors = _hypervisors(request)
    templates = _templates(request)
    family = {"4": 2, "6": 10}.get(str(request.primary_ip_version))
    if family is None:
        raise _wrong(f"--primary-ip-version is {request.primary_ip_version}; it must be 4 or 6.")
    ssh_type = request.ssh_key_type or "rsa"
    return Settings(
        uuid=uuid,
        cluster_name=place.cluster_name,
        master_node=node_uuid,
        master_ip=place.cluster_ip,
        master_netdev=request.master_netdev or ("lo" if place.virtual else "xen-br0"),
        master_netmask=_netmask(request.master_netmask, family),
        mac_prefix=_mac_prefix(request.mac_prefix),
        volume_group_name=_volume_group(request, templates),
        drbd_usermode_helper=request.drbd_helper or ("/bin/true" if "drbd" in templates else None),
        enabled_hypervisors=hypervisors,
        enabled_disk_templates=templates,
        hvparams=_usable(hypervisors, _filled(HYPERVISORS, request.hvparams, "hypervisor")),
        beparams={
            "default": _whole(params.BACKEND, params.with_memory(request.beparams), "backend")
        },
        nicparams={"default": _whole(params.NIC, request.nicparams, "network interface")},
        ndparams=_whole(params.NODE, request.ndparams or {}, "node"),
        diskparams=_filled(params.DISK, request.diskparams, "disk template"),
        ipolicy=instance_policy(request, templates),
        hv_state_static=dict(_pairs(request.hv_state)),
        disk_state_static=dict(_pairs(request.disk_state)),
        uid_pool=_uid_pool(request.uid_pool),
        primary_ip_family=family,
        modify_etc_hosts=request.modify_etc_hosts,
        modify_ssh_setup=request.modify_ssh_setup,
        data_collectors={name: {"active": True, "interval": 5_000_000} for name in DATA_COLLECTORS},
        compression_tools=_words(request.compression_tools) or list(COMPRESSION_TOOLS),
        ssh_key_type=ssh_type,
        ssh_key_bits=key_bits(ssh_type, request.ssh_key_bits),
        **_plain(request),
    )


def _plain(request: Init) -> dict[str, Any]:
    """Return the options that are taken as they are, where they were given."""
    names = (
        "file_storage_dir", "shared_file_storage_dir", "gluster_storage_dir",
        "candidate_pool_size", "maintain_node_health", "default_iallocator",
        "default_iallocator_params", "prealloc_wipe_disks", "use_external_mip_script",
        "install_image", "zeroing_image", "enabled_user_shutdown",
    )  # fmt: skip
    given = {name: getattr(request, name) for name in names}
    chosen = {name: value for name, value in given.items() if value is not None}
    return {"default_iallocator": BUILT_IN, **chosen}


def _hypervisors(request: Init) -> list[str]:
    names = _words(request.enabled_hypervisors) or list(_DEFAULT_HYPERVISOR)
    _all_known(names, HYPERVISORS, "hypervisor", "--enabled-hypervisors")
    return names


def _usable(enabled: Sequence[str], filled: dict[str, Params]) -> dict[str, Params]:
    """Return *filled* if the parameters of the *enabled* hypervisors can be together."""
    for name in enabled:
        hv_checks.require_usable(name, filled[name])
    return filled


def _templates(request: Init) -> list[str]:
    names = _words(request.enabled_disk_templates) or list(_DEFAULT_TEMPLATES)
    _all_known(names, params.DISK, "disk template", "--enabled-disk-templates")
    return names


def _all_known(names: Sequence[str], known: Mapping[str, Any], what: str, option: str) -> None:
    for name in names:
        if name not in known:
            told = ", ".join(sorted(known))
            raise _wrong(f"'{name}' in {option} is no {what}; there are {told}.")


def _volume_group(request: Init, templates: Sequence[str]) -> str | None:
    if not LVM_TEMPLATES.intersection(templates):
        return request.vg_name or None
    if request.vg_name == "":
        raise _wrong(
            "The disk templates plain and drbd need a volume group: give --vg-name, or leave them "
            "out of --enabled-disk-templates."
        )
    return request.vg_name or _DEFAULT_VG


def _netmask(given: int | str | None, family: int) -> int:
    most = 32 if family == 2 else 128
    try:
        bits = most if given is None else int(given)
    except ValueError:
        bits = -1
    if not 0 < bits <= most:
        raise _wrong(f"--master-netmask is {given}; it must be from 1 to {most}.")
    return bits


def _mac_prefix(given: str | None) -> str:
    prefix = (given or "aa:00:00").lower()
    if not valid_mac_prefix(prefix):
        raise _wrong(f"--mac-prefix is {given}; it must be three octets, as in aa:00:00.")
    return prefix


def _uid_pool(given: str | None) -> list[list[int]]:
    pool = []
    for part in (given or "").split(","):
        if part.strip():
            low, _, high = part.strip().partition("-")
            if not low.isdecimal() or not (high or low).isdecimal() or int(low) > int(high or low):
                raise _wrong(f"'{part}' in --uid-pool is no range of user ids, as in 4000-4019.")
            pool.append([int(low), int(high or low)])
    return pool


def _filled(known: Mapping[str, schema.Schema], given: KeyedParams, what: str) -> dict[str, Params]:
    rows = dict(_pairs(given))
    for name in rows:
        if name not in known:
            raise _wrong(f"'{name}' is no {what}; there are {', '.join(sorted(known))}.")
    return {name: _whole(known[name], rows.get(name, {}), f"{what} {name}") for name in known}


def _whole(known: schema.Schema, given: Params, what: str) -> Params:
    chosen = schema.enforced(known, given, f"{what} parameter")
    # Some parameters have a value called "default" themselves; it is their default, too.
    return schema.defaults(known) | {k: v for k, v in chosen.items() if v != schema.DEFAULT}


def _pairs(given: KeyedParams) -> list[tuple[str, Params]]:
    return list(given.items()) if isinstance(given, dict) else [(row[0], row[1]) for row in given]


def _words(given: list[str] | str | None) -> list[str]:
    if isinstance(given, str):
        return [word.strip() for word in given.split(",") if word.strip()]
    return list(given or ())


def _wrong(sentence: str) -> errors.OpPrereqError:
    return errors.OpPrereqError(sentence, errors.INVAL)

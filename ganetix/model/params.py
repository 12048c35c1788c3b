"""Parameters and their inheritance: cluster, then group, then node or instance.

Each object keeps only what differs from what it inherits; filled values are computed here.
"""

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any, Final

from ganetix import errors
from ganetix.model import schema
from ganetix.model.cluster import Cluster
from ganetix.model.hypervisors import HYPERVISORS
from ganetix.model.objects import Disk, Instance, Nic, Node, NodeGroup
from ganetix.model.schema import DEFAULT, Param, Schema, flag, integer, one_of, text

Params = dict[str, Any]

BACKEND: Final[Schema] = {
    "always_failover": flag(False),
    "auto_balance": flag(True),
    "maxmem": Param("size", 128, low=1),
    "minmem": Param("size", 128, low=1),
    "spindle_use": integer(1, low=0),
    "vcpus": integer(1, low=1),
}
NIC_MODES: Final = ("bridged", "routed", "openvswitch")
NIC: Final[Schema] = {
    "link": text("xen-br0"),
    "mode": Param("string", "bridged", choices=NIC_MODES),
    "vlan": text(""),
}
NODE: Final[Schema] = {
    "cpu_speed": Param("float", 1.0),
    "exclusive_storage": flag(False, cluster_only=True),
    "oob_program": text(""),
    "ovs": flag(False),
    "ovs_link": Param("maybe-string", ""),
    "ovs_name": Param("maybe-string", "switch1"),
    "spindle_count": integer(1, low=0),
    "ssh_port": integer(22, low=1, high=65535),
}
_STRIPES: Final = 128
"""More can't be asked of lvcreate."""
_BARRIERS: Final = (
    "n", *("".join(row) for count in (1, 2, 3) for row in permutations("bdf", count)),
)  # fmt: skip
"""Nothing, or letters of what is switched off, in any order."""
_DRBD: Final[Schema] = {
    "c-delay-target": integer(1, low=0),
    "c-fill-target": integer(0, low=0),
    "c-max-rate": integer(61440, low=1),
    "c-min-rate": integer(4096, low=0),
    "c-plan-ahead": integer(20, low=0),
    "data-stripes": integer(1, low=1, high=_STRIPES),
    "disk-barriers": one_of("n", _BARRIERS),
    "disk-custom": text(""),
    "dynamic-resync": flag(False),
    "meta-barriers": flag(False),
    "meta-stripes": integer(1, low=1, high=_STRIPES),
    "metavg": text("xenvg"),
    "net-custom": text(""),
    "protocol": one_of("C", ("A", "B", "C")),
    "resync-rate": integer(61440, low=1),
}
_ACCESS: Final = Param("string", "kernelspace", choices=("kernelspace", "userspace"))
DISK: Final[Mapping[str, Schema]] = {
    "blockdev": {},
    "diskless": {},
    "drbd": _DRBD,
    "ext": {"access": _ACCESS},
    "file": {},
    "gluster": {
        "access": _ACCESS,
        "host": text("127.0.0.1"),
        "port": integer(24007, low=1, high=65535),
        "volume": text("gv0"),
    },
    "plain": {"stripes": integer(1, low=1, high=_STRIPES)},
    "rbd": {"access": _ACCESS, "pool": text("rbd")},
    "sharedfile": {},
}
HV_STATE: Final[Schema] = {
    "cpu_node": integer(1),
    "cpu_total": integer(1),
    "mem_hv": integer(0),
    "mem_node": integer(0),
    "mem_total": integer(0),
}
DISK_STATE: Final[Schema] = {
    "disk_overhead": integer(0),
    "disk_reserved": integer(0),
    "disk_total": integer(0),
}


def with_memory(given: Mapping[str, Any]) -> Params:
    """Return backend parameters *given* with ``memory`` replaced by ``minmem`` and ``maxmem``."""
    fresh = dict(given)
    if "memory" in fresh:
        size = fresh.pop("memory")
        for name in ("minmem", "maxmem"):
            if name in fresh:
                raise errors.TypeEnforcementError(
                    f"Backend parameters 'memory' and '{name}' exclude each other; give one."
                )
            fresh[name] = size
    return fresh


def hypervisor_schema(name: str) -> Schema:
    """Return the parameters of hypervisor *name*; raise `errors.TypeEnforcementError`."""
    found = HYPERVISORS.get(name)
    if found is None:
        known = ", ".join(sorted(HYPERVISORS))
        raise errors.TypeEnforcementError(f"Hypervisor '{name}' is not known; there are {known}.")
    return found


def changed(
    known: Schema, current: Mapping[str, Any], given: Mapping[str, Any], what: str
) -> Params:
    """Return *current* with the changes *given*: converted, and ``default`` drops a value.

    Where ``default`` is a value itself, it is set, and null drops it. *what* names the parameters
    in messages. Raise `errors.TypeEnforcementError`.
    """
    fresh = {**current, **schema.enforced(known, given, what)}
    return {name: value for name, value in fresh.items() if not _dropped(known.get(name), value)}


def _dropped(param: Param | None, value: Any) -> bool:
    own = param is not None and DEFAULT in param.choices
    return (own and value is None) or (not own and value == DEFAULT)


def only_below_cluster(known: Schema, given: Mapping[str, Any], what: str) -> None:
    """Raise `errors.OpPrereqError` if *given* has parameters that only the cluster may set."""
    refused = sorted(name for name in given if name in known and known[name].cluster_only)
    if refused:
        raise errors.OpPrereqError(
            f"{what.capitalize()} {', '.join(refused)} can only be set for the whole cluster; "
            "use 'gnt-cluster modify'.",
            errors.INVAL,
        )


def backend(cluster: Cluster, own: Mapping[str, Any]) -> Params:
    """Return the filled backend parameters of an instance that sets *own*."""
    return {**schema.defaults(BACKEND), **cluster.cluster.beparams.get("default", {}), **own}


def hypervisor(cluster: Cluster, name: str, os: str, own: Mapping[str, Any]) -> Params:
    """Return the filled parameters of hypervisor *name* for an instance with *os* and *own*."""
    settings = cluster.cluster
    return {
        **schema.defaults(hypervisor_schema(name)),
        **settings.hvparams.get(name, {}),
        **settings.os_hvp.get(os.partition("+")[0], {}).get(name, {}),
        **settings.os_hvp.get(os, {}).get(name, {}),
        **own,
    }


def os_changed(own: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, str]:
    """Return OS parameters with *given*, as texts, over *own*; null and ``default`` drop one."""
    fresh = {**own, **given}
    return {name: str(value) for name, value in fresh.items() if value not in (None, DEFAULT)}


OS_IMAGE: Final = "os-image"
"""The OS parameter that every definition takes: the image that is written onto the first disk."""


def os_params(cluster: Cluster, os: str, own: Mapping[str, str]) -> dict[str, str]:
    """Return the filled public OS parameters for *os* and *own*."""
    known = cluster.cluster.osparams
    return {**known.get(os.partition("+")[0], {}), **known.get(os, {}), **own}


def os_private(cluster: Cluster, os: str, own: Mapping[str, str]) -> dict[str, str]:
    """Return the filled private OS parameters for *os* and *own*."""
    known = cluster.cluster.osparams_private_cluster
    return {**known.get(os.partition("+")[0], {}), **known.get(os, {}), **own}


def nic(cluster: Cluster, own: Mapping[str, Any]) -> Params:
    """Return the filled parameters of a NIC that sets *own*."""
    return {**schema.defaults(NIC), **cluster.cluster.nicparams.get("default", {}), **own}


def nic_in_group(cluster: Cluster, one: Nic, group: NodeGroup) -> Params:
    """Return the filled parameters of *one* in *group*: a network's come from its connection."""
    connected = group.networks.get(one.network or "", {})
    return {**nic(cluster, one.nicparams), **connected}


def group_node(cluster: Cluster, group: NodeGroup) -> Params:
    """Return the filled node parameters of *group*."""
    return {**schema.defaults(NODE), **cluster.cluster.ndparams, **group.ndparams}


def node(cluster: Cluster, one: Node) -> Params:
    """Return the filled node parameters of *one*."""
    return {**group_node(cluster, cluster.nodegroups[one.group]), **one.ndparams}


def disk(cluster: Cluster, group: NodeGroup, template: str) -> Params:
    """Return the filled disk parameters of *template* in *group*."""
    return {
        **schema.defaults(DISK[template]),
        **cluster.cluster.diskparams.get(template, {}),
        **group.diskparams.get(template, {}),
    }


def of_backend(cluster: Cluster, instance: Instance) -> Params:
    """Return the filled backend parameters of *instance*."""
    return backend(cluster, instance.beparams)


def of_hypervisor(cluster: Cluster, instance: Instance) -> Params:
    """Return the filled hypervisor parameters of *instance*."""
    return hypervisor(cluster, instance.hypervisor, instance.os, instance.hvparams)


def template_of(disks: Sequence[Disk]) -> str:
    """Return the disk template of an instance with *disks*; ``mixed`` when they differ."""
    kinds = {one.dev_type for one in disks}
    if len(kinds) > 1:
        return "mixed"
    return kinds.pop() if kinds else "diskless"

"""Types of opcode parameters: bounded texts and numbers, and the values that may be chosen from."""

from typing import Annotated, Any, Literal

from msgspec import Meta

NonEmpty = Annotated[str, Meta(min_length=1)]
HIGHEST = 2**63 - 1
"""What other programs, and time itself here, can still count with."""

NonNegative = Annotated[int, Meta(ge=0, le=HIGHEST)]
Negative = Annotated[int, Meta(ge=-HIGHEST, lt=0)]
Positive = Annotated[int, Meta(gt=0, le=HIGHEST)]
DiskIndex = Annotated[int, Meta(ge=0, le=15)]

_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = rf"({_OCTET}\.){{3}}{_OCTET}"
Ipv4Address = Annotated[str, Meta(pattern=rf"^{_IPV4}$", description="an IPv4 address")]
Ipv4Network = Annotated[
    str,
    Meta(pattern=rf"^{_IPV4}/(3[0-2]|[12]?[0-9])$", description="an IPv4 network, address/prefix"),
]
Ipv4AddressOrNone = Annotated[
    str, Meta(pattern=rf"^({_IPV4}|none)$", description="an IPv4 address, or none")
]
# The logic checks the rest of an IPv6 address with the standard library.
_IPV6 = r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*"
Ipv6Address = Annotated[str, Meta(pattern=rf"^{_IPV6}$", description="an IPv6 address")]
Ipv6Network = Annotated[
    str,
    Meta(
        pattern=rf"^{_IPV6}/(12[0-8]|1[01][0-9]|[1-9]?[0-9])$",
        description="an IPv6 network, address/prefix",
    ),
]
Ipv6AddressOrNone = Annotated[
    str, Meta(pattern=rf"^({_IPV6}|none)$", description="an IPv6 address, or none")
]
Ipv6NetworkOrNone = Annotated[
    str,
    Meta(
        pattern=rf"^({_IPV6}/(12[0-8]|1[01][0-9]|[1-9]?[0-9])|none)$",
        description="an IPv6 network, address/prefix, or none",
    ),
]

Priority = Literal[-10, 0, 10]
FinalStatus = Literal["canceled", "error", "success"]
Dependency = tuple[int, list[FinalStatus]]
"""Job id, or a negative number relative to the job's place in its request; accepted states."""

AdminStateSource = Literal["admin", "user"]
AllocPolicy = Literal["last_resort", "preferred", "unallocable"]
AllocatorDirection = Literal["in", "out"]
AllocatorMode = Literal[
    "allocate", "allocate-secondary", "change-group", "multi-allocate", "node-evacuate", "relocate"
]
CreateMode = Literal["create", "import", "remote-import"]
DiskTemplate = Literal[
    "blockdev", "diskless", "drbd", "ext", "file", "gluster", "plain", "rbd", "sharedfile"
]
EvacuationMode = Literal["all", "primary-only", "secondary-only"]
ExportMode = Literal["local", "remote"]
FileDriver = Literal["blktap", "blktap2", "loop"]
Hypervisor = Literal["chroot", "fake", "kvm", "lxc", "xen-hvm", "xen-pvm"]
ListAction = Literal["add", "attach", "detach", "remove"]
DeviceAction = Literal["add", "attach", "detach", "modify", "remove"]
MigrationMode = Literal["live", "non-live"]
NicMode = Literal["bridged", "openvswitch", "pool", "routed"]
OobCommand = Literal["health", "power-cycle", "power-off", "power-on", "power-status"]
OptionalCheck = Literal["nplusone_mem"]
QueryResource = Literal[
    "cluster", "export", "extstorage", "filter", "group", "instance", "job", "lock", "network",
    "node", "os",
]  # fmt: skip
RebootType = Literal["full", "hard", "soft"]
ReplaceMode = Literal[
    "replace_auto", "replace_new_secondary", "replace_on_primary", "replace_on_secondary"
]
SshKeyType = Literal["dsa", "ecdsa", "rsa"]
StorageType = Literal[
    "blockdev", "diskless", "ext", "file", "gluster", "lvm-pv", "lvm-vg", "rados", "sharedfile"
]
TagKind = Literal["cluster", "instance", "network", "node", "nodegroup"]
VerifyCode = Literal[
    "ECLUSTERCERT", "ECLUSTERCFG", "ECLUSTERCLIENTCERT", "ECLUSTERDANGLINGINST",
    "ECLUSTERDANGLINGNODES", "ECLUSTERFILECHECK", "EEXTAGS", "EGROUPDIFFERENTPVSIZE",
    "EINSTANCEBADNODE", "EINSTANCEDOWN", "EINSTANCEFAULTYDISK", "EINSTANCELAYOUT",
    "EINSTANCEMISSINGCFGPARAMETER", "EINSTANCEMISSINGDISK", "EINSTANCEPOLICY",
    "EINSTANCESPLITGROUPS", "EINSTANCEUNSUITABLENODE", "EINSTANCEWRONGNODE", "ENODEDRBD",
    "ENODEDRBDHELPER", "ENODEDRBDVERSION", "ENODEFILECHECK", "ENODEFILESTORAGEPATHS",
    "ENODEFILESTORAGEPATHUNUSABLE", "ENODEGLUSTERSTORAGEPATHUNUSABLE", "ENODEHOOKS", "ENODEHV",
    "ENODELVM", "ENODEN1", "ENODENET", "ENODEOOBPATH", "ENODEORPHANINSTANCE", "ENODEORPHANLV",
    "ENODEOS", "ENODERPC", "ENODESETUP", "ENODESHAREDFILESTORAGEPATHUNUSABLE", "ENODESSH",
    "ENODETIME", "ENODEUSERSCRIPTS", "ENODEVERSION",
]  # fmt: skip

Params = dict[str, Any]
NicKey = Literal["bridge", "ip", "link", "mac", "mode", "name", "network", "vlan"]
NicParams = dict[NicKey, str | None]
DiskParams = dict[NonEmpty, NonEmpty | int]
NicChange = tuple[DeviceAction, int | str, NicParams]
DiskChange = tuple[DeviceAction, int | str, DiskParams]
"""Action, index (-1: the last, or append) or name or uuid, parameters."""

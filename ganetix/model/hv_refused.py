"""Values of hypervisor parameters that ganetix refuses because libvirt can't give their meaning."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

LXC_DEVICES: Final = (
    "c 1:3 rw,c 1:5 rw,c 1:7 rw,c 1:8 rw,c 1:9 rw,c 1:10 rw,c 5:0 rw,c 5:1 rw,c 5:2 rw,c 136:* rw"
)
_CIPHERS: Final = "HIGH:-DES:-3DES:-EXPORT:-DH"
_CONTROLLERS: Final = ("mtd", "pflash", "scsi-generic", "sd")


@attrs.frozen
class Refusal:
    """A value of parameter *name* that libvirt can't give its meaning, and why."""

    name: str
    applies: Callable[[Any], bool]
    values: str
    reason: str


KVM_REFUSED: Final = (
    Refusal(
        "cdrom_disk_type",
        lambda value: value in _CONTROLLERS,
        "mtd, pflash, scsi-generic, sd",
        "the machine types pc and q35 have no such controller for images",
    ),
    Refusal(
        "disk_type",
        lambda value: value in (*_CONTROLLERS, "scsi-cd"),
        "mtd, pflash, scsi-generic, sd, scsi-cd",
        "the machine types pc and q35 have no such controller for disks that can be written",
    ),
    Refusal(
        "security_model",
        lambda value: value == "pool",
        "pool",
        "libvirt already runs each guest under an account of its own choice; use none or user",
    ),
    Refusal(
        "spice_tls_ciphers",
        lambda value: value not in ("", _CIPHERS),
        "any but the default",
        "libvirt has no ciphers for each guest; they come from the node's TLS library",
    ),
    Refusal(
        "use_chroot",
        bool,
        "true",
        "libvirt confines QEMU in a mount namespace of its own, which a chroot would break",
    ),
    Refusal(
        "vnc_tls",
        bool,
        "true",
        "libvirt sets TLS for VNC on the whole node: 'vnc_tls' in /etc/libvirt/qemu.conf",
    ),
    Refusal(
        "vnc_x509_path",
        bool,
        "any but empty",
        "libvirt sets it for the whole node: 'vnc_tls_x509_cert_dir' in /etc/libvirt/qemu.conf",
    ),
    Refusal(
        "vnc_x509_verify",
        bool,
        "true",
        "libvirt sets it for the whole node: 'vnc_tls_x509_verify' in /etc/libvirt/qemu.conf",
    ),
    Refusal(
        "vnet_hdr",
        lambda value: not value,
        "false",
        "libvirt always offers headers of virtual networks to a virtio NIC",
    ),
)
LXC_REFUSED: Final = (
    Refusal(
        "devices",
        lambda value: value not in ("", LXC_DEVICES),
        "any but the default",
        "libvirt gives every container exactly the devices of the default list",
    ),
    Refusal(
        "extra_cgroups",
        bool,
        "any but empty",
        "libvirt gives every container all control groups that the node has",
    ),
    Refusal(
        "extra_config",
        bool,
        "any but empty",
        "libvirt reads no configuration of the lxc tools",
    ),
)
REFUSED: Final[Mapping[str, tuple[Refusal, ...]]] = {"kvm": KVM_REFUSED, "lxc": LXC_REFUSED}

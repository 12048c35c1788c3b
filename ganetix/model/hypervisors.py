"""The parameters of each hypervisor: type, default, and what may be in them."""

from collections.abc import Mapping
from typing import Final

from ganetix.model.schema import Param, Schema, flag, integer, one_of, path, text

CHROOT: Final[Schema] = {
    "init_script": path("/ganeti-chroot", required=True),
}

FAKE: Final[Schema] = {
    "migration_mode": one_of("live", ("live", "non-live"), required=True, cluster_only=True),
}

KVM: Final[Schema] = {
    "acpi": flag(True),
    "boot_order": one_of("disk", ("cdrom", "disk", "floppy", "network"), required=True),
    "cdrom2_image_path": text(""),
    "cdrom_disk_type": one_of(
        "",
        (
            "ide",
            "mtd",
            "paravirtual",
            "pflash",
            "scsi",
            "scsi-block",
            "scsi-cd",
            "scsi-generic",
            "scsi-hd",
            "sd",
        ),
    ),
    "cdrom_image_path": text(""),
    "cpu_cores": integer(0, low=0),
    "cpu_mask": text("all"),
    "cpu_sockets": integer(0, low=0),
    "cpu_threads": integer(0, low=0),
    "cpu_type": text(""),
    "disk_aio": one_of("threads", ("native", "threads")),
    "disk_cache": one_of(
        "default", ("default", "none", "writeback", "writethrough"), required=True
    ),
    "disk_discard": one_of("default", ("default", "ignore", "unmap")),
    "disk_type": one_of(
        "paravirtual",
        (
            "ide",
            "mtd",
            "paravirtual",
            "pflash",
            "scsi",
            "scsi-block",
            "scsi-cd",
            "scsi-generic",
            "scsi-hd",
            "sd",
        ),
        required=True,
    ),
    "floppy_image_path": path(""),
    "initrd_path": path(""),
    "kernel_args": text("ro"),
    "kernel_path": path("/boot/vmlinuz-3-kvmU"),
    "keymap": text(""),
    "kvm_extra": text(""),
    "kvm_flag": one_of("", ("disabled", "enabled")),
    "kvm_path": path("/usr/bin/kvm", required=True),
    "kvm_pci_reservations": integer(12, low=0, high=32),
    "machine_version": text(""),
    "mem_path": path(""),
    "migration_bandwidth": integer(32, low=0, required=True, cluster_only=True),
    "migration_caps": text(""),
    "migration_downtime": integer(30, low=0, required=True),
    "migration_mode": one_of("live", ("live", "non-live"), required=True, cluster_only=True),
    "migration_port": integer(8102, low=1, high=65534, required=True, cluster_only=True),
    "nic_type": one_of(
        "paravirtual",
        (
            "e1000",
            "i82551",
            "i82557b",
            "i82559er",
            "ne2k_isa",
            "ne2k_pci",
            "paravirtual",
            "pcnet",
            "rtl8139",
        ),
        required=True,
    ),
    "reboot_behavior": one_of("reboot", ("exit", "reboot"), required=True),
    "root_path": Param("maybe-string", "/dev/vda1"),
    "scsi_controller_type": one_of("lsi", ("lsi", "megasas", "virtio-scsi-pci"), required=True),
    "security_domain": text(""),
    "security_model": one_of("none", ("none", "pool", "user"), required=True),
    "serial_console": flag(True),
    "serial_speed": integer(38400),
    "soundhw": text(""),
    "spice_bind": text(""),
    "spice_image_compression": one_of("", ("auto_glz", "auto_lz", "glz", "lz", "off", "quic")),
    "spice_ip_version": Param("int", 0, choices=(0, 4, 6)),
    "spice_jpeg_wan_compression": one_of("", ("always", "auto", "never")),
    "spice_password_file": path(""),
    "spice_playback_compression": flag(True),
    "spice_streaming_video": one_of("", ("all", "filter", "off")),
    "spice_tls_ciphers": text("HIGH:-DES:-3DES:-EXPORT:-DH"),
    "spice_use_tls": flag(False),
    "spice_use_vdagent": flag(True),
    "spice_zlib_glz_wan_compression": one_of("", ("always", "auto", "never")),
    "usb_devices": text(""),
    "usb_mouse": one_of("", ("mouse", "tablet")),
    "use_chroot": flag(False),
    "use_guest_agent": flag(False),
    "use_localtime": flag(False),
    "user_shutdown": flag(False),
    "vga": text(""),
    "vhost_net": flag(False),
    "virtio_net_queues": integer(1, low=1, high=8),
    "vnc_bind_address": text(""),
    "vnc_password_file": path(""),
    "vnc_tls": flag(False),
    "vnc_x509_path": path(""),
    "vnc_x509_verify": flag(False),
    "vnet_hdr": flag(True),
}

LXC: Final[Schema] = {
    "cpu_mask": text(""),
    "devices": text(
        "c 1:3 rw,c 1:5 rw,c 1:7 rw,c 1:8 rw,c 1:9 rw,c 1:10 rw,"
        "c 5:0 rw,c 5:1 rw,c 5:2 rw,c 136:* rw"
    ),
    "drop_capabilities": text("mac_override,sys_boot,sys_module,sys_time,sys_admin"),
    "extra_cgroups": text(""),
    "extra_config": text(""),
    "num_ttys": integer(6, low=0, required=True),
    "startup_timeout": integer(30, low=0),
}

XEN_HVM: Final[Schema] = {
    "acpi": flag(True),
    "blockdev_prefix": text("hd"),
    "boot_order": text("cd", required=True),
    "cdrom_image_path": path(""),
    "cpu_cap": integer(0),
    "cpu_mask": text("all"),
    "cpu_weight": integer(256, low=1, high=65534),
    "cpuid": text(""),
    "device_model": path("/usr/lib/xen/bin/qemu-dm", required=True),
    "disk_type": one_of("paravirtual", ("ioemu", "paravirtual"), required=True),
    "kernel_path": path("/usr/lib/xen/boot/hvmloader", required=True),
    "migration_mode": one_of("non-live", ("live", "non-live"), required=True, cluster_only=True),
    "migration_port": integer(8002, low=1, high=65534, required=True, cluster_only=True),
    "nic_type": one_of(
        "rtl8139", ("e1000", "ne2k_isa", "ne2k_pci", "paravirtual", "rtl8139"), required=True
    ),
    "pae": flag(True),
    "pci_pass": text(""),
    "reboot_behavior": one_of("reboot", ("exit", "reboot"), required=True),
    "soundhw": text(""),
    "use_localtime": flag(False),
    "vif_script": path(""),
    "vif_type": one_of("ioemu", ("ioemu", "vif")),
    "viridian": flag(False),
    "vnc_bind_address": text("0.0.0.0"),  # noqa: S104 - the default that guests have
    "vnc_password_file": path("/etc/ganeti/vnc-cluster-password", required=True),
    "xen_cmd": one_of("xm", ("xl", "xm"), required=True, cluster_only=True),
}

XEN_PVM: Final[Schema] = {
    "blockdev_prefix": text("sd"),
    "bootloader_args": text(""),
    "bootloader_path": path(""),
    "cpu_cap": integer(0, low=0),
    "cpu_mask": text("all"),
    "cpu_weight": integer(256, low=1, high=65535),
    "cpuid": text(""),
    "initrd_path": path(""),
    "kernel_args": text("ro"),
    "kernel_path": path("/boot/vmlinuz-3-xenU", required=True),
    "migration_mode": one_of("live", ("live", "non-live"), required=True, cluster_only=True),
    "migration_port": integer(8002, low=1, high=65534, required=True, cluster_only=True),
    "reboot_behavior": one_of("reboot", ("exit", "reboot"), required=True),
    "root_path": Param("maybe-string", "/dev/xvda1"),
    "soundhw": text(""),
    "use_bootloader": flag(False),
    "vif_script": path(""),
    "xen_cmd": one_of("xm", ("xl", "xm"), required=True, cluster_only=True),
}

HYPERVISORS: Final[Mapping[str, Schema]] = {
    "chroot": CHROOT,
    "fake": FAKE,
    "kvm": KVM,
    "lxc": LXC,
    "xen-hvm": XEN_HVM,
    "xen-pvm": XEN_PVM,
}

MIGRATABLE: Final = frozenset(["fake", "kvm", "xen-hvm", "xen-pvm"])
"""Hypervisors that can move a running guest."""

"""What each parameter of QEMU guests means here; `docs/hypervisors.md` shows it."""

from collections.abc import Mapping
from typing import Final

MEANING: Final[Mapping[str, str]] = {
    "acpi": "ACPI in the guest; without it a guest can't be asked to shut down",
    "boot_order": "the one device that the guest boots from",
    "cdrom2_image_path": "second CD: a file of the node, or a URL that QEMU reads itself",
    "cdrom_disk_type": "the CDs' bus; empty is IDE (SATA on q35); paravirtual is a disk that "
    "can't be written",
    "cdrom_image_path": "first CD: a file of the node, or a URL that QEMU reads itself",
    "cpu_cores": "cores of a socket; of sockets, cores and threads the first that is 0 takes what "
    "is missing to the number of virtual processors",
    "cpu_mask": "real processors for all virtual ones, or one list for each, joined by colons",
    "cpu_sockets": "sockets, see cpu_cores",
    "cpu_threads": "threads of a core, see cpu_cores",
    "cpu_type": "QEMU's model with features (+name, -name); host is the node's own processor, and "
    "with software emulation all that QEMU can do",
    "disk_aio": "threads or native",
    "disk_cache": "as QEMU's; default is QEMU's own",
    "disk_discard": "what the guest discards is passed on (unmap) or not (ignore)",
    "disk_type": "paravirtual is virtio; ide is SATA on q35; scsi and scsi-hd are SCSI disks, "
    "scsi-block passes the device with its commands",
    "floppy_image_path": "floppy image",
    "initrd_path": "initrd for kernel_path",
    "kernel_args": "added to the kernel's command line",
    "kernel_path": "kernel out of the node's files instead of the guest's own; empty for none",
    "keymap": "keyboard layout of VNC and SPICE",
    "kvm_extra": "further arguments of QEMU; `-bios FILE` is that firmware, `-bios uefi` the UEFI "
    "firmware that libvirt finds on the node",
    "kvm_flag": "enabled: KVM or nothing; disabled: software emulation; empty: KVM where it was "
    "found to work, else software emulation",
    "kvm_path": "the QEMU program; the default is the one that libvirt finds",
    "kvm_pci_reservations": "on a pc, the first places of the PCI bus that disks and NICs leave "
    "free; 0, and q35, leave the places to libvirt",
    "machine_version": "machine type such as pc, q35 or pc-i440fx-7.2; empty is pc",
    "mem_path": "huge pages for the guest's memory, out of the hugetlbfs that libvirt uses",
    "migration_bandwidth": "MiB a second at most; 0 is as fast as can be",
    "migration_caps": "auto-converge, compress, postcopy-ram, xbzrle, joined by colons; with "
    "postcopy-ram the guest runs on its new node when its memory was sent once, fetches what it "
    "changed meanwhile, and is lost if the nodes lose each other then",
    "migration_downtime": "milliseconds that a live migration may stop the guest",
    "migration_mode": "live, or non-live: the guest is stopped meanwhile",
    "migration_port": "TCP port on which the target receives the guest",
    "nic_type": "paravirtual is virtio; the others are QEMU's cards",
    "reboot_behavior": "exit: a reboot from inside stops the guest",
    "root_path": "root= on the command line of kernel_path",
    "scsi_controller_type": "controller of SCSI disks",
    "security_domain": "the account that QEMU runs under with security_model=user",
    "security_model": "none: libvirt's own account; user: the one in security_domain",
    "serial_console": "serial port with the console of `gnt-instance console`, kept in "
    "/var/log/ganeti/kvm too; console= on the command line of kernel_path",
    "serial_speed": "its speed on the command line of kernel_path",
    "soundhw": "ac97, es1370, hda, pcspk, sb16, usb-audio, joined by commas",
    "spice_bind": "address or interface of the SPICE server; its port is the instance's",
    "spice_image_compression": "as SPICE's",
    "spice_ip_version": "family of the address of an interface in spice_bind",
    "spice_jpeg_wan_compression": "as SPICE's",
    "spice_password_file": "its first line is the password",
    "spice_playback_compression": "as SPICE's",
    "spice_streaming_video": "as SPICE's",
    "spice_tls_ciphers": "only the default",
    "spice_use_tls": "TLS only; the node's qemu.conf needs spice_tls",
    "spice_use_vdagent": "channel for SPICE's agent in the guest",
    "spice_zlib_glz_wan_compression": "as SPICE's",
    "usb_devices": "keyboard, mouse, tablet, host:VENDOR:PRODUCT, joined by commas",
    "usb_mouse": "mouse or tablet",
    "use_chroot": "only false",
    "use_guest_agent": "channel for QEMU's agent in the guest: shutdown, and addresses in "
    "`gnt-instance info`",
    "use_localtime": "the guest's clock shows local time",
    "user_shutdown": "with the cluster's own flag: a guest that shut itself down is USER_down and "
    "not started again",
    "vga": "cirrus, none, qxl, std, virtio, vmware; empty is std with VNC, qxl with SPICE, else "
    "none",
    "vhost_net": "virtio NICs by the kernel's vhost",
    "virtio_net_queues": "queues of a virtio NIC",
    "vnc_bind_address": "address or interface of the VNC server, its port is the instance's; or "
    "the directory of its socket NAME.vnc",
    "vnc_password_file": "its first line is the password",
    "vnc_tls": "only false",
    "vnc_x509_path": "only empty",
    "vnc_x509_verify": "only false",
    "vnet_hdr": "only true",
}

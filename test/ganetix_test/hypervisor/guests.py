"""Guests of many kinds whose domain XML is kept in ``golden``."""

from typing import Any, Final

from ganetix.hypervisor.interface import Guest, GuestDisk
from ganetix.hypervisor.kvm.domain import Passwords, Place
from ganetix.model import schema
from ganetix.model.hypervisors import KVM, LXC

UUID: Final = "6d2e1f0a-3b4c-4d5e-8f60-718293a4b5c6"
NIC: Final[dict[str, Any]] = {
    "mac": "aa:00:00:12:34:56",
    "uuid": "11111111-2222-4333-8444-555555555555",
    "name": None,
    "ip": None,
    "mode": "bridged",
    "link": "br0",
    "vlan": "",
}
LOGICAL_VOLUME: Final = GuestDisk(
    "/dev/xenvg/6d2e.disk0", uuid="22222222-3333-4444-8555-666666666666", template="plain"
)
FILE: Final = GuestDisk(
    "/srv/ganeti/file-storage/vm1/disk1",
    mode="ro",
    uuid="33333333-4444-4555-8666-777777777777",
    template="file",
)
TWO_NICS: Final = (
    NIC,
    {**NIC, "mac": "aa:00:00:12:34:57", "uuid": None, "mode": "openvswitch", "vlan": ".10:20:30"},
)
SCRIPTED: Final = (
    {**NIC, "mode": "routed", "ip": "192.0.2.7", "link": "main"},
    {**NIC, "mac": "aa:00:00:12:34:58", "scripted": True},
)


def kvm_guest(
    disks: tuple[GuestDisk, ...] = (LOGICAL_VOLUME,),
    nics: tuple[dict[str, Any], ...] = (NIC,),
    vcpus: int = 1,
    port: int | None = 11000,
    **hvparams: Any,
) -> Guest:
    """Return a QEMU guest that boots from its disk, with *hvparams* that differ from defaults."""
    filled = {**schema.defaults(KVM), "kernel_path": "", **hvparams}
    return Guest("vm1.example.com", UUID, 512, vcpus, filled, disks, nics, port)


def lxc_guest(disks: tuple[GuestDisk, ...] = (LOGICAL_VOLUME,), **hvparams: Any) -> Guest:
    """Return a container with *hvparams* that differ from defaults."""
    filled = {**schema.defaults(LXC), **hvparams}
    return Guest("ct1.example.com", UUID, 256, 2, filled, disks, (NIC,))


KVM_GUESTS: Final[dict[str, tuple[Guest, Place]]] = {
    "plain": (kvm_guest(), Place("kvm")),
    "software": (kvm_guest(vcpus=2), Place("qemu", "/var/log/ganeti/kvm/vm1.example.com.log")),
    "kernel": (
        kvm_guest(
            kernel_path="/boot/vmlinuz",
            initrd_path="/boot/initrd.img",
            kernel_args="ro quiet",
            root_path="/dev/vda",
            serial_speed=115200,
        ),
        Place("qemu"),
    ),
    "q35_uefi": (
        kvm_guest(
            disks=(LOGICAL_VOLUME, FILE),
            machine_version="q35",
            kvm_extra="-bios uefi",
            disk_type="ide",
            disk_cache="none",
            disk_aio="native",
            disk_discard="unmap",
            cdrom_image_path="/srv/debian.iso",
            boot_order="cdrom",
        ),
        Place("kvm"),
    ),
    "cpus": (
        kvm_guest(
            vcpus=4, cpu_type="host,+vmx,-svm,pdpe1gb=on", cpu_cores=2, cpu_mask="0:1-3:all:2"
        ),
        Place("kvm"),
    ),
    "software_cpu": (
        kvm_guest(vcpus=2, cpu_type="host", cpu_mask="0-1", cpu_sockets=2),
        Place("qemu"),
    ),
    "named_cpu": (kvm_guest(cpu_type="qemu64,+ssse3", mem_path="/dev/hugepages"), Place("qemu")),
    "scsi": (
        kvm_guest(
            disks=(LOGICAL_VOLUME, FILE),
            disk_type="scsi-hd",
            scsi_controller_type="virtio-scsi-pci",
            cdrom_disk_type="scsi-cd",
            cdrom_image_path="http://images.example.com/debian.iso",
            cdrom2_image_path="https://images.example.com:8443/more.iso",
            floppy_image_path="/srv/floppy.img",
        ),
        Place("kvm"),
    ),
    "vnc": (
        kvm_guest(
            vnc_bind_address="eth0",
            vnc_password_file="/etc/ganeti/vnc-password",
            keymap="de",
            usb_mouse="tablet",
            usb_devices="host:1d6b:2,keyboard",
            soundhw="hda,ac97",
            vga="cirrus",
        ),
        Place("kvm", passwords=Passwords(vnc="hidden"), addresses=(("eth0", "192.0.2.1"),)),
    ),
    "vnc_socket": (kvm_guest(vnc_bind_address="/var/run/vnc"), Place("kvm")),
    "spice": (
        kvm_guest(
            spice_bind="192.0.2.1",
            spice_ip_version=4,
            spice_password_file="/etc/ganeti/spice-password",
            spice_use_tls=True,
            spice_image_compression="auto_glz",
            spice_jpeg_wan_compression="never",
            spice_zlib_glz_wan_compression="always",
            spice_streaming_video="filter",
            spice_playback_compression=False,
        ),
        Place("kvm", passwords=Passwords(spice="hidden")),
    ),
    "networks": (
        kvm_guest(nics=TWO_NICS, vhost_net=True, virtio_net_queues=4, use_guest_agent=True),
        Place("kvm"),
    ),
    "scripted": (kvm_guest(nics=SCRIPTED, nic_type="e1000"), Place("kvm")),
    "account": (
        kvm_guest(
            disks=(),
            nics=(),
            security_model="user",
            security_domain="nobody",
            kvm_path="/opt/qemu/bin/qemu-system-x86_64",
            kvm_extra="-device 'isa-debug-exit,iobase=0xf4'",
            use_localtime=True,
            acpi=False,
            reboot_behavior="exit",
            serial_console=False,
        ),
        Place("kvm"),
    ),
}
LXC_GUESTS: Final[dict[str, Guest]] = {
    "container": lxc_guest(),
    "container_files": lxc_guest(
        disks=(FILE, LOGICAL_VOLUME), cpu_mask="0-1", num_ttys=1, drop_capabilities="sys_time"
    ),
}

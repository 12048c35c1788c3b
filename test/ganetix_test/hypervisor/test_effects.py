"""Every hypervisor parameter does something: it changes the guest, or the value is refused.

What each means is in the documentation's tables; here is where that is seen.
"""

from collections.abc import Mapping
from typing import Any, Final

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.hypervisor.kvm import domain as kvm
from ganetix.hypervisor.kvm.domain import Passwords, Place
from ganetix.hypervisor.lxc import domain as lxc
from ganetix.model import hv_checks
from ganetix.model.hv_refused import REFUSED
from ganetix_test import spec
from ganetix_test.hypervisor.guests import kvm_guest, lxc_guest

CD: Final[Mapping[str, Any]] = {"cdrom_image_path": "/srv/cd.iso"}
KERNEL: Final[Mapping[str, Any]] = {"kernel_path": "/boot/vmlinuz"}
SPICE: Final[Mapping[str, Any]] = {"spice_bind": "192.0.2.1"}
VNC: Final[Mapping[str, Any]] = {"vnc_bind_address": "192.0.2.1"}
NONE: Final[Mapping[str, Any]] = {}

KVM: Final[dict[str, tuple[Mapping[str, Any], Any, str]]] = {
    "acpi": (NONE, False, "<acpi />"),
    "boot_order": (NONE, "network", 'boot dev="network"'),
    "cdrom2_image_path": (NONE, "/srv/two.iso", "/srv/two.iso"),
    "cdrom_disk_type": (CD, "scsi-cd", 'bus="scsi"'),
    "cdrom_image_path": (NONE, "/srv/cd.iso", 'device="cdrom"'),
    "cpu_cores": (NONE, 2, 'cores="2"'),
    "cpu_mask": (NONE, "0-1", 'cpuset="0-1"'),
    "cpu_sockets": (NONE, 2, 'sockets="2"'),
    "cpu_threads": (NONE, 2, 'threads="2"'),
    "cpu_type": (NONE, "host", 'mode="host-passthrough"'),
    "disk_aio": ({"disk_cache": "none"}, "native", 'io="native"'),
    "disk_cache": (NONE, "writethrough", 'cache="writethrough"'),
    "disk_discard": (NONE, "unmap", 'discard="unmap"'),
    "disk_type": (NONE, "ide", 'bus="ide"'),
    "floppy_image_path": (NONE, "/srv/floppy.img", 'device="floppy"'),
    "initrd_path": (KERNEL, "/boot/initrd", "<initrd>/boot/initrd</initrd>"),
    "kernel_args": (KERNEL, "quiet", "quiet"),
    "kernel_path": (NONE, "/boot/vmlinuz", "<kernel>/boot/vmlinuz</kernel>"),
    "keymap": (VNC, "de", 'keymap="de"'),
    "kvm_extra": (NONE, "-name other", 'value="-name"'),
    "kvm_path": (NONE, "/opt/qemu", "<emulator>/opt/qemu</emulator>"),
    "kvm_pci_reservations": (NONE, 5, 'slot="0x05"'),
    "machine_version": (NONE, "q35", 'machine="q35"'),
    "mem_path": (NONE, "/dev/hugepages", "<hugepages />"),
    "nic_type": (NONE, "e1000", 'model type="e1000"'),
    "reboot_behavior": (NONE, "exit", "<on_reboot>destroy</on_reboot>"),
    "root_path": (KERNEL, "/dev/vdz", "root=/dev/vdz"),
    "scsi_controller_type": ({"disk_type": "scsi-hd"}, "virtio-scsi-pci", 'model="virtio-scsi"'),
    "security_domain": ({"security_model": "user"}, "nobody", "<label>nobody</label>"),
    "security_model": (NONE, "user", '<seclabel type="static"'),
    "serial_console": (NONE, False, '<console type="pty">'),
    "serial_speed": (KERNEL, 9600, "console=ttyS0,9600"),
    "soundhw": (NONE, "hda", 'sound model="ich6"'),
    "spice_bind": (NONE, "192.0.2.1", 'graphics type="spice"'),
    "spice_image_compression": (SPICE, "lz", 'image compression="lz"'),
    "spice_jpeg_wan_compression": (SPICE, "never", 'jpeg compression="never"'),
    "spice_playback_compression": (SPICE, False, 'playback compression="off"'),
    "spice_streaming_video": (SPICE, "all", 'streaming mode="all"'),
    "spice_use_tls": (SPICE, True, 'defaultMode="secure"'),
    "spice_use_vdagent": (SPICE, False, "com.redhat.spice.0"),
    "spice_zlib_glz_wan_compression": (SPICE, "always", 'zlib compression="always"'),
    "usb_devices": (NONE, "keyboard", 'input type="keyboard"'),
    "usb_mouse": (NONE, "tablet", 'input type="tablet"'),
    "use_guest_agent": (NONE, True, "org.qemu.guest_agent.0"),
    "use_localtime": (NONE, True, 'clock offset="localtime"'),
    "vga": (NONE, "cirrus", 'model type="cirrus"'),
    "vhost_net": (NONE, True, 'driver name="vhost"'),
    "virtio_net_queues": (NONE, 3, 'queues="3"'),
    "vnc_bind_address": (NONE, "192.0.2.1", 'graphics type="vnc"'),
}
"""For each parameter others that it needs, its value, and what changes in the guest's XML."""

LXC: Final[dict[str, tuple[Any, str]]] = {
    "cpu_mask": ("0-1", 'cpuset="0-1"'),
    "drop_capabilities": ("chown", '<chown state="off" />'),
    "num_ttys": (2, 'port="5"'),
}

ELSEWHERE: Final = {
    "kvm": {
        "kvm_flag": "test_kvm",
        "migration_bandwidth": "test_migration",
        "migration_caps": "test_migration",
        "migration_downtime": "the scenario of live migration in the lab",
        "migration_mode": "the tests of instance_migrate",
        "migration_port": "test_migration",
        "spice_ip_version": "test_kvm",
        "spice_password_file": "test_kvm, and `PasswordTests`",
        "user_shutdown": "the tests of an instance's status",
        "vnc_password_file": "test_kvm, and `PasswordTests`",
    },
    "lxc": {"startup_timeout": "nowhere: libvirt itself tells whether a container has started"},
}
"""Where the other parameters are seen."""


def xml(given: Mapping[str, Any]) -> str:
    """Return the domain of a QEMU guest with two processors and parameters *given*."""
    return kvm.domain(kvm_guest(vcpus=2, **given), Place("kvm"))


class EffectTests(SynchronousTestCase):
    """Where parameters are seen."""

    def test_every_parameter(self) -> None:
        """Each parameter of the interface table has its effect here or elsewhere, or is refused."""
        for name, here in (("kvm", set(KVM)), ("lxc", set(LXC))):
            known = set(spec.load("constants")["hypervisors"][name]["parameters"])
            refused = {one.name for one in REFUSED[name]}
            self.assertEqual(here | set(ELSEWHERE[name]) | refused, known)
            self.assertEqual(here & set(ELSEWHERE[name]), set())

    def test_kvm(self) -> None:
        """A parameter's value makes a difference to the guest."""
        for name, (needed, value, shown) in KVM.items():
            before, after = xml(needed), xml({**needed, name: value})
            self.assertNotEqual(shown in before, shown in after, name)

    def test_lxc(self) -> None:
        """A parameter's value makes a difference to the container."""
        for name, (value, shown) in LXC.items():
            before, after = lxc.domain(lxc_guest()), lxc.domain(lxc_guest(**{name: value}))
            self.assertNotEqual(shown in before, shown in after, name)

    def test_refused(self) -> None:
        """What libvirt can't do is refused by the parameter's name, with the reason."""
        values: Mapping[str, Any] = {
            "cdrom_disk_type": "sd", "disk_type": "mtd", "security_model": "pool",
            "spice_tls_ciphers": "LOW", "use_chroot": True, "vnc_tls": True,
            "vnc_x509_path": "/etc/ssl", "vnc_x509_verify": True, "vnet_hdr": False,
            "devices": "c 1:3 rw", "extra_cgroups": "freezer", "extra_config": "lxc.a=b",
        }  # fmt: skip
        filled = {"kvm": kvm_guest().hvparams, "lxc": lxc_guest().hvparams}
        for hypervisor, refusals in REFUSED.items():
            for one in refusals:
                given = {**filled[hypervisor], one.name: values[one.name]}
                error = self.assertRaises(
                    errors.OpPrereqError, hv_checks.require_usable, hypervisor, given
                )
                self.assertIn(f"{hypervisor}:{one.name} can't be", error.message)
                self.assertIn(one.reason, error.message)


class PasswordTests(SynchronousTestCase):
    """Passwords of graphical consoles."""

    def test_passwords(self) -> None:
        """Each console has its own password."""
        place = Place("kvm", passwords=Passwords(vnc="one", spice="two"))
        self.assertIn('passwd="one"', kvm.domain(kvm_guest(**VNC), place))
        self.assertIn('passwd="two"', kvm.domain(kvm_guest(**SPICE), place))

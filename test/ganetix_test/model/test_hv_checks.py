"""Hypervisor parameters that depend on each other, and values that are refused."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.model import hv_checks, hv_refused, schema
from ganetix.model.hypervisors import HYPERVISORS, KVM


def kvm(**given: Any) -> dict[str, Any]:
    """Return filled parameters of kvm."""
    return {**schema.defaults(KVM), **given}


class CheckTests(SynchronousTestCase):
    """What is said about parameters without asking a node."""

    def refused(self, hypervisor: str, name: str, **given: Any) -> str:
        """Return the sentence that refuses *given*, which names parameter *name*."""
        filled = {**schema.defaults(HYPERVISORS[hypervisor]), **given}
        error = self.assertRaises(
            errors.OpPrereqError, hv_checks.require_usable, hypervisor, filled
        )
        self.assertIn(f"{hypervisor}:{name} can't be", error.message)
        self.assertEqual(error.kind, errors.INVAL)
        return str(error.message)

    def test_defaults(self) -> None:
        """The defaults of every hypervisor are fine."""
        for name, known in HYPERVISORS.items():
            hv_checks.require_usable(name, schema.defaults(known), 1)

    def test_refusals(self) -> None:
        """Each value that libvirt has no way for is refused by name, with the reason."""
        for hypervisor, rows in hv_refused.REFUSED.items():
            for row in rows:
                bad = {
                    "use_chroot": True, "vnc_tls": True, "vnc_x509_verify": True, "vnet_hdr": False,
                    "vnc_x509_path": "/etc/x", "disk_type": "sd", "cdrom_disk_type": "mtd",
                    "security_model": "pool",
                }.get(row.name, "something")  # fmt: skip
                self.assertIn(row.reason, self.refused(hypervisor, row.name, **{row.name: bad}))

    def test_cross_checks(self) -> None:
        """Each rule between parameters holds, and the sentence names the one to change."""
        rows: list[tuple[str, dict[str, Any]]] = [
            ("boot_order", {"boot_order": "cdrom"}),
            ("cdrom_image_path", {"cdrom_image_path": "debian.iso"}),
            ("cpu_mask", {"cpu_mask": "0:x"}),
            ("cpu_type", {"cpu_type": "host,vmx"}),
            ("disk_aio", {"disk_aio": "native"}),
            ("root_path", {"root_path": ""}),
            ("initrd_path", {"kernel_path": "", "initrd_path": "/boot/initrd"}),
            ("kvm_extra", {"kvm_extra": "-device 'x"}),
            ("migration_caps", {"migration_caps": "xbzrle:rdma-pin-all"}),
            ("security_domain", {"security_model": "user"}),
            ("security_domain", {"security_domain": "nobody"}),
            ("serial_speed", {"serial_speed": 12345}),
            ("soundhw", {"soundhw": "ac97,gus"}),
            ("spice_bind", {"spice_use_tls": True}),
            ("spice_bind", {"spice_bind": "::1", "spice_ip_version": 4}),
            ("spice_bind", {"spice_bind": "::1", "vnc_bind_address": "::1"}),
            ("spice_bind", {"spice_bind": "a b"}),
            ("usb_devices", {"usb_devices": "tablet,disk"}),
            ("vga", {"vga": "hercules"}),
            ("vnc_bind_address", {"vnc_bind_address": "a b"}),
        ]
        for name, given in rows:
            self.refused("kvm", name, **given)
        self.refused("lxc", "drop_capabilities", drop_capabilities="sys_everything")

    def test_good_values(self) -> None:
        """What the rules allow passes."""
        for given in (
            {"disk_aio": "native", "disk_cache": "none"},
            {"spice_bind": "eth0", "spice_use_tls": True},
            {"security_model": "user", "security_domain": "nobody"},
            {"usb_devices": "tablet,host:1d6b:2", "vnc_bind_address": "/run/vnc"},
        ):
            hv_checks.require_usable("kvm", kvm(**given), 1)

    def test_topology(self) -> None:
        """What is not said of sockets, cores and threads takes the rest; the product must fit."""
        self.assertIsNone(hv_checks.topology(kvm(), 4))
        self.assertEqual(hv_checks.topology(kvm(cpu_cores=2), 4), (2, 2, 1))
        self.assertEqual(hv_checks.topology(kvm(cpu_sockets=1, cpu_threads=2), 4), (1, 2, 2))
        for given in ({"cpu_cores": 3}, {"cpu_sockets": 2, "cpu_cores": 2, "cpu_threads": 2}):
            with self.assertRaisesRegex(errors.OpPrereqError, "don't make 4 virtual processors"):
                hv_checks.require_usable("kvm", kvm(**given), 4)

    def test_masks_fit_processors(self) -> None:
        """A mask for each virtual processor means as many masks."""
        hv_checks.require_usable("kvm", kvm(cpu_mask="0:1"), 2)
        with self.assertRaisesRegex(errors.OpPrereqError, "2 entries"):
            hv_checks.require_usable("kvm", kvm(cpu_mask="0:1"), 3)

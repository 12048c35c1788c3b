"""Domain XML: as kept in ``golden``, and as libvirt's own schema wants it.

After a change that is meant, ``python -m ganetix_test.hypervisor.test_domains`` writes the files
anew; look at what changed.
"""

import pathlib
import shutil
import subprocess
import unittest
from typing import Final

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.hypervisor.interface import GuestDisk
from ganetix.hypervisor.kvm import domain as kvm
from ganetix.hypervisor.libvirt import elements
from ganetix.hypervisor.lxc import domain as lxc
from ganetix_test.hypervisor.guests import (
    KVM_GUESTS,
    LOGICAL_VOLUME,
    LXC_GUESTS,
    NIC,
    kvm_guest,
    lxc_guest,
)

GOLDEN: Final = pathlib.Path(__file__).parent / "golden"
SCHEMA: Final = pathlib.Path("/usr/share/libvirt/schemas/domain.rng")


def domains() -> dict[str, str]:
    """Return the XML of every guest, by the name of its file."""
    made = {name: kvm.domain(guest, place) for name, (guest, place) in KVM_GUESTS.items()}
    return made | {name: lxc.domain(guest) for name, guest in LXC_GUESTS.items()}


class GoldenTests(SynchronousTestCase):
    """What is written for a guest."""

    def test_golden(self) -> None:
        """Each guest's XML is exactly what its file has, and no file is without a guest."""
        made = domains()
        self.assertEqual({path.stem for path in GOLDEN.glob("*.xml")}, set(made))
        for name, text in made.items():
            self.assertEqual(text, (GOLDEN / f"{name}.xml").read_text("utf-8"), name)

    def test_schema(self) -> None:
        """Libvirt's schema takes the XML of every guest."""
        program = shutil.which("xmllint")
        if program is None or not SCHEMA.exists():
            raise unittest.SkipTest("xmllint and libvirt's schemas are not installed here")
        files = [str(path) for path in sorted(GOLDEN.glob("*.xml"))]
        command = [program, "--noout", "--relaxng", str(SCHEMA), *files]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_passwords_are_hidden(self) -> None:
        """A password is in the XML, and in no text that a log could show."""
        guest, place = KVM_GUESTS["vnc"]
        self.assertIn('passwd="hidden"', kvm.domain(guest, place))
        self.assertNotIn("hidden", repr(place))

    def test_container_needs_a_disk(self) -> None:
        """A container without a root file system is refused by name."""
        with self.assertRaisesRegex(errors.HypervisorError, "ct1.example.com has no disk"):
            lxc.domain(lxc_guest(disks=()))

    def test_interface_names_fit(self) -> None:
        """The host's end of a NIC has the same name everywhere, as short as the kernel wants."""
        name = elements.interface_name(kvm_guest(), 0)
        self.assertEqual(name, "tap-a0000123456")
        self.assertLessEqual(len(name), elements.MAX_INTERFACE)

    def test_free_name(self) -> None:
        """A disk that is added gets the first name that no disk of the running guest has."""
        disk = '<disk type="block"><target dev="vdb" bus="virtio" /></disk>'
        for used, name in (("vda", "vdb"), ("vdb", "vda"), ("vda vdb", "vdc")):
            rows = "".join(f'<disk><target dev="{one}"/></disk>' for one in used.split())
            running = f"<domain><devices>{rows}</devices></domain>"
            self.assertIn(f'dev="{name}"', elements.with_free_name(disk, running))
        nic = '<interface><target dev="tap-1" /></interface>'
        self.assertEqual(elements.with_free_name(nic, "<domain />"), nic)

    def test_disks_that_moved_up(self) -> None:
        """A disk whose number has changed is told where it is now; all else stays as it is."""
        one, two = (
            GuestDisk(f"/run/vm1:{number}", uuid=f"u{number}", template=kind)
            for number, kind in ((0, "plain"), (1, "file"))
        )
        started = kvm.domain(kvm_guest(disks=(LOGICAL_VOLUME, one, two)), kvm.Place("kvm"))
        running = started.replace("/run/vm1:1", "/run/vm1:2").replace("/run/vm1:0", "/run/vm1:1")
        told = elements.with_disks_of(kvm_guest(disks=(one, two)), running)
        self.assertEqual(told, started)

    def test_access_ports(self) -> None:
        """A NIC on Open vSwitch with one VLAN is an access port of it."""
        nic = {**NIC, "mode": "openvswitch", "vlan": ".7"}
        text = kvm.domain(kvm_guest(nics=(nic,)), kvm.Place("kvm"))
        self.assertIn('<tag id="7" />', text)
        self.assertNotIn("trunk", text)


if __name__ == "__main__":
    for file_name, written in domains().items():
        (GOLDEN / f"{file_name}.xml").write_text(written, "utf-8")

"""QEMU guests: what they need of the node, and whether KVM works."""

import os
from collections.abc import Callable
from typing import Any, ClassVar, Final, TypeVar

from twisted.internet.task import Clock as FakeTime

from ganetix.errors import HypervisorError
from ganetix.hypervisor.kvm import capabilities, trial
from ganetix.hypervisor.kvm.kind import DEVICE, MOUNTS, QemuKind
from ganetix.hypervisor.libvirt.link import Link
from ganetix.hypervisor.libvirt.threads import EventLoop
from ganetix.paths import Paths
from ganetix.process.command import Command, Result
from ganetix.testing.cases import AwaitingTestCase
from ganetix.testing.libvirts import inline_threads
from ganetix.testing.processes import FakeRunner
from ganetix.testing.workers import InlineWorker
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.files import FileSystem
from ganetix_test.hypervisor.guests import kvm_guest
from ganetix_test.node.made import ending

T = TypeVar("T")
QEMU: Final = "/usr/bin/qemu-system-x86_64"
CAPABILITIES: Final = f"""
<capabilities>
  <guest><os_type>hvm</os_type><arch name='i686'><emulator>/usr/bin/qemu-system-i386</emulator>
  </arch></guest>
  <guest><os_type>hvm</os_type><arch name='x86_64'><emulator>{QEMU}</emulator>
    <machine canonical='pc-i440fx-7.2' maxCpus='255'>pc</machine>
    <machine maxCpus='288'>pc-q35-5.2</machine></arch></guest>
</capabilities>
"""
FIRMWARE: Final = """
<domainCapabilities><os supported='yes'><enum name='firmware'><value>{}</value></enum></os>
</domainCapabilities>
"""
ADDRESSES: Final = b"""
[{"ifname": "br0", "addr_info": [
  {"family": "inet6", "local": "fe80::1", "scope": "link"},
  {"family": "inet6", "local": "2001:db8::1", "scope": "global"},
  {"family": "inet", "local": "192.0.2.1", "scope": "global"}]}]
"""


class Host:
    """A libvirt connection that only says what it can do: KVM, UEFI."""

    def __init__(self, firmware: str) -> None:
        self.firmware = firmware

    def getCapabilities(self) -> str:
        """See libvirt."""
        return CAPABILITIES

    def getDomainCapabilities(self, *_: object) -> str:
        """See libvirt."""
        return FIRMWARE.format(self.firmware)


class SaidLink(Link):
    """A link to a libvirt daemon that has no guests."""

    firmware = "efi"

    async def run(self, call: Callable[[Any], T]) -> T:
        """See `Link`."""
        return call(Host(self.firmware))


class Machine(FileSystem):
    """Real files, but for those of the kernel and of /etc."""

    devices: ClassVar[set[str]] = set()

    def exists(self, path: str) -> bool:
        """Whether this machine has *path*."""
        return path in self.devices if path == DEVICE else super().exists(path)

    def read(self, path: str) -> bytes:
        """What is in *path*."""
        known = {MOUNTS: b"none /dev/hugepages hugetlbfs rw 0 0\n", "/etc/passwd": b"nobody:x:\n"}
        return known[path] if path in known else super().read(path)


class PureTests(AwaitingTestCase):
    """What is built and read."""

    def test_trial(self) -> None:
        """The trial's disk is one boot sector."""
        self.assertEqual((len(trial.disk()), trial.disk()[-2:]), (512, b"\x55\xaa"))

    def test_emulator(self) -> None:
        """The QEMU for x86-64 is found with the names of its machines."""
        found = capabilities.emulator(CAPABILITIES)
        machines = frozenset({"pc", "pc-i440fx-7.2", "pc-q35-5.2"})
        self.assertEqual(found, capabilities.Emulator(QEMU, machines))
        self.assertIsNone(capabilities.emulator("<capabilities/>"))

    def test_addresses(self) -> None:
        """An interface's addresses are found by family, without those of the link."""
        self.assertEqual(capabilities.addresses(ADDRESSES, None), ["2001:db8::1", "192.0.2.1"])
        self.assertEqual(capabilities.addresses(ADDRESSES, "inet"), ["192.0.2.1"])


class KindTests(AwaitingTestCase):
    """A node with libvirt and QEMU."""

    def setUp(self) -> None:
        """Make one on which KVM works."""
        clock = Clock(FakeTime(), lambda: 0.0)
        self.runner = FakeRunner(clock, {QEMU: ending(trial.STATUS)})
        self.files = Machine()
        self.files.devices.add(DEVICE)
        threads = inline_threads()
        self.link = SaidLink("test", clock, threads, EventLoop(threads))
        paths = Paths(os.path.abspath(self.mktemp()), "node1.example.com")
        worker = InlineWorker()
        self.kind = QemuKind(paths, self.files, worker, self.runner, self.link)

    def lacking(self, **hvparams: Any) -> str:
        """Return the sentence that refuses *hvparams*."""
        error = self.refusal(self.kind.validate(kvm_guest(**hvparams).hvparams), HypervisorError)
        self.assertIn("on node node1.example.com", error.message)
        return error.message

    def test_kvm(self) -> None:
        """Where the trial succeeds guests run with KVM; it is made once."""
        for _ in range(2):
            text = self.awaited(self.kind.domain(kvm_guest()))
            self.assertIn('<domain type="kvm">', text)
        self.assertEqual(len(self.runner.ran), 1)
        self.assertEqual(self.awaited(self.kind.describe()), "QEMU with KVM. KVM works.")

    def test_no_device(self) -> None:
        """Without the kernel's KVM guests run in software, and the node says why."""
        self.files.devices.clear()
        self.assertIn('<domain type="qemu">', self.awaited(self.kind.domain(kvm_guest())))
        told = self.awaited(self.kind.describe())
        self.assertRegex(told, "^QEMU in software. There is no /dev/kvm")

    def test_hanging_trial(self) -> None:
        """A KVM in which a trial guest hangs is not used; who insists on it is refused."""

        async def hanging(command: Command) -> Result:
            return Result(command, -15, ended="timeout")

        self.runner.programs[QEMU] = hanging
        self.assertIn("did not boot within 3 seconds", self.awaited(self.kind.describe()))
        self.assertIn("kvm:kvm_flag is 'enabled'", self.lacking(kvm_flag="enabled"))
        text = self.awaited(self.kind.domain(kvm_guest(kvm_flag="")))
        self.assertIn('<domain type="qemu">', text)

    def test_asked_for_software(self) -> None:
        """With kvm_flag=disabled nothing is tried."""
        text = self.awaited(self.kind.domain(kvm_guest(kvm_flag="disabled")))
        self.assertIn('<domain type="qemu">', text)
        self.assertEqual(self.runner.ran, [])

    def test_missing_things(self) -> None:
        """What parameters name and the node lacks is refused, naming parameter, thing and node."""
        for name in ("kernel_path", "cdrom_image_path", "vnc_password_file"):
            self.assertIn(f"kvm:{name} names /no/where", self.lacking(**{name: "/no/where"}))
        self.assertIn("names pc-9, which", self.lacking(machine_version="pc-9"))
        self.assertIn("which is no program", self.lacking(kvm_path="/no/qemu"))
        self.assertIn("no hugetlbfs", self.lacking(mem_path="/mnt"))
        self.assertIn("no account", self.lacking(security_model="user", security_domain="who"))
        self.assertIn("names /no/bios", self.lacking(kvm_extra="-bios /no/bios"))
        self.link.firmware = "bios"
        self.assertIn("UEFI firmware", self.lacking(kvm_extra="-bios uefi"))

    def test_things_that_are_there(self) -> None:
        """What the node has is accepted."""
        guest = kvm_guest(
            machine_version="pc-q35-5.2", mem_path="/dev/hugepages", kvm_extra="-bios uefi",
            security_model="user", security_domain="nobody",
        )  # fmt: skip
        self.awaited(self.kind.validate(guest.hvparams))

    def test_console_on_an_interface(self) -> None:
        """A console that is bound to an interface gets the address that this has on the node."""
        self.runner.programs["/sbin/ip"] = ending(0, ADDRESSES)
        text = self.awaited(self.kind.domain(kvm_guest(spice_bind="br0", spice_ip_version=4)))
        self.assertIn('address="192.0.2.1"', text)
        self.runner.programs["/sbin/ip"] = ending(1)
        guest = kvm_guest(vnc_bind_address="br0")
        error = self.refusal(self.kind.domain(guest), HypervisorError)
        self.assertIn("names interface br0, which has no such address", error.message)

    def test_password(self) -> None:
        """A console's password is the first line of its file."""
        path = os.path.abspath(self.mktemp())
        with open(path, "w", encoding="utf-8") as file:
            file.write("secret\nmore\n")
        guest = kvm_guest(vnc_bind_address="127.0.0.1", vnc_password_file=path)
        self.assertIn('passwd="secret"', self.awaited(self.kind.domain(guest)))

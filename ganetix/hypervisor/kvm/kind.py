"""QEMU guests on this node: what they need of it, and how they run here."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import attrs
from twisted.logger import Logger

from ganetix.errors import CommandError, HypervisorError
from ganetix.hypervisor.interface import DeviceKind, Guest
from ganetix.hypervisor.kvm import capabilities, devices, domain, trial
from ganetix.hypervisor.kvm.capabilities import Emulator
from ganetix.hypervisor.kvm.domain import Passwords, Place
from ganetix.hypervisor.libvirt import domains
from ganetix.hypervisor.libvirt.elements import text_of
from ganetix.hypervisor.libvirt.library import require
from ganetix.hypervisor.libvirt.link import Link
from ganetix.ids import valid_ip
from ganetix.model import hv_checks
from ganetix.paths import Paths
from ganetix.process.command import Command, ProcessRunner
from ganetix.toolkit.interfaces import IFileSystem, IWorker

IP: Final = "/sbin/ip"
DEVICE: Final = "/dev/kvm"
MOUNTS: Final = "/proc/mounts"
ACCOUNTS: Final = "/etc/passwd"
_FILES: Final = (
    "kernel_path", "initrd_path", "cdrom_image_path", "cdrom2_image_path", "floppy_image_path",
    "vnc_password_file", "spice_password_file",
)  # fmt: skip
"""Parameters that name a file of the node."""


@attrs.frozen
class Acceleration:
    """How guests run: by *accelerator*; *why* is a sentence about KVM."""

    accelerator: Literal["kvm", "qemu"]
    why: str


@attrs.define(eq=False)
class QemuKind:
    """Guests of QEMU. Whether KVM works is found out once."""

    paths: Paths
    files: IFileSystem
    worker: IWorker
    processes: ProcessRunner
    link: Link
    name: str = "kvm"
    log: Logger = attrs.field(factory=Logger)
    _found: Acceleration | None = attrs.field(default=None, init=False)
    _emulator: Emulator | None = attrs.field(default=None, init=False)

    async def domain(self, guest: Guest) -> str:
        """See `Kind`."""
        hv = guest.hvparams
        hv_checks.require_usable("kvm", hv, guest.vcpus)
        await self.validate(hv)
        await self.prepare()
        passwords = Passwords(
            await self._password(hv["vnc_password_file"]),
            await self._password(hv["spice_password_file"]),
        )
        place = Place(
            (await self._acceleration(hv)).accelerator,
            f"{self._log_dir}/{guest.name}.log",
            passwords,
            await self._addresses(hv),
        )
        return domain.domain(guest, place)

    async def prepare(self) -> None:
        """See `Kind`: what serial consoles say is kept."""
        await self.worker.run(self.files.make_dirs, self._log_dir, 0o750)

    @property
    def _log_dir(self) -> str:
        return f"{self.paths.log_dir}/kvm"

    async def validate(self, hvparams: Mapping[str, Any]) -> None:
        """See `Kind`."""
        for name in _FILES:
            path = str(hvparams[name])
            if path.startswith("/") and not await self.worker.run(self.files.exists, path):
                raise self._lacks(name, path, "which does not exist")
        await self._check_machine(hvparams)
        await self._check_firmware(hvparams)
        await self._check_pages(hvparams)
        await self._check_account(hvparams)
        if hvparams["kvm_flag"] == "enabled":
            await self._acceleration(hvparams)

    async def describe(self) -> str:
        """See `Kind`."""
        found = await self._acceleration({"kvm_flag": ""})
        how = "with KVM" if found.accelerator == "kvm" else "in software"
        return f"QEMU {how}. {found.why}"

    def device(self, guest: Guest, kind: DeviceKind, index: int) -> str:
        """See `Kind`."""
        return text_of(devices.added(guest, kind, index, domain.is_q35(guest)))

    def shutdown(self, connection: Any, name: str) -> None:
        """See `Kind`: by the guest's agent where it has one, else by the power button."""
        domains.shutdown(connection, name)

    def reboot(self, connection: Any, guest: Guest) -> None:
        """See `Kind`: by the guest's agent where it has one that answers, else by a reset."""
        library = require()
        if guest.hvparams["use_guest_agent"]:
            try:
                domain = connection.lookupByName(guest.name)
                domain.reboot(library.VIR_DOMAIN_REBOOT_GUEST_AGENT)
                return
            except library.libvirtError as error:
                self.log.info("{name}: {error}", name=guest.name, error=str(error))
        domains.reset(connection, guest.name)

    async def _check_machine(self, hv: Mapping[str, Any]) -> None:
        path = str(hv["kvm_path"])
        if path != domain.DEFAULT_KVM_PATH and not await self.worker.run(
            self.files.executable, path
        ):
            raise self._lacks("kvm_path", path, "which is no program")
        machine = str(hv["machine_version"])
        found = await self._qemu()
        if machine and machine not in found.machines:
            raise self._lacks("machine_version", machine, f"which {found.path} does not have")

    async def _check_firmware(self, hv: Mapping[str, Any]) -> None:
        bios, _ = domain.extra_words(hv)
        if bios != domain.UEFI:
            if bios and not await self.worker.run(self.files.exists, bios):
                raise self._lacks("kvm_extra", bios, "which does not exist")
            return
        path, machine = (await self._qemu()).path, str(hv["machine_version"] or "pc")
        text = await self.link.run(
            lambda connection: connection.getDomainCapabilities(path, "x86_64", machine, "qemu", 0)
        )
        if "efi" not in capabilities.firmwares(text):
            raise self._lacks("kvm_extra", "UEFI firmware", "which libvirt does not find")

    async def _addresses(self, hv: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        """Return the address of the interface that the console is bound to, if it is one."""
        name = str(hv["spice_bind"] or hv["vnc_bind_address"])
        if not name or name.startswith("/") or valid_ip(name):
            return ()
        command = Command((IP, "-json", "address", "show", "dev", name))
        result = await self.processes.run(command)
        family = {4: "inet", 6: "inet6"}.get(int(hv["spice_ip_version"]))
        found = capabilities.addresses(result.stdout, family) if result.ok else []
        if not found:
            parameter = "spice_bind" if hv["spice_bind"] else "vnc_bind_address"
            raise self._lacks(parameter, f"interface {name}", "which has no such address")
        return ((name, found[0]),)

    async def _check_pages(self, hv: Mapping[str, Any]) -> None:
        if not hv["mem_path"]:
            return
        mounts: bytes = await self.worker.run(self.files.read, MOUNTS)
        rows = (line.split() for line in mounts.decode().splitlines())
        if not any(row[1:3] == [hv["mem_path"], "hugetlbfs"] for row in rows):
            raise self._lacks("mem_path", str(hv["mem_path"]), "where no hugetlbfs is mounted")

    async def _check_account(self, hv: Mapping[str, Any]) -> None:
        account = str(hv["security_domain"])
        if not account:
            return
        rows: bytes = await self.worker.run(self.files.read, ACCOUNTS)
        if not any(line.startswith(f"{account}:") for line in rows.decode().splitlines()):
            raise self._lacks("security_domain", account, "which is no account")

    def _lacks(self, name: str, value: str, why: str) -> HypervisorError:
        return HypervisorError(
            f"Hypervisor parameter kvm:{name} names {value}, {why} on node {self.paths.hostname}."
        )

    async def _password(self, path: str) -> str:
        if not path:
            return ""
        data: bytes = await self.worker.run(self.files.read, path)
        return data.decode().splitlines()[0].strip() if data.strip() else ""

    async def _qemu(self) -> Emulator:
        if self._emulator is None:
            text = await self.link.run(lambda connection: connection.getCapabilities())
            self._emulator = capabilities.emulator(text)
        if self._emulator is None:
            raise HypervisorError(
                f"Node {self.paths.hostname} has no QEMU for x86-64; on Debian 'apt-get install "
                "qemu-system-x86' brings it."
            )
        return self._emulator

    async def _acceleration(self, hv: Mapping[str, Any]) -> Acceleration:
        """Return how a guest with *hv* runs; raise if it insists on KVM that does not work."""
        if hv["kvm_flag"] == "disabled":
            return Acceleration("qemu", "The parameter kvm_flag asks for it.")
        if self._found is None:
            why = await self._broken()
            self._found = Acceleration("qemu" if why else "kvm", why or "KVM works.")
            self.log.info("QEMU guests run with {how}. {why}", how=self._found.accelerator,
                          why=self._found.why)  # fmt: skip
        if hv["kvm_flag"] == "enabled" and self._found.accelerator != "kvm":
            raise HypervisorError(
                f"Hypervisor parameter kvm:kvm_flag is 'enabled', and on node "
                f"{self.paths.hostname} KVM does not work: {self._found.why}"
            )
        return self._found

    async def _broken(self) -> str:
        """Say why KVM does not work, or nothing."""
        if not await self.worker.run(self.files.exists, DEVICE):
            return f"There is no {DEVICE}: KVM's module is not loaded, or the machine has none."
        path = (await self._qemu()).path
        offered = await self.link.run(lambda connection: _offers_kvm(connection, path))
        if offered:
            return f"libvirt does not offer it: {offered}."
        return await self._trial(path)

    async def _trial(self, emulator: str) -> str:
        directory = f"{self.paths.run_dir}/kvm-hypervisor"
        image = f"{directory}/trial.img"
        await self.worker.run(self.files.make_dirs, directory, 0o755)
        await self.worker.run(self.files.replace, image, trial.disk(), 0o600, False)
        try:
            result = await self.processes.run(trial.command(emulator, image))
        except CommandError as error:
            return error.message
        finally:
            await self.worker.run(self.files.remove, image)
        if result.status == trial.STATUS:
            return ""
        if result.ended:
            return (
                f"{DEVICE} is there, but a trial guest did not boot within {trial.SECONDS:g} "
                "seconds."
            )
        return f"{DEVICE} is there, but a trial guest failed. {result.sentence()}"


def _offers_kvm(connection: Any, emulator: str) -> str:
    """Return why libvirt's driver has no KVM with *emulator*, or nothing."""
    try:
        connection.getDomainCapabilities(emulator, "x86_64", None, "kvm", 0)
    except require().libvirtError as error:
        return str(error)
    return ""

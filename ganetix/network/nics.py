"""The host's end of NICs that the node sets up itself, with the scripts of the reference.

A NIC of mode ext, and any NIC where an administrator has put ``/etc/ganeti/kvm-vif-bridge``, is set
up by that script alone. A routed one gets a route otherwise. ``/etc/ganeti/kvm-ifdown-custom``, if
there, runs when the guest is gone.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from ganetix import errors
from ganetix.paths import Paths
from ganetix.process.command import Command, ProcessRunner
from ganetix.toolkit.interfaces import IFileSystem, IWorker

IP: Final = "/sbin/ip"
PATH: Final = "/sbin:/bin:/usr/sbin:/usr/bin"
TIMEOUT: Final = 60.0
_PLAIN: Final = (("ip", "IP"), ("name", "INTERFACE_NAME"), ("link", "LINK"), ("vlan", "VLAN"))
_NETWORK: Final = (
    "name", "uuid", "tags", "subnet", "gateway", "subnet6", "gateway6", "mac_prefix",
)  # fmt: skip


@attrs.frozen
class HostEnd:
    """The host's end of NIC *index* of an instance: the device *interface*."""

    instance: str
    tags: tuple[str, ...]
    index: int
    nic: Mapping[str, Any]
    interface: str


def environment(end: HostEnd) -> dict[str, str]:
    """Return what scripts get to know of a NIC, by the reference's names. Pure."""
    nic = end.nic
    env = {
        "PATH": PATH,
        "INSTANCE": end.instance,
        "TAGS": " ".join(end.tags),
        "INTERFACE": end.interface,
        "INTERFACE_INDEX": str(end.index),
        "INTERFACE_UUID": str(nic.get("uuid") or ""),
        "MAC": str(nic["mac"]),
        "MODE": str(nic["mode"]),
    }
    env |= {name: str(nic[key]) for key, name in _PLAIN if nic.get(key)}
    if nic["mode"] == "bridged":
        env["BRIDGE"] = str(nic["link"])
    for key in _NETWORK:
        value = nic.get(f"network_{key}")
        if value:
            env[f"NETWORK_{key.upper()}"] = " ".join(value) if key == "tags" else str(value)
    return env


def routing(end: HostEnd) -> list[tuple[str, ...]]:
    """Return the commands that bring a routed NIC up: its link is the routing table, if any."""
    address, table = str(end.nic["ip"]), str(end.nic.get("link") or "main")
    family = "-6" if ":" in address else "-4"
    return [
        (IP, "link", "set", "dev", end.interface, "up"),
        (IP, family, "route", "replace", address, "dev", end.interface, "table", table),
    ]


@attrs.frozen
class NicScripts:
    """Brings NICs up and down on this node."""

    paths: Paths
    files: IFileSystem
    worker: IWorker
    processes: ProcessRunner

    @property
    def up_script(self) -> str:
        """The administrator's own script for bringing NICs up."""
        return self.paths.at("/etc/ganeti/kvm-vif-bridge")

    @property
    def down_script(self) -> str:
        """The administrator's own script for NICs of guests that are gone."""
        return self.paths.at("/etc/ganeti/kvm-ifdown-custom")

    async def are_own(self) -> bool:
        """Whether an administrator's script brings all NICs up."""
        found: bool = await self.worker.run(self.files.executable, self.up_script)
        return found

    async def up(self, ends: Sequence[HostEnd]) -> None:
        """Bring *ends* up; raise `errors.HypervisorError` for the first that does not come up."""
        own = await self.are_own()
        for end in ends:
            await self.worker.run(self._thd_note, end)
            if own:
                await self._run(end, (self.up_script,))
                continue
            for argv in routing(end) if end.nic["mode"] == "routed" else ():
                await self._run(end, argv)

    async def down(self, instance: str) -> None:
        """Run the script for each NIC that *instance* had; what fails is told and changes nothing.

        The devices themselves go with the guest.
        """
        known: list[dict[str, str]] = await self.worker.run(self._thd_forget, instance)
        if known and await self.worker.run(self.files.executable, self.down_script):
            for env in known:
                await self.processes.run(Command((self.down_script,), env=env, timeout=TIMEOUT))

    async def _run(self, end: HostEnd, argv: tuple[str, ...]) -> None:
        try:
            result = await self.processes.run(Command(argv, env=environment(end), timeout=TIMEOUT))
            result.check()
        except errors.CommandError as error:
            raise errors.HypervisorError(
                f"NIC {end.index} of instance {end.instance} does not come up on "
                f"{self.paths.hostname}. {error.message}"
            ) from error

    def _directory(self, instance: str) -> str:
        return f"{self.paths.run_dir}/kvm-hypervisor/nic/{instance}"

    def _thd_note(self, end: HostEnd) -> None:
        directory = self._directory(end.instance)
        self.files.make_dirs(directory, 0o755)
        self.files.replace(f"{directory}/{end.index}", end.interface.encode(), 0o644, False)
        env = json.dumps(environment(end)).encode()
        self.files.replace(f"{directory}/{end.index}.environment", env, 0o644, False)

    def _thd_forget(self, instance: str) -> list[dict[str, str]]:
        directory = self._directory(instance)
        names = [n for n in self.files.entries(directory) if n.endswith(".environment")]
        known = [json.loads(self.files.read(f"{directory}/{name}")) for name in names]
        self.files.remove_tree(directory)
        return known

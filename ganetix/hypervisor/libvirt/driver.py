"""Guests of one kind through libvirt."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

import attrs
from twisted.logger import Logger
from zope.interface import implementer

from ganetix.errors import HypervisorError
from ganetix.hypervisor import host
from ganetix.hypervisor.interface import (
    DeviceKind,
    Guest,
    GuestState,
    HostFigures,
    IHypervisor,
)
from ganetix.hypervisor.libvirt import domains, elements
from ganetix.hypervisor.libvirt.link import Link
from ganetix.hypervisor.libvirt.migration import Migrations
from ganetix.toolkit.interfaces import IFileSystem, IWorker

DETACH_LOOKS: Final = 60
DETACH_PAUSE: Final = 0.5
"""How often, and after how many seconds each, a guest is seen to have let a device go."""


class Kind(Protocol):
    """What is peculiar to one kind of guests."""

    @property
    def name(self) -> str:
        """The hypervisor's name."""

    async def domain(self, guest: Guest) -> str:
        """Return the XML of *guest*; raise `errors.HypervisorError` for what this node lacks."""

    async def prepare(self) -> None:
        """Make what this node needs before any guest comes."""

    async def validate(self, hvparams: Mapping[str, Any]) -> None:
        """Raise `errors.HypervisorError` for what *hvparams* name and this node lacks."""

    async def describe(self) -> str:
        """Say how guests run here."""

    def device(self, guest: Guest, kind: DeviceKind, index: int) -> str:
        """Return the XML of a disk or NIC for the running *guest*."""

    def shutdown(self, connection: Any, name: str) -> None:
        """Ask the guest to shut down; nothing if it does not run. Blocks."""

    def reboot(self, connection: Any, guest: Guest) -> None:
        """Boot the running guest anew from inside; blocks."""


@implementer(IHypervisor)
@attrs.define(eq=False)
class LibvirtHypervisor:
    """The guests of one *kind* on the node called *hostname*."""

    kind: Kind
    hostname: str
    link: Link
    files: IFileSystem
    worker: IWorker
    migrations: Migrations
    log: Logger = attrs.field(factory=Logger)
    _leaving: set[str] = attrs.field(factory=set, init=False)

    @property
    def name(self) -> str:
        """See `IHypervisor`."""
        return self.kind.name

    def listen(self, changed: Callable[[], None]) -> bool:
        """See `IHypervisor`: libvirt tells of every change."""
        self.link.listen(changed)
        return True

    async def close(self) -> None:
        """See `IHypervisor`."""
        await self.migrations.close()
        await self.link.close()

    async def create(self, guest: Guest, paused: bool) -> None:
        """See `IHypervisor`."""
        state = await self.lookup(guest.name)
        if state is not None and state.state != "shutdown":
            raise HypervisorError(f"Instance {guest.name} already runs on {self.hostname}.")
        text = await self.kind.domain(guest)

        def start(connection: Any) -> None:
            domains.start(connection, guest.name, text, paused)

        await self._aside(f"start {guest.name}", f"Instance {guest.name} does not start", start)

    async def resume(self, name: str) -> None:
        """See `IHypervisor`."""
        await self.link.run(lambda connection: domains.resume(connection, name))

    async def shutdown(self, name: str) -> None:
        """See `IHypervisor`."""
        await self.link.run(lambda connection: self.kind.shutdown(connection, name))

    async def destroy(self, name: str) -> None:
        """See `IHypervisor`."""
        await self._aside(
            f"destroy {name}",
            f"Instance {name} can't be stopped",
            lambda connection: domains.destroy(connection, name),
        )

    async def reboot(self, guest: Guest) -> None:
        """See `IHypervisor`."""
        await self._require_running(guest.name, "rebooted")
        await self._aside(
            f"reboot {guest.name}",
            f"Instance {guest.name} does not reboot",
            lambda connection: self.kind.reboot(connection, guest),
        )

    async def balloon(self, name: str, memory: int) -> None:
        """See `IHypervisor`."""
        await self._require_running(name, "given other memory")
        await self._aside(
            f"balloon {name}",
            f"Instance {name} does not get other memory",
            lambda connection: domains.balloon(connection, name, memory),
        )

    async def lookup(self, name: str) -> GuestState | None:
        """See `IHypervisor`."""
        leaving = name in self._leaving

        def look(connection: Any) -> GuestState | None:
            domain = domains.find(connection, name)
            return None if domain is None else domains.state_of(domain, leaving)

        return await self.link.run(look)

    async def all_domains(self) -> Sequence[GuestState]:
        """See `IHypervisor`."""
        leaving = frozenset(self._leaving)
        return await self.link.run(lambda connection: domains.all_states(connection, leaving))

    async def accept(self, guest: Guest, source: str) -> None:
        """See `IHypervisor`."""
        if await self.lookup(guest.name) is not None:
            raise HypervisorError(
                f"Instance {guest.name} already runs on {self.hostname}; it can't be received "
                f"from {source}."
            )
        await self.kind.validate(guest.hvparams)
        await self.kind.prepare()
        await self.migrations.expect(guest)

    async def migrate(self, guest: Guest, target: str, live: bool) -> str:
        """See `IHypervisor`."""
        await self._require_running(guest.name, f"migrated to {target}")
        self._leaving.add(guest.name)
        try:
            return await self.migrations.send(guest, target, live)
        finally:
            self._leaving.discard(guest.name)

    async def finish_incoming(self, guest: Guest, success: bool) -> None:
        """See `IHypervisor`."""
        await self.migrations.expected(guest.name)
        state = await self.lookup(guest.name)
        if not success:
            if state is not None and state.state == "running":
                raise HypervisorError(
                    f"Instance {guest.name} runs on {self.hostname}: its migration is done and not "
                    f"taken back. 'gnt-instance migrate --cleanup {guest.name}' notes that."
                )
            await self.destroy(guest.name)
        elif state is None:
            raise HypervisorError(
                f"Instance {guest.name} does not run on {self.hostname} after its migration."
            )
        else:
            await self.resume(guest.name)

    async def finish_outgoing(self, guest: Guest, success: bool) -> None:
        """See `IHypervisor`."""
        if success:
            await self.destroy(guest.name)
        else:
            await self.resume(guest.name)

    async def attach(self, guest: Guest, kind: DeviceKind, index: int) -> None:
        """See `IHypervisor`."""
        await self._require_running(guest.name, f"given a {kind}")
        text = self.kind.device(guest, kind, index)
        await self._aside(
            f"attach to {guest.name}",
            f"Instance {guest.name} does not take the {kind}",
            lambda connection: domains.attach(connection, guest.name, text),
        )

    async def detach(self, guest: Guest, kind: DeviceKind, index: int) -> None:
        """See `IHypervisor`."""
        await self._require_running(guest.name, f"relieved of a {kind}")
        alias = elements.alias(guest, kind, index)
        failed = f"Instance {guest.name} does not let the {kind} go"
        what = f"detach from {guest.name}"
        await self._aside(
            what, failed, lambda connection: domains.detach(connection, guest.name, alias)
        )
        for _ in range(DETACH_LOOKS):
            if not await self.link.run(
                lambda connection: domains.has(connection, guest.name, alias)
            ):
                return
            await self.link.clock.sleep(DETACH_PAUSE)
        seconds = DETACH_LOOKS * DETACH_PAUSE
        raise HypervisorError(
            f"{failed} on {self.hostname}: it was asked {seconds:g} seconds ago; a guest without "
            "an operating system that listens does not answer."
        )

    async def figures(self) -> HostFigures:
        """See `IHypervisor`: what the kernel has free, less what running guests may still take."""
        found: HostFigures = await self.worker.run(self._thd_figures)
        try:
            unused = await self.link.run(domains.unused_memory)
        except HypervisorError:
            # Without libvirt the kernel's figures are still true; `describe` says what is wrong.
            unused = 0
        return attrs.evolve(found, memory_free=max(found.memory_free - unused, 0))

    async def validate(self, hvparams: Mapping[str, Any]) -> None:
        """See `IHypervisor`."""
        await self.kind.validate(hvparams)

    async def describe(self) -> str:
        """See `IHypervisor`."""
        return self.link.trouble or await self.kind.describe()

    async def addresses(self, name: str) -> Mapping[str, Sequence[str]]:
        """See `IHypervisor`."""
        return await self.link.run(lambda connection: domains.addresses(connection, name))

    async def verify(self) -> str:
        """See `IHypervisor`."""
        try:
            await self.link.run(lambda connection: connection.getLibVersion())
        except HypervisorError as error:
            return error.message
        return ""

    async def _require_running(self, name: str, done: str) -> None:
        if await self.lookup(name) is None:
            raise HypervisorError(
                f"Instance {name} does not run on {self.hostname}; it can't be {done}."
            )

    async def _aside(self, what: str, failed: str, call: Callable[[Any], None]) -> None:
        try:
            await self.link.run_aside(what, call)
        except HypervisorError as error:
            raise HypervisorError(f"{failed} on {self.hostname}: {error.message}") from error

    def _thd_figures(self) -> HostFigures:
        return host.figures(
            self.files.read(host.MEMINFO).decode(), self.files.read(host.CPUINFO).decode()
        )

"""Instances on this node: start, stop, reboot, migrate, look."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

import attrs
import msgspec

from ganetix import errors
from ganetix.hypervisor import table
from ganetix.hypervisor.interface import Guest, GuestDisk, GuestState, IHypervisor
from ganetix.hypervisor.libvirt import elements
from ganetix.model.objects import Disk
from ganetix.network.nics import HostEnd, NicScripts
from ganetix.node.blockdev import Disks
from ganetix.paths import Paths
from ganetix.rpc.call import Done
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.guests import Balloon, Hotplug
from ganetix.rpc.tables.instances import (
    AllInstancesRequest,
    InstanceAccept,
    InstanceFinalize,
    InstanceList,
    InstanceMaybe,
    InstanceMigrate,
    InstanceQuery,
    InstanceReboot,
    InstanceShutdown,
    InstanceStart,
    InstanceState,
)
from ganetix.rpc.tables.spec import InstanceSpec
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.interfaces import IFileSystem, IWorker

POLL: Final = 1.0
"""Seconds between two looks at a guest that was asked to shut down."""


@attrs.frozen
class ReasonTrails:
    """Why an instance last changed its state, a file for each; read by the monitoring daemon."""

    paths: Paths
    files: IFileSystem
    worker: IWorker

    async def write(self, name: str, reason: list[Any]) -> None:
        """Keep *reason*, a reason trail, for the instance; nothing if there is none."""
        if reason:
            await self.worker.run(self._thd_write, name, msgspec.json.encode(reason))

    def _thd_write(self, name: str, data: bytes) -> None:
        directory = f"{self.paths.run_dir}/instance-reason"
        self.files.make_dirs(directory, 0o755)
        self.files.replace(f"{directory}/{name}", data, 0o644, False)


@attrs.frozen
class Instances:
    """The instance calls. *changed* is awaited before a call that changed an instance answers.

    So the master hears of the new state before it hears that the call is done.
    """

    clock: Clock
    drivers: Mapping[str, IHypervisor]
    disks: Disks
    nics: NicScripts
    reasons: ReasonTrails
    changed: Callable[[str], Awaitable[None]]

    async def running(self, hypervisors: Iterable[str]) -> list[InstanceState]:
        """Return the instances that *hypervisors* have here."""
        found: list[InstanceState] = []
        for name in hypervisors:
            found += map(told, await self._driver(name).all_domains())
        return found

    async def list_all(self, request: AllInstancesRequest, context: CallContext) -> InstanceList:
        """``all_instances_info``."""
        return InstanceList(await self.running(request.hypervisors))

    async def info(self, request: InstanceQuery, context: CallContext) -> InstanceMaybe:
        """``instance_info``."""
        state = await self._driver(request.hypervisor).lookup(request.name)
        return InstanceMaybe(None if state is None else told(state))

    async def start(self, request: InstanceStart, context: CallContext) -> Done:
        """``instance_start``; one that runs already is left alone."""
        name = request.spec.instance.name
        hypervisor = self._of(request.spec)
        state = await hypervisor.lookup(name)
        if state is not None and state.state != "shutdown":
            return Done(f"Instance {name} runs already.")
        await self._create(hypervisor, request.spec, request.paused)
        await self._happened(name, request.reason)
        return Done()

    async def shutdown(self, request: InstanceShutdown, context: CallContext) -> Done:
        """``instance_shutdown``; one that does not run is fine."""
        await self._stop(self._driver(request.hypervisor), request.name, request.timeout)
        await self._happened(request.name, request.reason)
        return Done()

    async def reboot(self, request: InstanceReboot, context: CallContext) -> Done:
        """``instance_reboot``: soft inside the same process, hard by stop and start."""
        name = request.spec.instance.name
        hypervisor = self._of(request.spec)
        if await hypervisor.lookup(name) is None:
            raise errors.HypervisorError(
                f"Instance {name} does not run; 'gnt-instance start {name}' starts it."
            )
        match request.kind:
            case "soft":
                await hypervisor.reboot(await self._guest(request.spec))
            case "hard":
                # What keeps it from starting again is found before it is stopped.
                await self._guest(request.spec)
                await self._stop(hypervisor, name, request.timeout)
                await self._create(hypervisor, request.spec, False)
            case kind:
                raise errors.HypervisorError(
                    f"Reboot type '{kind}' is not known to the node; it knows soft and hard."
                )
        await self._happened(name, request.reason)
        return Done()

    async def accept(self, request: InstanceAccept, context: CallContext) -> Done:
        """``accept_instance``."""
        guest = await self._guest(request.spec)
        await self._of(request.spec).accept(guest, request.source_ip)
        return Done()

    async def migrate(self, request: InstanceMigrate, context: CallContext) -> Done:
        """``instance_migrate``."""
        guest = await self._guest(request.spec)
        note = await self._of(request.spec).migrate(guest, request.target_ip, request.live)
        await self.changed(request.spec.instance.name)
        return Done(note)

    async def finalize(self, request: InstanceFinalize, context: CallContext) -> Done:
        """``instance_finalize_migration``."""
        hypervisor = self._of(request.spec)
        guest = await self._guest(request.spec)
        finish = hypervisor.finish_outgoing if request.source else hypervisor.finish_incoming
        await finish(guest, request.success)
        if request.success and not request.source:
            await self.nics.up(host_ends(request.spec, guest))
        elif request.success != request.source:
            await self.nics.down(guest.name)
        await self.changed(guest.name)
        return Done()

    async def balloon(self, request: Balloon, context: CallContext) -> Done:
        """``instance_balloon_memory``."""
        await self._driver(request.hypervisor).balloon(request.name, request.memory)
        await self.changed(request.name)
        return Done()

    async def hotplug(self, request: Hotplug, context: CallContext) -> Done:
        """``hotplug_device``."""
        guest = await self._guest(request.spec)
        rows = request.spec.disks if request.kind == "disk" else request.spec.nics
        uuids = [row.uuid if isinstance(row, Disk) else row["uuid"] for row in rows]
        index = uuids.index(request.uuid)
        hypervisor = self._of(request.spec)
        change = hypervisor.attach if request.add else hypervisor.detach
        await change(guest, request.kind, index)
        if request.add and request.kind == "nic":
            ends = host_ends(request.spec, guest)
            await self.nics.up([end for end in ends if end.index == index])
        return Done()

    def _driver(self, name: str) -> IHypervisor:
        return table.driver(self.drivers, name)

    def _of(self, spec: InstanceSpec) -> IHypervisor:
        return self._driver(spec.instance.hypervisor)

    async def _happened(self, name: str, reason: list[Any]) -> None:
        await self.reasons.write(name, reason)
        await self.changed(name)

    async def _stop(self, hypervisor: IHypervisor, name: str, timeout: float) -> None:
        """Ask the guest, wait up to *timeout* seconds, then stop it hard."""
        end = self.clock.monotonic() + timeout
        await hypervisor.shutdown(name)
        while (state := await hypervisor.lookup(name)) is not None:
            left = end - self.clock.monotonic()
            if left <= 0 or state.state == "shutdown":
                await hypervisor.destroy(name)
                break
            await self.clock.sleep(min(POLL, left))
        await self.nics.down(name)

    async def _create(self, hypervisor: IHypervisor, spec: InstanceSpec, paused: bool) -> None:
        """Start the guest; one whose NICs the node sets up runs when they are up."""
        guest = await self._guest(spec, starts=True)
        ends = host_ends(spec, guest)
        await hypervisor.create(guest, paused or bool(ends))
        if not ends:
            return
        try:
            await self.nics.up(ends)
        except errors.HypervisorError:
            await hypervisor.destroy(guest.name)
            await self.nics.down(guest.name)
            raise
        if not paused:
            await hypervisor.resume(guest.name)

    async def _guest(self, spec: InstanceSpec, *, starts: bool = False) -> Guest:
        own, name = await self.nics.are_own(), spec.instance.name
        return Guest(
            name,
            spec.instance.uuid,
            int(spec.beparams["maxmem"]),
            int(spec.beparams["vcpus"]),
            spec.hvparams,
            tuple([await self._disk(name, disk, starts=starts) for disk in spec.disks]),
            tuple({**nic, "scripted": own} for nic in spec.nics),
            spec.instance.network_port,
        )

    async def _disk(self, owner: str, disk: Disk, *, starts: bool) -> GuestDisk:
        found = await self.disks.located(disk)
        if found is None:
            raise errors.BlockDeviceError(
                f"{disk.iv_name} of instance {owner} is not on this node; "
                f"'gnt-instance activate-disks {owner}' assembles the disks."
            )
        if starts:
            # Disks have other numbers since one before them was taken from the running instance.
            await self.disks.show(owner, disk, found)
        # The link is the same on every node, as a migrating guest needs it; the device may not be.
        return GuestDisk(self.disks.link(owner, disk), disk.mode, disk.uuid, disk.dev_type)


def told(state: GuestState) -> InstanceState:
    """Return *state* as node calls carry it."""
    return InstanceState(state.name, state.memory, state.vcpus, state.state, state.cpu_seconds)


def host_ends(spec: InstanceSpec, guest: Guest) -> list[HostEnd]:
    """Return the host's ends of the NICs of *guest* that the node sets up itself."""
    return [
        HostEnd(
            guest.name,
            tuple(sorted(spec.instance.tags)),
            index,
            nic,
            elements.interface_name(guest, index),
        )
        for index, nic in enumerate(guest.nics)
        if elements.scripted(nic)
    ]

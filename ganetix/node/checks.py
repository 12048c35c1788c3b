"""Facts about this node: its figures, and what verify wants to know."""

import hashlib
from collections.abc import Iterable
from typing import Final

import attrs
from twisted.internet.defer import CancelledError

from ganetix import __version__, errors
from ganetix.guestos.search import Definitions
from ganetix.model.objects import Disk
from ganetix.network.addresses import Addresses
from ganetix.node import daemons, permissions
from ganetix.node.blockdev import Disks
from ganetix.node.hypervisors import Hypervisors
from ganetix.node.instances import Instances
from ganetix.node.journal import NOWHERE, CandidateJournal
from ganetix.paths import Paths
from ganetix.rpc.call import Done, Truth
from ganetix.rpc.interfaces import CallContext, IMastership
from ganetix.rpc.tables.checks import (
    AddressQuery,
    Delay,
    NodeInfo,
    NodeInfoRequest,
    StorageInfo,
    StorageUnit,
    VerifyFacts,
    VerifyRequest,
)
from ganetix.rpc.tables.instances import InstanceState
from ganetix.rpc.tables.journal import StorePosition
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.interfaces import IFileSystem, IWorker

BOOT_ID: Final = "/proc/sys/kernel/random/boot_id"
_DRIVER_OF: Final = {"lvm-vg": "plain"}
"""Storage units whose type is not that of the disks there."""


@attrs.define(eq=False)
class Machine:
    """The figures of this machine, by the hypervisor that is asked for first.

    The boot id is read once: whoever outlives a boot was not running here.
    """

    paths: Paths
    clock: Clock
    files: IFileSystem
    worker: IWorker
    hypervisors: Hypervisors
    disks: Disks
    _boot_id: str = attrs.field(default="", init=False)

    async def measure(
        self, units: Iterable[StorageUnit] = (), hypervisors: Iterable[str] = ()
    ) -> NodeInfo:
        """Return the node's figures with the room in storage *units*."""
        names = [*hypervisors, *await self.hypervisors.enabled()]
        found = await self.hypervisors.figures(names)
        if not self._boot_id:
            self._boot_id = (await self.worker.run(self.files.read, BOOT_ID)).decode().strip()
        return NodeInfo(
            boot_id=self._boot_id,
            memory_total=found.memory_total,
            memory_free=found.memory_free,
            memory_dom0=found.memory_dom0,
            cpu_total=found.cpu_total,
            cpu_nodes=found.cpu_nodes,
            cpu_sockets=found.cpu_sockets,
            cpu_dom0=found.cpu_dom0,
            storage=[await self._room(unit) for unit in units],
            clock=self.clock.wall(),
            hypervisors=dict(self.hypervisors.described),
        )

    async def pushed(self) -> NodeInfo:
        """Return the figures that are pushed: with the room for file disks where there are any."""
        return await self.measure(await self.worker.run(self._thd_units))

    def _thd_units(self) -> list[StorageUnit]:
        """The directory of file disks, as the cluster has told this node."""
        try:
            named = self.files.read(self.paths.ssconf("file_storage_dir")).decode().strip()
        except FileNotFoundError:
            return []
        return [StorageUnit("file", named)] if named else []

    async def _room(self, unit: StorageUnit) -> StorageInfo:
        """Return the room in *unit*; unknown where there is no driver or no such unit."""
        driver = self.disks.drivers.get(_DRIVER_OF.get(unit.type, unit.type))
        if driver is None:
            return StorageInfo(unit.type, unit.key)
        try:
            space = await driver.space(unit.key)
        except errors.GanetiError:
            return StorageInfo(unit.type, unit.key)
        return StorageInfo(unit.type, unit.key, space.free, space.total)


@attrs.frozen
class Checks:
    """The calls that only look."""

    paths: Paths
    machine: Machine
    instances: Instances
    oses: Definitions
    mastership: IMastership
    journal: CandidateJournal
    addresses: Addresses

    async def node_info(self, request: NodeInfoRequest, context: CallContext) -> NodeInfo:
        """``node_info``."""
        return await self.machine.measure(request.storage_units, request.hypervisors)

    async def has_ip_address(self, request: AddressQuery, context: CallContext) -> Truth:
        """``node_has_ip_address``."""
        return Truth(await self.addresses.owned(request.address))

    async def delay(self, request: Delay, context: CallContext) -> Done:
        """``test_delay``."""
        await self.machine.clock.sleep(max(request.duration, 0.0))
        return Done()

    async def node_verify(self, request: VerifyRequest, context: CallContext) -> VerifyFacts:
        """``node_verify``."""
        running, wrong = await self._hypervisors(request.hypervisors)
        position = await self._position()
        worker = self.machine.worker
        return VerifyFacts(
            version=__version__,
            clock=self.machine.clock.wall(),
            files=await worker.run(self._thd_checksums, request.files),
            storage_paths=await worker.run(self._thd_storage_paths, request.storage_paths),
            instances=running,
            missing_disks=await self._missing(request.instance_disks),
            orphan_disks=await self._orphans(request.instance_disks),
            empty_dirs=[
                self.paths.outgoing(path)
                for path in await self.machine.disks.directories.empty_dirs()
            ],
            oses=await self._oses() if request.os_search else [],
            hypervisor_errors=wrong,
            epoch=position.epoch if position.serial >= 0 else self.mastership.get().epoch,
            serial=position.serial,
            permissions=await worker.run(permissions.wrong, self.paths, self.machine.files),
            rapi_without_users=await worker.run(
                daemons.reads_want_no_user, self.paths, self.machine.files
            ),
        )

    async def _hypervisors(
        self, names: Iterable[str]
    ) -> tuple[list[InstanceState], dict[str, str]]:
        running: list[InstanceState] = []
        wrong: dict[str, str] = {}
        for name in names:
            try:
                trouble = await self.machine.hypervisors.named(name).verify()
                running += await self.instances.running([name])
            except CancelledError:
                raise
            except errors.GanetiError as error:
                trouble = error.message
            if trouble:
                wrong[name] = trouble
        return running, wrong

    async def _position(self) -> StorePosition:
        """Where the journal stands; a damaged one counts as none."""
        try:
            return await self.journal.position()
        except errors.ConfigurationError:
            return NOWHERE

    async def _missing(self, disks: Iterable[Disk]) -> list[str]:
        return [disk.uuid for disk in disks if not await self._is_here(disk)]

    async def _is_here(self, disk: Disk) -> bool:
        try:
            return await self.machine.disks.located(disk) is not None
        except errors.GanetiError:
            return False

    async def _orphans(self, disks: Iterable[Disk]) -> list[str]:
        """Return disk files that nobody owns; shared directories hold other nodes' disks too."""
        owned = {self.paths.incoming(str(disk.logical_id[-1])) for disk in disks}
        shared: str = await self.machine.worker.run(self._thd_shared_dir)
        return [
            self.paths.outgoing(path)
            for path in await self.machine.disks.directories.disk_files()
            if path not in owned and not (shared and path.startswith(f"{shared}/"))
        ]

    async def _oses(self) -> list[str]:
        found = await self.oses.diagnose()
        return sorted({one.name for one in found if one.definition is not None})

    def _thd_shared_dir(self) -> str:
        try:
            text = self.machine.files.read(self.paths.ssconf("shared_file_storage_dir"))
        except FileNotFoundError:
            return ""
        named = text.decode().strip()
        return self.paths.incoming(named) if named else ""

    def _thd_checksums(self, files: Iterable[str]) -> dict[str, str | None]:
        return {sent: self._thd_checksum(self.paths.incoming(sent)) for sent in files}

    def _thd_checksum(self, path: str) -> str | None:
        try:
            data = self.machine.files.read(path)
        except OSError:
            return None
        return hashlib.sha1(data, usedforsecurity=False).hexdigest()

    def _thd_storage_paths(self, directories: Iterable[str]) -> dict[str, str]:
        allowed = self.machine.disks.directories.allowed
        told = {sent: allowed.usable(sent) for sent in directories}
        return {sent: trouble for sent, trouble in told.items() if trouble}

"""The parts of a node, put together from what a composition root gives."""

from collections.abc import Callable
from typing import Final

import attrs

from ganetix.guestos.scripts import Scripts
from ganetix.guestos.search import Definitions
from ganetix.hypervisor import table
from ganetix.hypervisor.table import WithLibvirt
from ganetix.ids import Randomness
from ganetix.network.addresses import Addresses
from ganetix.network.bridges import Bridges
from ganetix.network.nics import NicScripts
from ganetix.network.stream import StreamMaker
from ganetix.node.blockdev import Disks
from ganetix.node.certificates import Certificates
from ganetix.node.checks import Checks, Machine
from ganetix.node.events import INTERVAL, Watch
from ganetix.node.export import Exports
from ganetix.node.files import ClusterFiles
from ganetix.node.guests import Guests
from ganetix.node.hooks import Hooks
from ganetix.node.hypervisors import Hypervisors
from ganetix.node.images import Images
from ganetix.node.inspect import Inspection, Reach
from ganetix.node.instances import Instances, ReasonTrails
from ganetix.node.journal import CandidateJournal
from ganetix.node.master_ip import MasterDuty
from ganetix.node.oses import OperatingSystems
from ganetix.node.power import Power
from ganetix.node.providers import ExtStorage
from ganetix.node.restricted import Restricted
from ganetix.node.roles import Mastership, Roles
from ganetix.node.ssh_keys import SshKeys
from ganetix.node.storage import Storage
from ganetix.node.transfers import Transfers
from ganetix.node.units import Units
from ganetix.paths import Paths
from ganetix.process.command import Command, ProcessRunner
from ganetix.rpc.events import EventSource
from ganetix.storage import table as storage
from ganetix.storage.file_dirs import FileDirs
from ganetix.storage.file_paths import AllowedPaths
from ganetix.storage.providers import Providers
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.interfaces import IFileSystem, IWorker
from ganetix.toolkit.services import ServiceTree

_STOP_MASTER: Final = Command(("/usr/lib/ganeti/daemon-util", "stop-master"))


def _nobody_told() -> None:
    """Go on: nothing here shows the node's certificate."""


async def _nobody_asked(address: str, port: int) -> str:
    """Take every node for reachable: there is no network to try."""
    return ""


@attrs.frozen
class Outside:
    """What a node is given of the world.

    *worker* runs work on files, *journal_worker* that of the store alone, so that a slow disk of
    an instance never keeps a commit waiting. *address* is what the daemon binds.
    *candidates_changed* is told when the list of those who may command is another one; *left*,
    when the node has left the cluster.
    """

    paths: Paths
    clock: Clock
    files: IFileSystem
    worker: IWorker
    journal_worker: IWorker
    processes: ProcessRunner
    events: EventSource
    address: str
    candidates_changed: Callable[[], None]
    left: Callable[[], None]
    streams: StreamMaker
    randomness: Randomness
    watch_interval: float = INTERVAL
    stop_master: Command = _STOP_MASTER
    """What stops the master's daemons in good order."""
    certificate_changed: Callable[[], None] = _nobody_told
    reach: Reach = _nobody_asked
    port: int = 1811
    """At which the node daemons answer, by *reach*."""
    administrator: int = 0
    """The user id of who may say what the cluster runs here."""
    libvirt: WithLibvirt | None = None
    python: str = ""
    """The directory with the Python that this runs on."""
    ssh_dir: str = ""
    """Root's directory with ssh keys; empty where the cluster leaves ssh alone."""


@attrs.frozen
class NodeServices:
    """A node's parts, by domain. Start and stop `tree`; stopping leaves instances running."""

    mastership: Mastership
    journal: CandidateJournal
    cluster_files: ClusterFiles
    exports: Exports
    roles: Roles
    disks: Disks
    storage: Storage
    images: Images
    instances: Instances
    oses: OperatingSystems
    hooks: Hooks
    checks: Checks
    hypervisors: Hypervisors
    guests: Guests
    watch: Watch
    duty: MasterDuty
    transfers: Transfers
    power: Power
    restricted: Restricted
    units: Units
    inspection: Inspection
    certificates: Certificates
    ssh_keys: SshKeys
    ext_storage: ExtStorage

    tree: ServiceTree = attrs.field(init=False)

    @tree.default
    def _tree(self) -> ServiceTree:
        """What is started in order: all that is known from disk before the first look."""
        parts = (
            self.mastership, self.cluster_files, self.journal, self.hypervisors, self.watch,
            self.power,
        )  # fmt: skip
        return ServiceTree("node", parts)


def make_node(outside: Outside) -> NodeServices:
    """Put a node together."""
    paths, files, worker = outside.paths, outside.files, outside.worker
    drivers = table.drivers(
        table.Surroundings(paths, files, worker, outside.clock, outside.libvirt)
    )
    hypervisors = Hypervisors(paths, files, worker, drivers)
    allowed = AllowedPaths(paths, files)
    served = storage.drivers(files, worker, allowed, outside.processes)
    disks = Disks(paths, files, worker, served.by_type, FileDirs(files, worker, allowed))
    machine = Machine(paths, outside.clock, files, worker, hypervisors, disks)
    watch = Watch(
        outside.clock, hypervisors, outside.events, machine.pushed, interval=outside.watch_interval
    )
    nics = NicScripts(paths, files, worker, outside.processes)
    instances = Instances(
        outside.clock, drivers, disks, nics, ReasonTrails(paths, files, worker), watch.look_at
    )
    mastership = Mastership(paths, files, outside.journal_worker)
    journal = CandidateJournal(paths, files, outside.journal_worker)
    definitions = Definitions(paths, files, worker)
    scripts = Scripts(paths, files, worker, outside.clock, outside.processes, outside.python)
    addresses = Addresses(paths, files, worker, outside.address)
    hooks = Hooks(paths, files, worker, outside.processes)
    exports = Exports(paths, files, worker)
    return NodeServices(
        mastership,
        journal,
        ClusterFiles(paths, files, worker, mastership, outside.candidates_changed, outside.left),
        exports,
        Roles(paths, files, outside.journal_worker),
        disks,
        Storage(served),
        Images(paths, files, worker, disks, served.programs),
        instances,
        OperatingSystems(definitions, scripts, disks),
        hooks,
        Checks(paths, machine, instances, definitions, mastership, journal, addresses),
        hypervisors,
        Guests(hypervisors, Bridges(paths, files, worker)),
        watch,
        MasterDuty(paths, files, worker, outside.processes, addresses, hooks, outside.stop_master),
        Transfers(
            outside.clock, outside.randomness, outside.streams, disks, definitions, exports,
            outside.address,
        ),
        Power(paths, outside.clock, outside.processes),
        Restricted(paths, files, worker, outside.clock, outside.processes, outside.administrator),
        Units(served),
        Inspection(
            paths, files, worker, outside.processes, served, outside.reach, outside.port
        ),
        Certificates(paths, files, worker, outside.certificate_changed),
        SshKeys(outside.ssh_dir, files, worker, outside.processes),
        ExtStorage(Providers(paths, files, worker)),
    )  # fmt: skip

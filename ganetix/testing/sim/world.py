"""The world of a simulation: machines, their daemons, the network, and who watches them."""

from collections.abc import Callable

import attrs
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ganetix.ids import Randomness
from ganetix.master.jobs.execute import Units
from ganetix.master.jobs.queue import STOP_WAIT
from ganetix.master.locks.waiter import Locks
from ganetix.rpc.interfaces import CallContext, Handlers
from ganetix.testing.dice import seeded
from ganetix.testing.files import FakeFileSystem
from ganetix.testing.pipes import PipeNetwork
from ganetix.testing.sim import install
from ganetix.testing.sim.cuts import Cuts
from ganetix.testing.sim.machines import Machine, Process, digest
from ganetix.testing.sim.masterd import MasterDaemon, Surroundings
from ganetix.testing.sim.noded import MakeHandlers, NodeDaemon, usual_handlers
from ganetix.testing.sim.observe import (
    WatchedNodes,
    Work,
    watched_handlers,
    watched_units,
)
from ganetix.testing.sim.promises import Broken
from ganetix.testing.sim.timeline import Timeline
from ganetix.testing.sim.witness import Witness
from ganetix.tls.identity import NODE, Identity

MakeDisk = Callable[[Callable[[], float]], FakeFileSystem]
Reached = Callable[[str, str, str], None]


def nobody(world: "World") -> None:
    """Leave everything to the plan."""


@attrs.frozen
class Crew:
    """The collaborators that a test may replace with broken ones, to see that it is noticed.

    *administrator* is told when the daemons start, and does what the plan does not know of.
    """

    units: Units
    make_locks: Callable[[], Locks] = Locks
    make_disk: MakeDisk = FakeFileSystem
    make_handlers: MakeHandlers = usual_handlers
    administrator: Callable[["World"], None] = nobody


@attrs.define(eq=False)
class World:
    """Everything. *reached* is told each step that an operation passes."""

    seed: int
    size: int
    crew: Crew
    timeline: Timeline = attrs.field(factory=Timeline)
    reached_step: Reached = attrs.field(default=lambda *_: None)
    log: list[str] = attrs.field(factory=list)
    machines: dict[str, Machine] = attrs.field(factory=dict, init=False)
    """By node name."""
    nodeds: dict[str, NodeDaemon] = attrs.field(factory=dict, init=False)
    master: MasterDaemon | None = attrs.field(default=None, init=False)
    """The one that clients talk to; None while there is none."""
    dice: Randomness = attrs.field(init=False)
    network: PipeNetwork = attrs.field(init=False)
    witness: Witness = attrs.field(factory=Witness, init=False)
    old_masters: list[MasterDaemon] = attrs.field(factory=list, init=False)
    master_name: str = attrs.field(default="", init=False)
    taking: bool = attrs.field(default=False, init=False)
    """Whether an administrator is about to make another machine the master."""
    commands: list[Process] = attrs.field(factory=list, init=False)
    """What administrators have typed and has not ended."""
    cuts: Cuts = attrs.field(init=False)
    rested: set[int] = attrs.field(factory=set, init=False)
    """Jobs that a clean stop brought to rest, as long as nothing worse has happened since."""

    def __attrs_post_init__(self) -> None:
        """Make the machines, and a cluster on their disks."""
        self.dice = seeded(self.seed)
        self.network = PipeNetwork(self.timeline.clock())
        self.cuts = Cuts(self.network)
        cluster = install.cluster(self.size, self.dice)
        for node in sorted(cluster.nodes.values(), key=lambda node: node.name):
            self._machine(node.uuid, node.name)
        self.master_name = cluster.master.name
        for machine in self.machines.values():
            install.on_disk(machine, cluster)

    def _machine(self, uuid: str, name: str) -> None:
        disk = self.crew.make_disk(self.dice.uniform)
        machine = Machine(
            uuid, name, disk, self.timeline, self.network, self.dice, self._power_failed
        )
        journal_file = machine.paths.journal_file

        def changed(path: str) -> None:
            if path in (journal_file, f"{journal_file}.new"):
                self.witness.changed(name)

        disk.changed = changed
        self.machines[name] = machine
        self.network.identify(name, Identity(uuid, frozenset({NODE}), digest(name)))

    def note(self, text: str) -> None:
        """Add a line to the event log."""
        self.log.append(f"{self.timeline.now:11.6f} {text}")

    def later(self, seconds: float, call: Callable[..., object], *args: object) -> None:
        """Let the world do something after *seconds*."""
        self.timeline.clock().call_later(seconds, call, *args)

    # --- daemons ---------------------------------------------------------------------------

    def start_noded(self, name: str) -> None:
        """Start the node daemon of *name*."""
        daemon = NodeDaemon(
            self.machines[name], self.crew.make_handlers, self._watched, self._stopped_by_node
        )
        self.nodeds[name] = daemon
        with daemon.machine.powered():
            started = daemon.start()
            self.timeline.grave.append(started.addErrback(self._noded_failed, name))
        self.note(f"{daemon.process.name} starts")

    def _noded_failed(self, failure: Failure, name: str) -> None:
        why = f"the node daemon of {name} does not start: {failure.value}"
        self.witness.broken = Broken(why)

    def kill_noded(self, name: str, *, told: bool = True) -> None:
        """Kill the node daemon of *name*; guests go on."""
        daemon = self.nodeds[name]
        if not daemon.process.time.dead:
            self.note(f"{daemon.process.name} dies")
            daemon.process.kill(told)

    def start_master(self, name: str) -> None:
        """Start a master daemon on *name*, for clients to talk to."""
        around = Surroundings(
            self.where,
            lambda daemon: watched_units(self.crew.units, Seat(self, daemon)),
            self.crew.make_locks,
            lambda daemon, nodes: WatchedNodes(nodes, Seat(self, daemon)),
            self._master_up,
            self._master_ended,
            self._token,
        )
        self.master_name = name
        self.master = MasterDaemon(self.machines[name], around)
        self.master.start()
        if self.master is not None:
            self.note(f"{self.master.process.name} starts, epoch {self.master.epoch}")

    def kill_master(self, *, told: bool = True) -> None:
        """Kill the master daemon that clients talk to."""
        if self.master is not None:
            self.note(f"{self.master.process.name} dies")
            daemon, self.master = self.master, None
            self._bury(daemon, told)

    def _bury(self, daemon: MasterDaemon, told: bool) -> None:
        self.rested = set()
        self._end(daemon, told)

    def _end(self, daemon: MasterDaemon, told: bool = True) -> None:
        if not daemon.process.time.dead:
            daemon.process.kill(told)
            self.timeline.grave.append(daemon)
            self.witness.working.running.clear()

    def restart_master(self) -> None:
        """Stop the master daemon cleanly, and start it again."""
        if self.master is not None:
            stopped = self._stop(self.master).addCallback(self._start_again)
            self.timeline.grave.append(stopped)

    def _start_again(self, _: None) -> None:
        self.later(0.2, self.ensure_master)

    def _stop(self, daemon: MasterDaemon) -> Deferred[None]:
        """Stop a master daemon cleanly; never fires when it or its machine dies meanwhile."""
        master, began = daemon.master, self.timeline.now
        done: Deferred[None] = Deferred()

        def stopped(result: object) -> None:
            if daemon.process.time.dead:
                return
            if isinstance(result, Failure):
                self.note(f"{daemon.process.name} did not stop well: {result.value}")
            elif daemon is self.master and self.timeline.now - began < STOP_WAIT:
                jobs = () if master is None else master.queue.jobs()
                self.rested = {job.id for job in jobs if not job.final}
            self.note(f"{daemon.process.name} has stopped")
            if daemon is self.master:
                self.master = None
            elif daemon in self.old_masters:
                self.old_masters.remove(daemon)
            self._end(daemon)
            done.callback(None)

        self.note(f"{daemon.process.name} stops")
        self.timeline.grave.append(Deferred.fromCoroutine(daemon.stop()).addBoth(stopped))
        return done

    async def _stopped_by_node(self, machine: Machine) -> None:
        """A candidate asks for the end of the master's daemons on *machine*."""
        for daemon in [self.master, *self.old_masters]:
            if daemon is not None and daemon.machine is machine and daemon.ready:
                await self._stop(daemon)
                # Whoever asked may be gone or refused by now: then somebody starts it again.
                self.later(2.0, self.ensure_master)

    def depose(self) -> MasterDaemon | None:
        """Let clients talk to the present master no more; it goes on by itself."""
        daemon, self.master = self.master, None
        self.rested = set()
        if daemon is not None:
            self.old_masters.append(daemon)
            self.witness.working.running.clear()
        return daemon

    def reinstate(self, daemon: MasterDaemon) -> None:
        """Let clients talk to a deposed master again: nobody has taken its place."""
        self.old_masters.remove(daemon)
        self.master = daemon

    def has_master(self, machine: Machine) -> bool:
        """Whether a master daemon runs on *machine*."""
        return any(d is not None and d.machine is machine for d in [self.master, *self.old_masters])

    def _master_up(self, daemon: MasterDaemon) -> None:
        self.note(f"{daemon.process.name} is ready")

    def _master_ended(self, daemon: MasterDaemon, why: str) -> None:
        """A master daemon gave up. One that clients talk to is started again later."""
        self.note(f"{daemon.process.name} ends: {why}")
        self._bury(daemon, told=True)
        if daemon is self.master:
            self.master = None
            self.later(2.0, self.ensure_master)
        elif daemon in self.old_masters:
            self.old_masters.remove(daemon)

    def ensure_master(self) -> None:
        """Start the master again where it belongs, if it does not run."""
        if self.master is None and not self.taking and self.machines[self.master_name].up:
            self.start_master(self.master_name)

    def where(self, name: str) -> str:
        """Return the name of the node daemon's process on *name*."""
        daemon = self.nodeds.get(name)
        return daemon.process.name if daemon is not None else f"{name}/noded"

    def _token(self, daemon: MasterDaemon, size: int) -> bytes:
        return self.token(daemon.epoch, size)

    def token(self, epoch: int, size: int) -> bytes:
        """Return random bytes for a master of *epoch*."""
        token = self.dice.token(size)
        self.witness.given(token, epoch)
        return token

    # --- power and network -----------------------------------------------------------------

    def power_off(self, name: str) -> None:
        """Cut the power of a machine: nobody is told, and only what was synced stays."""
        machine = self.machines[name]
        if not machine.up:
            return
        self.note(f"{name} loses its power")
        machine.up = False
        for other in self.machines:
            if other != name:
                self.cuts.make(name, other, f"{name} is off")
        self.kill_noded(name, told=False)
        for daemon in [self.master, *self.old_masters]:
            if daemon is not None and daemon.machine is machine:
                self._bury(daemon, told=False)
        if self.master is not None and self.master.machine is machine:
            self.master = None
        self.old_masters = [d for d in self.old_masters if d.machine is not machine]
        for process in self.commands:
            if process.machine is machine:
                process.kill(told=False)
        machine.fs.crash()
        machine.fs.remove_tree(machine.paths.run_dir)
        machine.slow, machine.lose_answers = 0.0, 0
        self.witness.changed(name)

    def _power_failed(self, machine: Machine) -> None:
        self.power_off(machine.name)
        self.later(1.0 + 5.0 * self.dice.uniform(), self.power_on, machine.name)

    def power_on(self, name: str) -> None:
        """Let a machine come back, with the daemons that belong there."""
        machine = self.machines[name]
        if machine.up:
            return
        self.note(f"{name} is back")
        machine.up = True
        install.booted(machine)
        for other in self.machines:
            if other != name:
                self.cuts.mend(name, other, f"{name} is off")
                if not self.machines[other].up:
                    self.cuts.make(name, other, f"{other} is off")
        self.start_noded(name)
        if name == self.master_name:
            self.ensure_master()

    def has_noded(self, machine: Machine) -> bool:
        """Whether a node daemon runs on *machine*."""
        return machine.up and not self.nodeds[machine.name].process.time.dead

    # --- what is seen ----------------------------------------------------------------------

    def reached(self, operation: str, step: str, node: str = "") -> None:
        """An operation passes a step."""
        name = next((m.name for m in self.machines.values() if m.uuid == node), "")
        self.note(f"{operation}: {step}{' ' + name if name else ''}")
        self.reached_step(operation, step, name)

    def enter(self, work: Work) -> None:
        """An opcode of the present master begins to work."""
        self.witness.enter(work)

    def _watched(self, machine: Machine, handlers: Handlers) -> Handlers:
        def begun(name: str, context: CallContext) -> None:
            if context.role == "master":
                self.witness.begun(machine, name, context.request_id)

        def ended(name: str, context: CallContext) -> None:
            if machine.lose_answers > 0:
                machine.lose_answers -= 1
                self.note(f"{machine.name} loses its answer to {name}")
                for other in self.machines:
                    self.network.reset(machine.name, other)

        return watched_handlers(handlers, begun, ended)

    def check(self) -> None:
        """Raise `Broken` if a promise is broken now."""
        self.witness.check(self.machines, self.master)

    def in_sync(self) -> list[str]:
        """Return the names of the candidates that are in sync, without the master's."""
        daemon = self.master
        if daemon is None or daemon.master is None:
            return []
        rows = daemon.master.store.journal.replicas.in_sync
        return [machine.name for machine in self.machines.values() if machine.uuid in rows]


@attrs.frozen
class Seat:
    """What the world hears of one master daemon. What a deposed one does concerns nobody."""

    world: World
    daemon: MasterDaemon

    def reached(self, operation: str, step: str, node: str = "") -> None:
        """See `Observer`."""
        if self.daemon is self.world.master:
            self.world.reached(operation, step, node)

    def enter(self, work: Work) -> None:
        """See `Observer`."""
        if self.daemon is self.world.master:
            self.world.enter(work)

    def leave(self, work: Work) -> None:
        """See `Observer`."""
        self.world.witness.working.leave(work)

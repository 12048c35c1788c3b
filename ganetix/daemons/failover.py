"""``gnt-cluster master-failover`` where it happens: on the candidate that becomes the master."""

import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar, cast

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.python.failure import Failure

from ganetix import errors
from ganetix.daemons import daemon_util, layout, settings
from ganetix.daemons.master_tree import addresses, connector, versions
from ganetix.daemons.outside import World
from ganetix.daemons.pidfile import running_pid
from ganetix.master import failover
from ganetix.master.failover import Own, Request, Standing
from ganetix.master.livestate import LiveState
from ganetix.master.logic.cluster_master_ip import address_of
from ganetix.master.store.recovery import recover
from ganetix.master.store.takeover import take_over
from ganetix.model.cluster import Cluster
from ganetix.paths import Paths
from ganetix.rpc.call import INodes
from ganetix.rpc.client import ClientPool
from ganetix.rpc.interfaces import Claim
from ganetix.rpc.tables.cluster import NODE_DEACTIVATE_MASTER_IP
from ganetix.rpc.tables.journal import StorePosition
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.files import FileSystem, Worker

T = TypeVar("T")

SILENT_WITHIN: Final = 30.0
"""Seconds in which the master IP must fall silent."""


class Failover(msgspec.Struct, frozen=True):
    """What the command line asks for."""

    no_voting: bool = False
    yes_do_it: bool = False
    ignore_offline_nodes: bool = True


def fail_over(paths: Paths, request: Failover) -> None:
    """Make this node the master and start its daemons.

    Raise `errors.GanetiError` with a sentence: what was changed until then it says, too.
    """
    asked = Request(not request.no_voting, request.yes_do_it, request.ignore_offline_nodes)
    _check_here(paths)
    if daemon_util.start(paths, "ganeti-noded") != 0:
        raise errors.OpExecError(
            f"ganeti-noded does not run on {paths.hostname} and can't be started; see its log, "
            f"{settings.log_file(paths, 'ganeti-noded')}."
        )
    epoch = _in_reactor(lambda reactor: Taking(reactor, paths, asked).run())
    cluster = take_over(FileSystem(layout.owner_of(paths)), paths, epoch)
    layout.write(paths, "queue/version", b"1\n")
    layout.write_ssconf(paths, "master_node", paths.hostname)
    _say(f"{paths.hostname} is the master, epoch {cluster.cluster.epoch}.")
    _start(paths, asked)


def _check_here(paths: Paths) -> None:
    if running_pid(paths.pid_file("ganeti-masterd")) is not None:
        raise errors.OpPrereqError(
            f"The master daemon runs on {paths.hostname} already; type the command on the "
            "candidate that is to become the master.",
            errors.INVAL,
        )


def _start(paths: Paths, asked: Request) -> None:
    arguments = () if asked.voting else ("--no-voting", "--yes-do-it")
    for daemon, given in (("ganeti-masterd", arguments), ("ganeti-rapi", ())):
        _say(f"Starting {daemon} ...")
        if daemon_util.start(paths, daemon, given) != 0:
            raise errors.OpExecError(
                f"{paths.hostname} is the master now, but {daemon} did not start; the reason is "
                f"above and in {settings.log_file(paths, daemon)}. Start it with: "
                f"daemon-util start {' '.join((daemon, *given))}"
            )


def _say(text: str) -> None:
    print(text, flush=True)


def _warn(text: str) -> None:
    print(f"Warning: {text}", file=sys.stderr, flush=True)


@attrs.frozen
class Taking:
    """The part that talks to the nodes."""

    reactor: EPollReactor
    paths: Paths
    asked: Request

    async def run(self) -> int:
        """Look, stop the old master, look again, have the nodes obey; return the new epoch."""
        own = read_own(self.paths)
        standing = await self._look(own)
        if own.cluster.cluster.master_node != own.cluster.node_named(self.paths.hostname).uuid:
            async with self._pool(own.cluster, None) as nodes:
                await failover.stop_old_master(nodes, own, standing, _say)
            # What the old master wrote while it ended has come here, or is missed now.
            own = read_own(self.paths)
            standing = await self._look(own, again=True)
        epoch = max(standing.epoch(), own.cluster.cluster.epoch, own.position.epoch) + 1
        async with self._pool(own.cluster, Claim(epoch, self.paths.hostname)) as nodes:
            for name, why in (
                await failover.command(nodes, own, self.paths.hostname, self.asked)
            ).items():
                _warn(f"Node {name} does not obey {self.paths.hostname} yet: {why}")
            await self._release_ip(nodes, own.cluster)
        return epoch

    async def _look(self, own: Own, *, again: bool = False) -> Standing:
        async with self._pool(own.cluster, None) as nodes:
            standing = await failover.ask(nodes, own.cluster, self.asked)
        try:
            warnings = failover.check(own, self.paths.hostname, standing, self.asked)
        except errors.OpPrereqError as error:
            if not again:
                raise
            raise errors.OpExecError(
                f"{error.message} The master's daemons on {own.cluster.master.name} were stopped; "
                "start them there with: daemon-util start-master"
            ) from error
        for warning in () if again else warnings:
            _warn(warning)
        return standing

    async def _release_ip(self, nodes: INodes, cluster: Cluster) -> None:
        """Let the old master give the cluster's address up, and wait until it is silent."""
        old, ip = cluster.master, address_of(cluster)
        if old.name == self.paths.hostname:
            return
        try:
            done = await nodes.call(old.uuid, NODE_DEACTIVATE_MASTER_IP, ip)
            _say(done.note)
        except errors.GanetiError as error:
            _warn(f"The master IP {ip.ip} may still be up on {old.name}: {error.message}")
        if not self.paths.virtual and not await self._silent(ip.ip):
            _warn(
                f"The master IP {ip.ip} still answers after {SILENT_WITHIN:.0f} seconds. Take it "
                f"off {old.name} by hand, then run: gnt-cluster activate-master-ip"
            )

    async def _silent(self, address: str) -> bool:
        worker = Worker(self.reactor, "names")
        world = World(self.reactor, self.paths, worker, settings.default_port("ganeti-noded"))
        clock = self._clock
        began = clock.monotonic()
        while await world.answers(address):
            if clock.monotonic() - began > SILENT_WITHIN:
                return False
            await clock.sleep(1.0)
        return True

    @property
    def _clock(self) -> Clock:
        return Clock(self.reactor, time.time)

    @asynccontextmanager
    async def _pool(self, cluster: Cluster, claim: Claim | None) -> AsyncIterator[INodes]:
        """Connect to the nodes, under *claim* or only to ask."""
        port = settings.default_port("ganeti-noded")
        pool = ClientPool(
            lambda: addresses(cluster, port),
            connector(self.reactor, self.paths), lambda: claim, LiveState(),
            lambda node, obeyed: None, self._clock, settings.randomness(), versions(),
        )  # fmt: skip
        await pool.start()
        try:
            yield cast("INodes", pool)
        finally:
            await pool.stop()


def read_own(paths: Paths) -> Own:
    """Return this node's copy of the journal; raise `errors.GanetiError` when it has none."""
    try:
        found = recover(FileSystem(), paths)
    except errors.NotInClusterError as error:
        raise errors.OpPrereqError(
            f"{paths.hostname} has no copy of the configuration: it is no master candidate, or was "
            "never in sync. Type the command on another candidate.",
            errors.STATE,
        ) from error
    position = StorePosition(found.epoch, found.serial)
    return Own(found.replay.cluster(), position, frozenset(found.replay.behind))


def _in_reactor(work: Callable[[EPollReactor], Coroutine[Any, Any, T]]) -> T:
    """Return the result of *work*, run under the reactor until it is done."""
    from twisted.internet import reactor as installed

    reactor = cast("EPollReactor", installed)
    results: list[Any] = []
    running: list[Deferred[None]] = []

    def ended(result: T | Failure) -> None:
        results.append(result)
        reactor.stop()

    def begin() -> None:
        running.append(Deferred.fromCoroutine(work(reactor)).addBoth(ended))

    reactor.callWhenRunning(begin)
    reactor.run()
    (result,) = results
    if isinstance(result, Failure):
        result.raiseException()
    return cast("T", result)

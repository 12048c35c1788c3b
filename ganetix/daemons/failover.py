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
from ganetix.master.failover import Own, Request
from ganetix.master.livestate import LiveState
from ganetix.master.logic.cluster_master_ip import address_of
from ganetix.master.store.takeover import take_over
from ganetix.master.succession import Succession, own_copy
from ganetix.model.cluster import Cluster
from ganetix.paths import Paths
from ganetix.rpc.call import INodes
from ganetix.rpc.client import ClientPool
from ganetix.rpc.interfaces import Claim
from ganetix.rpc.tables.cluster import NODE_DEACTIVATE_MASTER_IP
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
    cluster = _in_reactor(lambda reactor: _made_master(reactor, paths, asked))
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


async def _made_master(reactor: EPollReactor, paths: Paths, asked: Request) -> Cluster:
    """Make this node the master; return the new configuration."""
    worker = Worker(reactor, "files")
    await worker.start()
    try:
        return await Succession(Here(reactor, paths, worker), asked).run()
    finally:
        await worker.stop()


@attrs.frozen
class Here:
    """This node; see `ganetix.master.succession.Successor`."""

    reactor: EPollReactor
    paths: Paths
    worker: Worker

    @property
    def name(self) -> str:
        """See `Successor`."""
        return self.paths.hostname

    @property
    def _clock(self) -> Clock:
        return Clock(self.reactor, time.time)

    @asynccontextmanager
    async def nodes(self, cluster: Cluster, claim: Claim | None) -> AsyncIterator[INodes]:
        """See `Successor`."""
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

    async def own(self) -> Own:
        """See `Successor`."""
        found: Own = await self.worker.run(own_copy, FileSystem(), self.paths)
        return found

    async def take_over(self, epoch: int) -> Cluster:
        """See `Successor`."""
        found: Cluster = await self.worker.run(_thd_take_over, self.paths, epoch)
        return found

    async def release_ip(self, nodes: INodes, cluster: Cluster) -> None:
        """See `Successor`; waits until the address is silent."""
        old, ip = cluster.master, address_of(cluster)
        try:
            done = await nodes.call(old.uuid, NODE_DEACTIVATE_MASTER_IP, ip)
            self.say(done.note)
        except errors.GanetiError as error:
            self.warn(f"The master IP {ip.ip} may still be up on {old.name}: {error.message}")
        if not self.paths.virtual and not await self._silent(ip.ip):
            self.warn(
                f"The master IP {ip.ip} still answers after {SILENT_WITHIN:.0f} seconds. Take it "
                f"off {old.name} by hand, then run: gnt-cluster activate-master-ip"
            )

    async def _silent(self, address: str) -> bool:
        port = settings.default_port("ganeti-noded")
        world = World(self.reactor, self.paths, self.worker, port)
        clock = self._clock
        began = clock.monotonic()
        while await world.answers(address):
            if clock.monotonic() - began > SILENT_WITHIN:
                return False
            await clock.sleep(1.0)
        return True

    def say(self, text: str) -> None:
        """See `Successor`."""
        _say(text)

    def warn(self, text: str) -> None:
        """See `Successor`."""
        print(f"Warning: {text}", file=sys.stderr, flush=True)


def _thd_take_over(paths: Paths, epoch: int) -> Cluster:
    cluster = take_over(FileSystem(layout.owner_of(paths)), paths, epoch)
    layout.write(paths, "queue/version", b"1\n")
    return cluster


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

"""What the master's logic needs of the world beyond cluster and nodes: names, addresses, files."""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import attrs
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.error import ConnectError, DNSLookupError
from twisted.internet.protocol import Protocol

from ganetix.daemons import settings
from ganetix.htools.reasons import answer_with_reasons
from ganetix.master.allocation.programs import SearchedPrograms
from ganetix.master.logic.outside import Facts, Outside
from ganetix.paths import Paths
from ganetix.process.runner import ProcessRunner
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.files import FileSystem, Worker

PROBE: float = 2.0
"""Seconds that an address has to answer."""


@attrs.frozen
class World:
    """The real functions; *worker* runs what blocks."""

    reactor: EPollReactor
    paths: Paths
    worker: Worker
    port: int

    async def resolve(self, name: str) -> tuple[str, str]:
        """See `Outside.resolve`."""
        host = await self.worker.run(settings.resolve_now, self.paths, name)
        return host.name, host.address

    async def answers(self, address: str) -> bool:
        """See `Outside.answers`: a node daemon there takes a connection."""
        endpoint = HostnameEndpoint(self.reactor, address, self.port, timeout=PROBE)
        try:
            found: Any = await connectProtocol(endpoint, Protocol())
        except (ConnectError, DNSLookupError, OSError):
            return False
        found.transport.loseConnection()
        return True

    async def read_file(self, path: str) -> bytes | None:
        """See `Outside.read_file`."""
        try:
            data: bytes = await self.worker.run(FileSystem().read, path)
        except FileNotFoundError:
            return None
        return data

    def allocators(self) -> SearchedPrograms:
        """See `Outside.programs`."""
        runner = ProcessRunner(self.reactor, Clock(self.reactor, self.reactor.seconds))
        dice = settings.randomness()
        built_in = (sys.executable, "-m", "ganetix.daemons.planner")
        return SearchedPrograms(self.paths, FileSystem(), self.worker, runner, dice, built_in)


def outside_of(
    world: World,
    checkpoint: Callable[[], Awaitable[None]],
    facts: Callable[[], Facts],
) -> Outside:
    """Return what the units of logic are given."""
    return Outside(
        world.resolve,
        world.answers,
        world.read_file,
        checkpoint,
        answer_with_reasons,
        facts,
        world.allocators(),
    )

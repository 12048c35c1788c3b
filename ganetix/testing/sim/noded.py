"""A node's daemon in the simulation: the real one on a fake machine."""

from collections.abc import Awaitable, Callable
from typing import Final

import attrs
from twisted.internet.defer import Deferred

from ganetix import __version__
from ganetix.model import journal
from ganetix.node.handlers import handlers
from ganetix.node.services import NodeServices, Outside, make_node
from ganetix.process.command import Command, Result
from ganetix.rpc.admission import Admission
from ganetix.rpc.call import Nothing
from ganetix.rpc.events import EventSource
from ganetix.rpc.interfaces import CallContext, Handlers
from ganetix.rpc.server import NodeServer
from ganetix.rpc.session import CALLS_VERSION
from ganetix.rpc.tables.roles import NODE_CRYPTO_TOKENS, CryptoTokens
from ganetix.rpc.tables.sessions import VersionInfo
from ganetix.testing.dice import seeded
from ganetix.testing.pipes import PipeAddress
from ganetix.testing.processes import FakeRunner
from ganetix.testing.sim.machines import Machine, Process, digest
from ganetix.testing.streams import FakeStreams
from ganetix.toolkit.services import ServiceTree

PORT: Final = 1811
VERSIONS: Final = VersionInfo(__version__, CALLS_VERSION, journal.VERSION)
OS_DIR: Final = "/usr/share/ganeti/os/dummy"
DAEMON_UTIL: Final = "/usr/lib/ganeti/daemon-util"
SCRIPTS: Final = ("create", "import", "export", "rename", "verify")

MakeHandlers = Callable[[NodeServices], Handlers]
Watched = Callable[[Machine, Handlers], Handlers]


@attrs.define(eq=False)
class NodeDaemon:
    """One run of a node's daemon.

    *watched* wraps the handlers so that the world sees the calls; *stop_master* stops the master's
    daemons on the machine, if there are some.
    """

    machine: Machine
    make_handlers: MakeHandlers
    watched: Watched
    stop_master: Callable[[Machine], Awaitable[None]]
    process: Process = attrs.field(init=False)
    services: NodeServices = attrs.field(init=False)

    def start(self) -> Deferred[None]:
        """Start it; fires when it listens."""
        machine = self.machine
        process = self.process = machine.process("noded")
        events = EventSource(f"{process.name} of {machine.name}")

        def candidates_changed() -> None:
            server.candidates_changed()

        services = self.services = make_node(
            Outside(
                paths=machine.paths,
                clock=process.clock,
                files=machine.fs,
                worker=process.worker(),
                journal_worker=process.worker(),
                processes=self._runner(process),
                events=events,
                address=machine.name,
                candidates_changed=candidates_changed,
                left=lambda: None,
                streams=FakeStreams(),
                randomness=seeded(1),
                watch_interval=10.0,
                stop_master=Command((DAEMON_UTIL, "stop-master")),
            )
        )
        server = NodeServer(
            self.watched(machine, self.make_handlers(services)),
            services.mastership,
            Admission(services.cluster_files.candidates, machine.network.identity_of),
            events,
            process.clock,
            VERSIONS,
        )
        return Deferred.fromCoroutine(self._started(services.tree, server))

    async def _started(self, tree: ServiceTree, server: NodeServer) -> None:
        await tree.start()
        await server.start()
        self.machine.network.listen(PipeAddress(self.process.name, PORT), server.factory)

    def _runner(self, process: Process) -> FakeRunner:
        machine = self.machine

        async def program(command: Command) -> Result:
            await process.clock.sleep(0.05 + 0.2 * machine.dice.uniform())
            if machine.fail_programs > 0:
                machine.fail_programs -= 1
                return Result(command, 1, b"", b"it was told to fail")
            return Result(command, 0, b"done")

        async def daemon_util(command: Command) -> Result:
            result = await program(command)
            if result.ok:
                await self.stop_master(machine)
            return result

        scripts = {f"{OS_DIR}/{name}": program for name in SCRIPTS}
        return FakeRunner(process.clock, {**scripts, DAEMON_UTIL: daemon_util})


def usual_handlers(services: NodeServices) -> Handlers:
    """Return the handlers that real daemons have; certificates are only names here."""

    async def crypto_tokens(request: Nothing, context: CallContext) -> CryptoTokens:
        return CryptoTokens(digest(services.roles.paths.hostname))

    return {**handlers(services), NODE_CRYPTO_TOKENS.name: crypto_tokens}

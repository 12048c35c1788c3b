"""The master's end of node calls: one connection to each node, kept open."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import attrs
from twisted.logger import Logger
from zope.interface import implementer

from ganetix import errors
from ganetix.ids import Randomness
from ganetix.rpc import codec
from ganetix.rpc.broker import PING
from ganetix.rpc.call import TIMEOUTS, Call, INodes
from ganetix.rpc.exchange import Exchange
from ganetix.rpc.interfaces import Claim, Connect, IEventSink, NodeAddress
from ganetix.rpc.link import Link
from ganetix.rpc.session import Hello
from ganetix.rpc.tables.sessions import MasterInfo, VersionInfo
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.gather import gather
from ganetix.toolkit.logcontext import current
from ganetix.toolkit.tasks import Tasks
from ganetix.toolkit.timers import Timers, every

_AT_ONCE: Final = 1000
"""Nodes called at once by `call_each`: all of them, in any cluster that there is."""


@implementer(INodes)
@attrs.define(eq=False)
class ClientPool:
    """Calls nodes for the master; also a service.

    *nodes* returns where they are now; `update` reads it again. *claim* returns the mastership
    under which this end commands, or None to ask only. *refused* hears the uuid of a node that
    obeys another master, and who that is.
    """

    nodes: Callable[[], Mapping[str, NodeAddress]]
    connect: Connect
    claim: Callable[[], Claim | None]
    sink: IEventSink
    refused: Callable[[str, MasterInfo], None]
    clock: Clock
    randomness: Randomness
    versions: VersionInfo
    name: str = "nodes"
    observe: Callable[[str, str, float, bool], object] = lambda *_: None
    """Told of each call: node, class of time-out, seconds, whether it succeeded."""
    log: Logger = attrs.field(factory=Logger)
    _links: dict[str, Link] = attrs.field(factory=dict, init=False)
    _known: Mapping[str, NodeAddress] = attrs.field(factory=dict, init=False)
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)
    _timers: Timers = attrs.field(init=False)
    _running: bool = attrs.field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        """Make the timers."""
        self._timers = Timers(self.clock)

    async def start(self) -> None:
        """Begin to connect to all nodes; does not wait for any."""
        self._running = True
        self._tasks.spawn("heartbeat", every(self.clock, PING, self._beat, self.log))
        self.update()

    async def stop(self) -> None:
        """End all sessions."""
        self._running = False
        links, self._links = self._links, {}
        for link in links.values():
            await link.stop()
        await self._tasks.stop()

    def update(self) -> None:
        """Read *nodes* again: connect to new ones, let go of those that left or are offline."""
        if not self._running:
            return
        self._known = self.nodes()
        wanted = {uuid: node for uuid, node in self._known.items() if not node.offline}
        for uuid, link in tuple(self._links.items()):
            if wanted.get(uuid) != link.address:
                del self._links[uuid]
                self._tasks.spawn(f"leaving {link.address.name}", link.stop())
        for uuid, node in wanted.items():
            if uuid not in self._links:
                self._links[uuid] = self._link(node)

    async def call(
        self, node: str, call: Call[Any, Any], request: Any, timeout: float | None = None
    ) -> Any:
        """See `INodes`. The job id comes from the log context."""
        seconds = TIMEOUTS[call.timeout] if timeout is None else timeout
        link = self._links.get(node)
        if link is None:
            raise self._no_link(node)
        begun, done = self.clock.monotonic(), False
        try:
            answer = await self._exchange(link, call, request, seconds)
            done = True
        finally:
            took = self.clock.monotonic() - begun
            self.observe(link.address.name, call.timeout, took, done)
        return answer

    async def _exchange(
        self, link: Link, call: Call[Any, Any], request: Any, seconds: float
    ) -> Any:
        request_id = self.randomness.token(12).hex()
        frame = codec.encode_request(call, request, request_id, current().job, seconds)
        exchange = Exchange(link, call, request_id, frame, seconds, self._timers, self._tasks)
        return codec.decode_answer(call, await exchange.run())

    async def call_each(
        self, nodes: Iterable[str], call: Call[Any, Any], request: Any
    ) -> Mapping[str, Any | errors.GanetiError]:
        """See `INodes`."""

        async def one(node: str) -> Any | errors.GanetiError:
            try:
                return await self.call(node, call, request)
            except errors.GanetiError as error:
                return error

        return await gather(one, nodes, _AT_ONCE)

    def connected(self, node: str) -> bool:
        """See `INodes`."""
        link = self._links.get(node)
        return link is not None and link.connected()

    def _link(self, node: NodeAddress) -> Link:
        link = Link(
            node,
            self.connect,
            self._hello,
            self.sink,
            self.refused,
            self.clock,
            self.randomness.uniform,
        )
        link.start()
        return link

    def _hello(self) -> Hello:
        claim = self.claim()
        if claim is None:
            return Hello(self.versions)
        return Hello(self.versions, claim.epoch, claim.master_node)

    def _no_link(self, node: str) -> errors.RemoteError:
        known = self._known.get(node)
        if known is None:
            return errors.RemoteError(f"Node {node} is not in this cluster.")
        return errors.RemoteError(f"Node {known.name} is marked offline.")

    def _beat(self) -> None:
        for link in tuple(self._links.values()):
            link.beat()

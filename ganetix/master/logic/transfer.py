"""Contents of a disk from one node to another: keys, both ends, progress, and tidying up."""

from typing import Final

import attrs

from ganetix import errors
from ganetix.master.logic.unit import Context
from ganetix.model.cluster import Cluster
from ganetix.rpc.tables.spec import InstanceSpec
from ganetix.rpc.tables.transfer import (
    EXPORT_START,
    IMPEXP_CLEANUP,
    IMPEXP_STATUS,
    IMPORT_START,
    X509_CREATE,
    X509_REMOVE,
    KeyMade,
    KeyWanted,
    Peer,
    Place,
    ReceiveStart,
    SendStart,
    Started,
    TransferName,
    TransferQuery,
    TransferState,
)

LOOK: Final = 5.0
"""Seconds between two looks at a transfer that goes on; its end is told at once."""
_STEP: Final = 10
"""Percent between two lines of progress in the job's log."""
_BAR: Final = 20
_MIB: Final = 1024 * 1024


@attrs.frozen
class End:
    """One end of a transfer: a node's uuid, and the place there."""

    node: str
    place: Place


@attrs.frozen
class Route:
    """What is to go where: *what* names it in messages, *size* is MiB at most."""

    what: str
    source: End
    target: End
    size: int
    owner: str
    compress: str = "none"


def require_tool(cluster: Cluster, name: str) -> None:
    """Raise `errors.OpPrereqError` unless *name* is a compression tool of *cluster*, or none."""
    tools = ("none", *cluster.cluster.compression_tools)
    if name not in tools:
        raise errors.OpPrereqError(
            f"'{name}' is no compression tool of this cluster ({', '.join(tools)}); "
            "'gnt-cluster modify --compression-tools' adds one.",
            errors.INVAL,
        )


async def passed(context: Context, route: Route) -> None:
    """Take *route* and return when the target has everything.

    Raise `errors.OpExecError` when it failed; nothing is left at either end then but half a copy.
    """
    keys: list[tuple[str, KeyMade]] = []
    ends: list[tuple[str, Started]] = []
    try:
        for end in (route.source, route.target):
            made = await context.call(end.node, X509_CREATE, KeyWanted(route.owner))
            keys.append((end.node, made))
        (_, here), (_, there) = keys
        magic = context.randomness.secret(10)
        listening = await context.call(
            route.target.node,
            IMPORT_START,
            ReceiveStart(route.target.place, Peer(there.name, here.pem, magic, route.compress)),
        )
        ends.append((route.target.node, listening))
        sending = await context.call(
            route.source.node,
            EXPORT_START,
            SendStart(
                route.source.place,
                Peer(here.name, there.pem, magic, route.compress),
                listening.host or _address(context.cluster, route.target.node),
                listening.port,
            ),
        )
        ends.append((route.source.node, sending))
        await watched(context, route, ends)
    finally:
        await _clean_up(context, ends, keys)


def dump(export: str, file: str) -> Place:
    """Return the dump *file* of *export*."""
    return Place("file", export=export, file=file)


def through_script(spec: InstanceSpec, index: int) -> Place:
    """Return disk *index* of *spec* as its OS definition reads and writes it."""
    return Place("script", spec, index)


@attrs.frozen
class Arrival:
    """A disk that another cluster is to send: where it is waited for, and by which word."""

    node: str
    started: Started
    host: str
    port: int
    magic: str


async def awaited(context: Context, there: End, terms: tuple[KeyMade, str, str, float]) -> Arrival:
    """Listen for contents from another cluster.

    *terms*: this end's key, the other's certificate, the compression, seconds to wait for it.
    """
    made, certificate, compress, wait = terms
    magic = context.randomness.secret(10)
    peer = Peer(made.name, certificate, magic, compress)
    started: Started = await context.call(
        there.node, IMPORT_START, ReceiveStart(there.place, peer, wait)
    )
    host = started.host or context.cluster.nodes[there.node].primary_ip
    return Arrival(there.node, started, host, started.port, magic)


async def arrived(context: Context, arrival: Arrival, what: str, size: int) -> None:
    """Wait until everything has come; raise `errors.OpExecError` if it broke off. *size* is MiB."""
    progress = Progress(context, what, size)
    try:
        state = await _sending(context, progress, arrival.node, arrival.started)
    finally:
        await _clean_up(context, [(arrival.node, arrival.started)], [])
    if state.error:
        raise errors.OpExecError(f"{what} could not be received: {state.error}.")


async def sent_abroad(
    context: Context, source: End, what: str, size: int, there: tuple[str, int, Peer]
) -> None:
    """Send *source* to another cluster, which waits for it; raise `errors.OpExecError`.

    *there* is host, port, and what the two ends know of each other; *size* is MiB.
    """
    host, port, peer = there
    request = SendStart(source.place, peer, host, port)
    sending: Started = await context.call(source.node, EXPORT_START, request)
    try:
        sent = await _sending(context, Progress(context, what, size), source.node, sending)
    finally:
        await _clean_up(context, [(source.node, sending)], [])
    if sent.error:
        raise errors.OpExecError(f"{what} could not be transferred: {sent.error}.")


def _address(cluster: Cluster, node: str) -> str:
    """Return where *node* takes bulk data."""
    return cluster.nodes[node].secondary_ip


async def watched(context: Context, route: Route, ends: list[tuple[str, Started]]) -> None:
    """Wait for the end of a transfer, telling how far it is; raise if either end failed."""
    (target, listening), (source, sending) = ends
    sent = await _sending(context, Progress(context, route.what, route.size), source, sending)
    received = await _state(context, target, listening, LOOK if not sent.error else 0.0)
    while not received.finished and not sent.error:
        received = await _state(context, target, listening, LOOK)
    why = sent.error or received.error
    if not why and sent.size != received.size:
        why = f"{sent.size} bytes were sent, and {received.size} arrived"
    if why:
        raise errors.OpExecError(f"{route.what} could not be transferred: {why}.")


async def _sending(
    context: Context, progress: "Progress", node: str, sending: Started
) -> TransferState:
    """Return the end of *sending*, having told how far it was."""
    while not (sent := await _state(context, node, sending, LOOK)).finished:
        progress.tell(sent.size)
    return sent


async def _state(context: Context, node: str, started: Started, seconds: float) -> TransferState:
    found: TransferState = await context.call(
        node, IMPEXP_STATUS, TransferQuery(started.name, seconds)
    )
    return found


@attrs.define(eq=False)
class Progress:
    """Lines in the job's log: how much of *size* MiB is done, how fast, how long it still takes."""

    context: Context
    what: str
    size: int
    _began: float = attrs.field(init=False)
    _told: int = attrs.field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        """Time counts from now on."""
        self._began = self.context.clock.monotonic()

    def tell(self, size: int) -> None:
        """*size* bytes are done; compressed ones never come to the whole."""
        done = size / _MIB
        percent = min(int(100 * done / self.size), 100) if self.size else 100
        if percent < self._told + _STEP:
            return
        self._told = percent
        rate = done / max(self.context.clock.monotonic() - self._began, 0.001)
        left = max(self.size - done, 0.0) / rate
        full = percent * _BAR // 100
        bar = f"[{'#' * full}{'.' * (_BAR - full)}]"
        self.context.log(f"{self.what} {bar} {percent:3d}%, {rate:.1f} MiB/s, {left:.0f} s left")


async def _clean_up(
    context: Context, ends: list[tuple[str, Started]], keys: list[tuple[str, KeyMade]]
) -> None:
    """Forget transfers and keys; what fails is told, and gone after a day anyway."""
    calls = [(node, IMPEXP_CLEANUP, started.name) for node, started in ends]
    calls += [(node, X509_REMOVE, made.name) for node, made in keys]
    for node, call, name in calls:
        try:
            await context.call(node, call, TransferName(name))
        except errors.GanetiError as error:
            context.log(f"WARNING: {error.message}")

"""Migrations of running guests between the libvirt daemons of two nodes.

The source's node daemon speaks to both libvirt daemons. libvirt's own network port is not needed:
the target opens `IDoor` to its daemon for the time of one migration, and the source reaches it
through that. The guest's memory goes from QEMU to QEMU, to the port ``migration_port``.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, Protocol

import attrs

from ganetix.errors import HypervisorError
from ganetix.hypervisor.interface import Guest
from ganetix.hypervisor.libvirt import elements
from ganetix.hypervisor.libvirt.library import require
from ganetix.hypervisor.libvirt.link import Link
from ganetix.toolkit.tasks import Tasks, finished

LIVE_URI: Final = "qemu+unix:///system?socket={socket}"
_FLAGS: Final = {
    "auto-converge": "VIR_MIGRATE_AUTO_CONVERGE",
    "compress": "VIR_MIGRATE_COMPRESSED",
    "postcopy-ram": "VIR_MIGRATE_POSTCOPY",
    "xbzrle": "VIR_MIGRATE_COMPRESSED",
}
SECOND_PASS: Final = 2
_COMPRESSION: Final = {"compress": "mt", "xbzrle": "xbzrle"}
_WHY_PAUSED: Final = (
    "It was paused meanwhile: before version 9.0 QEMU without KVM forgets some of what a guest "
    "writes to its memory during a live migration."
)
_KEEPS_WRITES: Final = 9_000_000
"""libvirt's number for QEMU 9.0. One before it, when it emulates in software, forgets some of what
a guest writes to its memory while that is sent: the guest goes on with older pages, and dies."""


class Passage(Protocol):
    """A way between two nodes for what libvirt daemons say to each other."""

    def open(self, port: int) -> Awaitable[None]:
        """On the target: let other nodes reach this node's daemon through *port*."""

    def close(self, port: int) -> Awaitable[None]:
        """On the target: let nobody through *port* any more; nothing if it was not open."""

    def reach(self, address: str, port: int) -> Awaitable[str]:
        """On the source: return the path of a socket that leads to the daemon of *address*."""

    def leave(self, socket: str) -> Awaitable[None]:
        """On the source: remove *socket*, which `reach` gave."""


@attrs.define(eq=False)
class Migrations:
    """The migrations from and to this node."""

    link: Link
    passage: Passage | None
    _expected: dict[str, int] = attrs.field(factory=dict, init=False)
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)

    async def expect(self, guest: Guest) -> None:
        """Let *guest* be sent here."""
        port = door_of(guest)
        busy = [name for name, taken in self._expected.items() if taken == port]
        if busy and busy != [guest.name]:
            raise HypervisorError(
                f"Instance {guest.name} can't be received while {busy[0]} is: both use port "
                f"{guest.hvparams['migration_port']}. Migrate them one after the other."
            )
        self._expected[guest.name] = port
        await self._required().open(port)

    async def expected(self, name: str) -> None:
        """End what `expect` began; nothing if it did not."""
        port = self._expected.pop(name, None)
        if port is not None:
            await self._required().close(port)

    async def close(self) -> None:
        """Expect nobody any more."""
        for name in list(self._expected):
            await self.expected(name)
        await self._tasks.stop()

    async def send(self, guest: Guest, target: str, live: bool) -> str:
        """Move *guest* to *target*, return what was measured; a cancellation takes it back."""
        passage = self._required()
        socket = await passage.reach(target, door_of(guest))
        uri = LIVE_URI.format(socket=socket)

        def move(connection: Any) -> str:
            hand_over = partial(self.link.threads.to_reactor, self.hand_over, guest.name)
            return moved(connection, uri, guest, target, live, hand_over)

        def stop() -> None:
            self._tasks.spawn(f"stopping the migration of {guest.name}", self._abort(guest.name))

        try:
            return await finished(self.link.run_aside(f"migrate {guest.name}", move), stop)
        except HypervisorError as error:
            raise HypervisorError(
                f"Instance {guest.name} could not be migrated to {target}: {error.message}"
            ) from error
        finally:
            await passage.leave(socket)

    def hand_over(self, name: str) -> None:
        """Let the guest that is being sent run on the target now, and fetch what it lacks."""
        self._tasks.spawn(f"letting {name} run on its new node", self._start_post_copy(name))

    async def _start_post_copy(self, name: str) -> None:
        await self.link.run(lambda connection: connection.lookupByName(name).migrateStartPostCopy())

    async def _abort(self, name: str) -> None:
        await self.link.run(lambda connection: connection.lookupByName(name).abortJob())

    def _required(self) -> Passage:
        if self.passage is None:
            raise HypervisorError("Guests can't be migrated from or to this node.")
        return self.passage


def door_of(guest: Guest) -> int:
    """Return the port for libvirt's own words: the one after that of the guest's memory."""
    return int(guest.hvparams["migration_port"]) + 1


def moved(
    connection: Any,
    uri: str,
    guest: Guest,
    target: str,
    live: bool,
    hand_over: Callable[[], object],
) -> str:
    """Move *guest* to the libvirt daemon at *uri* on node *target*; blocks. Return what it took.

    With post-copy, *hand_over* is called when all memory was sent once.
    """
    library = require()
    domain = connection.lookupByName(guest.name)
    forgets = live and forgets_writes(domain.XMLDesc(), connection.getVersion())
    asked = flags(guest, live and not forgets)
    with_target = library.open(uri)
    try:
        if live:
            domain.migrateSetMaxDowntime(int(guest.hvparams["migration_downtime"]))
        if asked & library.VIR_MIGRATE_POSTCOPY:
            passes = library.VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION
            connection.domainEventRegisterAny(domain, passes, evt_pass, hand_over)
        given = parameters(guest, target, elements.with_disks_of(guest, _description(domain)))
        there = domain.migrate3(with_target, given, asked)
        told = measured(there.jobStats(library.VIR_DOMAIN_JOB_STATS_COMPLETED))
        return f"{told} {_WHY_PAUSED}".strip() if forgets else told
    finally:
        with_target.close()


def evt_pass(connection: object, domain: object, number: int, hand_over: Any) -> None:
    """Libvirt's thread: pass *number* over the guest's memory begins."""
    if number == SECOND_PASS:
        hand_over()


def forgets_writes(xml: str, version: int) -> bool:
    """Whether QEMU of *version* forgets what the domain of *xml* writes during a live migration."""
    return elements.parsed(xml).get("type") == "qemu" and version < _KEEPS_WRITES


def _description(domain: Any) -> str:
    library = require()
    shown: str = domain.XMLDesc(library.VIR_DOMAIN_XML_MIGRATABLE | library.VIR_DOMAIN_XML_SECURE)
    return shown


def parameters(guest: Guest, target: str, xml: str) -> dict[str, Any]:
    """Return libvirt's typed parameters for moving *guest* to *target*, where it is *xml*."""
    library = require()
    hv = guest.hvparams
    address = f"[{target}]" if ":" in target else target
    found: dict[str, Any] = {
        library.VIR_MIGRATE_PARAM_URI: f"tcp://{address}:{hv['migration_port']}",
        library.VIR_MIGRATE_PARAM_BANDWIDTH: int(hv["migration_bandwidth"]),
        library.VIR_MIGRATE_PARAM_DEST_XML: xml,
    }
    methods = [_COMPRESSION[name] for name in _caps(guest) if name in _COMPRESSION]
    if methods:
        found[library.VIR_MIGRATE_PARAM_COMPRESSION] = methods
    return found


def flags(guest: Guest, live: bool) -> int:
    """Return libvirt's flags: without *live* the guest is stopped while its memory is sent."""
    library = require()
    # The domain is defined where its guest is, and nowhere else. Both nodes see the same disks.
    found = (
        library.VIR_MIGRATE_PERSIST_DEST
        | library.VIR_MIGRATE_UNDEFINE_SOURCE
        | library.VIR_MIGRATE_UNSAFE
        | library.VIR_MIGRATE_ABORT_ON_ERROR
    )
    if live:
        found |= library.VIR_MIGRATE_LIVE
    for name in _caps(guest):
        # A guest that stands still has nothing to begin on the target with.
        if live or name != "postcopy-ram":
            found |= getattr(library, _FLAGS[name])
    return int(found)


def _caps(guest: Guest) -> list[str]:
    return [name for name in str(guest.hvparams["migration_caps"]).split(":") if name]


def measured(stats: dict[str, Any]) -> str:
    """Say what libvirt measured of a finished migration; empty when it did not."""
    parts = []
    if "downtime" in stats:
        parts.append(f"the guest stood still for {stats['downtime']} ms")
    if "time_elapsed" in stats:
        parts.append(f"the migration took {stats['time_elapsed'] / 1000:.1f} s")
    if "memory_processed" in stats:
        parts.append(f"{stats['memory_processed'] / 2**20:.0f} MiB of memory were sent")
    told = "; ".join(parts)
    return f"{told[0].upper()}{told[1:]}." if told else ""

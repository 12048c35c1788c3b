"""Libvirt without threads: calls run where they are asked for, and its events when one says so."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import attrs
from twisted.internet.defer import Deferred

from ganetix.hypervisor.interface import DeviceKind, Guest
from ganetix.hypervisor.libvirt import domains
from ganetix.hypervisor.libvirt.elements import alias, element, identity, text_of
from ganetix.hypervisor.libvirt.library import require
from ganetix.hypervisor.libvirt.link import Link
from ganetix.hypervisor.libvirt.threads import Threads
from ganetix.testing.workers import InlineWorker

T = TypeVar("T")


@attrs.frozen
class InlineThread:
    """A thread that is none; the one for libvirt's events waits for ever."""

    name: str

    async def start(self) -> None:
        """Nothing."""

    async def stop(self) -> None:
        """Nothing."""

    def run(self, call: Callable[..., Any], *args: object) -> Awaitable[Any]:
        """Run *call* at once."""
        return Deferred() if self.name == "libvirt-events" else InlineWorker().run(call, *args)


def inline_threads() -> Threads:
    """Return threads that are none."""
    return Threads(InlineThread, lambda call, *args: call(*args))


def deliver() -> None:
    """Let libvirt deliver the events that it has."""
    library = require()
    timer = library.virEventAddTimeout(0, lambda *_: None, None)
    library.virEventRunDefaultImpl()
    library.virEventRunDefaultImpl()
    library.virEventRemoveTimeout(timer)


class OneConnection(Link):
    """A link without connections aside: those of the test driver would not see the same guests."""

    async def run_aside(self, what: str, call: Callable[[Any], T]) -> T:
        """See `Link`."""
        return await self.run(call)


@attrs.frozen
class TestKind:
    """Guests of libvirt's own test driver, which run in its memory."""

    name: str = "test"

    async def domain(self, guest: Guest) -> str:
        """See `Kind`."""
        return text_of(
            element(
                "domain",
                {"type": "test"},
                *identity(guest),
                element("vcpu", None, str(guest.vcpus)),
                element("os", None, element("type", None, "hvm")),
            )
        )

    async def prepare(self) -> None:
        """See `Kind`."""

    async def validate(self, hvparams: Mapping[str, Any]) -> None:
        """See `Kind`."""

    async def describe(self) -> str:
        """See `Kind`."""
        return "Guests in the memory of libvirt."

    def device(self, guest: Guest, kind: DeviceKind, index: int) -> str:
        """See `Kind`."""
        disk = guest.disks[index]
        return text_of(
            element(
                "disk",
                {"type": "file", "device": "disk"},
                element("source", {"file": disk.path}),
                element("target", {"dev": f"vd{chr(ord('a') + index)}"}),
                element("alias", {"name": alias(guest, kind, index)}),
            )
        )

    def shutdown(self, connection: Any, name: str) -> None:
        """See `Kind`."""
        domains.shutdown(connection, name)

    def reboot(self, connection: Any, guest: Guest) -> None:
        """See `Kind`."""
        domains.restart(connection, guest.name)

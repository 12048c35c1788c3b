"""A service tree whose start is awaited and whose failure is an error, not a log line."""

from collections.abc import Awaitable
from typing import Protocol

import attrs
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import Attribute, Interface, implementer


class IAwaitedService(Interface):
    """Something that is started once and stopped once."""

    name: str = Attribute("A short name, unique among its siblings.")

    def start() -> Awaitable[None]:
        """Be ready for work when this fires; raise if that can't be."""

    def stop() -> Awaitable[None]:
        """Release everything; fires when done."""


class Startable(Protocol):
    """`IAwaitedService` for the type checker."""

    name: str

    def start(self) -> Awaitable[None]:
        """See `IAwaitedService`."""

    def stop(self) -> Awaitable[None]:
        """See `IAwaitedService`."""


@implementer(IAwaitedService)
@attrs.define(eq=False)
class ServiceTree:
    """Children started in order and stopped in reverse, each awaited.

    If a child fails to start, those already started are stopped again and the error is raised.
    """

    name: str
    children: tuple[Startable, ...]
    log: Logger = attrs.field(factory=Logger)
    _started: list[Startable] = attrs.field(factory=list, init=False)

    async def start(self) -> None:
        """Start the children in order."""
        for child in self.children:
            self.log.debug("Starting {service}", service=child.name)
            try:
                await child.start()
            except BaseException:
                await self.stop()
                raise
            self._started.append(child)

    async def stop(self) -> None:
        """Stop the started children in reverse; raise the first error after all have stopped."""
        failed: Exception | None = None
        while self._started:
            child = self._started.pop()
            self.log.debug("Stopping {service}", service=child.name)
            try:
                await child.stop()
            except Exception as error:  # noqa: BLE001 - all siblings must stop; raised below
                self.log.failure("Stopping {service} failed", Failure(), service=child.name)
                failed = failed or error
        if failed is not None:
            raise failed

    def named(self, name: str) -> Startable:
        """Return the child called *name*; raise KeyError if there is none."""
        for child in self.children:
            if child.name == name:
                return child
        raise KeyError(name)


def started(service: Startable) -> Deferred[None]:
    """Start *service* as a Deferred, for code that is not a coroutine."""

    async def run() -> None:
        await service.start()

    return Deferred.fromCoroutine(run())

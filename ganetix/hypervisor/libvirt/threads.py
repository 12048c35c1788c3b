"""The threads that libvirt gets: one for its events, one for each connection."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

import attrs
from twisted.logger import Logger

from ganetix.hypervisor.libvirt.library import require
from ganetix.toolkit.tasks import Tasks

_NOW: Final = 0


class Thread(Protocol):
    """One thread: `IWorker` that is started and stopped."""

    def start(self) -> Awaitable[None]:
        """Be ready."""

    def stop(self) -> Awaitable[None]:
        """Let queued calls finish, then end."""

    def run(self, call: Callable[..., Any], *args: object) -> Awaitable[Any]:
        """See `IWorker`."""


@attrs.frozen
class Threads:
    """*make* makes the thread called so; *to_reactor* calls something on the reactor from one."""

    make: Callable[[str], Thread]
    to_reactor: Callable[..., object]


@attrs.define(eq=False)
class EventLoop:
    """libvirt's event loop in a thread of its own; a process has one. Also a service.

    It must be there before the first connection is opened: `ensure` starts it then.
    """

    threads: Threads
    name: str = "libvirt events"
    log: Logger = attrs.field(factory=Logger)
    _thread: Thread | None = attrs.field(default=None, init=False)
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)
    _ending: bool = attrs.field(default=False, init=False)

    async def start(self) -> None:
        """Nothing: the loop starts with the first connection."""

    async def ensure(self) -> None:
        """Start the loop unless it runs."""
        if self._thread is not None:
            return
        library = require()
        # Without a handler libvirt prints its errors on stderr; each is raised as well.
        library.registerErrorHandler(_raised_as_well, None)
        library.virEventRegisterDefaultImpl()
        self._ending = False
        self._thread = self.threads.make("libvirt-events")
        await self._thread.start()
        self._tasks.spawn("libvirt's events", self._loop(self._thread))

    async def stop(self) -> None:
        """End the loop."""
        if self._thread is None:
            return
        self._ending = True
        # The loop sleeps until something happens; this happens.
        require().virEventAddTimeout(_NOW, _wake_up, None)
        await self._tasks.drained()
        await self._thread.stop()
        self._thread = None

    async def _loop(self, thread: Thread) -> None:
        await thread.run(self._thd_loop, require())

    def _thd_loop(self, library: Any) -> None:
        while not self._ending:
            library.virEventRunDefaultImpl()


def _raised_as_well(context: object, error: object) -> None:
    """Say nothing."""


def _wake_up(timer: int, *_: object) -> None:
    """Remove the timer, which has done its work."""
    require().virEventRemoveTimeout(timer)

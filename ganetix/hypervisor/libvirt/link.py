"""A connection to the node's libvirt daemon that comes back when it is lost."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import attrs
from twisted.internet.defer import CancelledError
from twisted.logger import Logger

from ganetix.errors import HypervisorError
from ganetix.hypervisor.libvirt.library import require
from ganetix.hypervisor.libvirt.threads import EventLoop, Thread, Threads
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.tasks import Tasks, finished

T = TypeVar("T")
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
"""Seconds between two attempts to reach a lost daemon: doubled each time, from, up to."""
ALIVE_INTERVAL: Final = 5
ALIVE_MISSES: Final = 3
"""Seconds between two signs of life, and how many may be missing."""


@attrs.define(eq=False)
class Link:
    """The connection to libvirt at *uri*; opened when it is first needed.

    Calls get the open connection (libvirt's ``virConnect``) on the connection's thread. Errors of
    libvirt are raised as `errors.HypervisorError`. A lost connection is opened again by the next
    call, and in the background, so that events arrive.
    """

    uri: str
    clock: Clock
    threads: Threads
    loop: EventLoop
    log: Logger = attrs.field(factory=Logger)
    _thread: Thread | None = attrs.field(default=None, init=False)
    _open: Any = attrs.field(default=None, init=False)
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)
    _returning: bool = attrs.field(default=False, init=False)
    _trouble: str = attrs.field(default="", init=False)
    _listeners: list[Callable[[], None]] = attrs.field(factory=list, init=False)

    @property
    def trouble(self) -> str:
        """Why libvirt can't be reached; empty when it can, or was never needed."""
        return self._trouble

    def listen(self, changed: Callable[[], None]) -> None:
        """Call *changed* when a domain has changed, or the connection is back."""
        self._listeners.append(changed)

    async def run(self, call: Callable[[Any], T]) -> T:
        """Return what *call* returns for the open connection."""
        thread = await self._ready()
        done: T = await finished(thread.run(self._thd_run, call))
        return done

    async def run_aside(self, what: str, call: Callable[[Any], T]) -> T:
        """Like `run`, on a connection and a thread of its own: for what may take long.

        Cancelling it waits for its end: whoever cancels makes *call* end first.
        """
        await self.loop.ensure()
        thread = self.threads.make(what)
        await thread.start()
        try:
            done: T = await finished(thread.run(self._thd_aside, call))
            return done
        finally:
            await thread.stop()

    async def close(self) -> None:
        """Close the connection; guests go on."""
        await self._tasks.stop()
        thread, self._thread = self._thread, None
        if thread is not None:
            await thread.run(self._thd_close)
            await thread.stop()

    async def _ready(self) -> Thread:
        await self.loop.ensure()
        if self._thread is None:
            self._thread = self.threads.make(f"libvirt {self.uri}")
            await self._thread.start()
        return self._thread

    def _thd_run(self, call: Callable[[Any], T]) -> T:
        if self._open is None:
            self._open = self._thd_connect()
        return _translated(call, self._open)

    def _thd_aside(self, call: Callable[[Any], T]) -> T:
        connection = _translated(require().open, self.uri)
        try:
            return _translated(call, connection)
        finally:
            connection.close()

    def _thd_connect(self) -> Any:
        library = require()
        try:
            connection = library.open(self.uri)
        except library.libvirtError as error:
            self.threads.to_reactor(self._missed, _sentence(error))
            raise HypervisorError(self._unreachable(_sentence(error))) from error
        self._thd_watch(library, connection)
        self.threads.to_reactor(self._reached)
        return connection

    def _thd_watch(self, library: Any, connection: Any) -> None:
        lifecycle = library.VIR_DOMAIN_EVENT_ID_LIFECYCLE
        connection.domainEventRegisterAny(None, lifecycle, self._evt_changed, None)
        try:
            connection.registerCloseCallback(self._evt_lost, None)
            connection.setKeepAlive(ALIVE_INTERVAL, ALIVE_MISSES)
        except library.libvirtError:
            # A driver inside of this process has no daemon to lose.
            return

    def _thd_close(self) -> None:
        connection, self._open = self._open, None
        if connection is not None:
            connection.close()

    def _evt_changed(self, *_: object) -> None:
        """Libvirt's thread: a domain has another state."""
        self.threads.to_reactor(self._tell)

    def _evt_lost(self, connection: object, *_: object) -> None:
        """Libvirt's thread: the daemon is gone, or does not answer."""
        self.threads.to_reactor(self._lost, connection)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    def _lost(self, connection: object) -> None:
        if self._thread is None or (self._open is not None and connection is not self._open):
            return
        self._missed("the connection was lost")

    def _missed(self, why: str) -> None:
        self._trouble = self._unreachable(why)
        if self._returning or self._thread is None:
            return
        self.log.error("{trouble} Guests go on; trying again.", trouble=self._trouble)
        self._returning = True
        self._tell()
        self._tasks.spawn(f"reaching libvirt at {self.uri}", self._come_back(self._thread))

    def _reached(self) -> None:
        if self._trouble:
            self.log.info("libvirt at {uri} answers again.", uri=self.uri)
        self._trouble = ""
        self._tell()

    def _unreachable(self, why: str) -> str:
        remedy = "'systemctl start libvirtd' starts it"
        return f"libvirt at {self.uri} can't be reached: {why}; {remedy}."

    async def _come_back(self, thread: Thread) -> None:
        pause = FIRST_PAUSE
        try:
            await thread.run(self._thd_close_lost)
            while self._trouble:
                await self.clock.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                await self._attempt(thread)
        finally:
            self._returning = False

    def _thd_close_lost(self) -> None:
        try:
            self._thd_close()
        except require().libvirtError:
            return

    async def _attempt(self, thread: Thread) -> None:
        try:
            await thread.run(self._thd_run, _alive)
        except CancelledError:
            raise
        except HypervisorError:
            return


def _alive(connection: Any) -> None:
    connection.getLibVersion()


def _translated(call: Callable[[Any], T], argument: Any) -> T:
    try:
        return call(argument)
    except require().libvirtError as error:
        raise HypervisorError(f"libvirt says: {_sentence(error)}.") from error


def _sentence(error: Exception) -> str:
    return str(error).strip().rstrip(".") or "it failed without a reason"

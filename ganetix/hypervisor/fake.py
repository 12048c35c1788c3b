"""The fake hypervisor: a guest is a file, and whoever removes the file has killed the guest.

Files are ``/var/run/ganeti/fake-hypervisor/<name>`` with lines ``key=value``: ``memory`` (MiB),
``vcpus``, ``state`` and ``started`` (seconds since the epoch). A file with ``state=shutdown`` is a
guest that shut itself down; with ``state=incoming`` it is one that is being received, and no guest
yet. Everything else of a cluster is real with it: disks, OS scripts, locks.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

import attrs
from zope.interface import implementer

from ganetix import errors
from ganetix.hypervisor import host
from ganetix.hypervisor.interface import (
    RUN_STATES,
    DeviceKind,
    Guest,
    GuestState,
    HostFigures,
    IHypervisor,
    RunState,
)
from ganetix.paths import Paths
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.interfaces import IFileSystem, IWorker

INCOMING: Final = "incoming"
_MODE: Final = 0o600


@implementer(IHypervisor)
@attrs.frozen
class FakeHypervisor:
    """Guests that use memory on paper only. Blocking file calls run on *worker*."""

    paths: Paths
    files: IFileSystem
    worker: IWorker
    clock: Clock
    name: str = "fake"

    @property
    def directory(self) -> str:
        """Where the guests' files are."""
        return f"{self.paths.run_dir}/fake-hypervisor"

    def listen(self, changed: Callable[[], None]) -> bool:
        """See `IHypervisor`: nobody tells of a file that was removed."""
        return False

    async def close(self) -> None:
        """See `IHypervisor`: nothing is open."""

    async def create(self, guest: Guest, paused: bool) -> None:
        """See `IHypervisor`."""
        text = self._text(guest, "paused" if paused else "running")
        await self.worker.run(self._thd_create, guest.name, text)

    async def resume(self, name: str) -> None:
        """See `IHypervisor`."""
        await self.worker.run(self._thd_resume, name)

    async def shutdown(self, name: str) -> None:
        """See `IHypervisor`: a fake guest obeys at once."""
        await self.destroy(name)

    async def destroy(self, name: str) -> None:
        """See `IHypervisor`."""
        await self.worker.run(self._thd_remove, name)

    async def reboot(self, guest: Guest) -> None:
        """See `IHypervisor`."""
        if await self.lookup(guest.name) is None:
            raise self._not_here(guest.name, "rebooted")
        await self._write(guest, "running")

    async def balloon(self, name: str, memory: int) -> None:
        """See `IHypervisor`."""
        if await self.lookup(name) is None:
            raise self._not_here(name, "given other memory")
        await self.worker.run(self._thd_changed, name, {"memory": str(memory)})

    async def lookup(self, name: str) -> GuestState | None:
        """See `IHypervisor`."""
        rows: Mapping[str, str] | None = await self.worker.run(self._thd_read, name)
        return None if rows is None else parse(name, rows, self.clock.wall())

    async def all_domains(self) -> Sequence[GuestState]:
        """See `IHypervisor`."""
        found: Mapping[str, Mapping[str, str]] = await self.worker.run(self._thd_read_all)
        states = (parse(name, rows, self.clock.wall()) for name, rows in found.items())
        return [state for state in states if state is not None]

    async def accept(self, guest: Guest, source: str) -> None:
        """See `IHypervisor`: memory is taken now; the guest is here from `finish_incoming` on."""
        if await self.lookup(guest.name) is not None:
            raise errors.HypervisorError(
                f"Instance {guest.name} already runs on {self.paths.hostname}; it can't be "
                f"received from {source}."
            )
        await self._write(guest, INCOMING)

    async def migrate(self, guest: Guest, target: str, live: bool) -> str:
        """See `IHypervisor`: the guest stops here."""
        if await self.lookup(guest.name) is None:
            raise self._not_here(guest.name, f"migrated to {target}")
        await self.destroy(guest.name)
        return ""

    async def finish_incoming(self, guest: Guest, success: bool) -> None:
        """See `IHypervisor`."""
        if not success:
            await self.destroy(guest.name)
        elif await self.lookup(guest.name) is None:
            await self._write(guest, "running")

    async def finish_outgoing(self, guest: Guest, success: bool) -> None:
        """See `IHypervisor`."""
        if success:
            await self.destroy(guest.name)
        elif await self.lookup(guest.name) is None:
            await self._write(guest, "running")

    async def attach(self, guest: Guest, kind: DeviceKind, index: int) -> None:
        """See `IHypervisor`: what a guest has is on paper only, too."""

    async def detach(self, guest: Guest, kind: DeviceKind, index: int) -> None:
        """See `IHypervisor`."""

    async def figures(self) -> HostFigures:
        """See `IHypervisor`: the machine's real memory less what the guests pretend to use."""
        found: HostFigures = await self.worker.run(self._thd_figures)
        return found

    async def validate(self, hvparams: Mapping[str, Any]) -> None:
        """See `IHypervisor`: nothing is needed."""

    async def describe(self) -> str:
        """See `IHypervisor`."""
        return "Guests are files, and run on paper only."

    async def addresses(self, name: str) -> Mapping[str, Sequence[str]]:
        """See `IHypervisor`: there is nobody to ask."""
        return {}

    async def verify(self) -> str:
        """See `IHypervisor`."""
        told: str = await self.worker.run(self._thd_verify)
        return told

    def _not_here(self, name: str, done: str) -> errors.HypervisorError:
        return errors.HypervisorError(
            f"Instance {name} does not run on {self.paths.hostname}; it can't be {done}."
        )

    async def _write(self, guest: Guest, state: str) -> None:
        await self.worker.run(self._thd_write, guest.name, self._text(guest, state))

    def _text(self, guest: Guest, state: str) -> bytes:
        lines = {
            "memory": guest.memory,
            "vcpus": guest.vcpus,
            "state": state,
            "started": f"{self.clock.wall():.3f}",
        }
        return "".join(f"{key}={value}\n" for key, value in lines.items()).encode()

    def _thd_create(self, name: str, data: bytes) -> None:
        rows = self._thd_read(name)
        state = None if rows is None else parse(name, rows, self.clock.wall())
        if state is not None and state.state != "shutdown":
            raise errors.HypervisorError(f"Instance {name} already runs on {self.paths.hostname}.")
        self._thd_write(name, data)

    def _thd_resume(self, name: str) -> None:
        rows = self._thd_read(name)
        if rows is not None and rows.get("state") == "paused":
            self._thd_changed(name, {"state": "running"})

    def _thd_changed(self, name: str, values: Mapping[str, str]) -> None:
        rows = self._thd_read(name)
        if rows is not None:
            fresh = {**rows, **values}
            self._thd_write(name, "".join(f"{k}={v}\n" for k, v in fresh.items()).encode())

    def _thd_write(self, name: str, data: bytes) -> None:
        self.files.make_dirs(self.directory, 0o755)
        self.files.replace(self._file(name), data, _MODE, False)

    def _thd_remove(self, name: str) -> None:
        try:
            self.files.remove(self._file(name))
        except FileNotFoundError:
            return

    def _thd_read(self, name: str) -> Mapping[str, str] | None:
        try:
            return fields(self.files.read(self._file(name)))
        except FileNotFoundError:
            return None

    def _thd_read_all(self) -> Mapping[str, Mapping[str, str]]:
        names = (n for n in self.files.entries(self.directory) if not n.endswith(".new"))
        found = {name: self._thd_read(name) for name in names}
        return {name: rows for name, rows in found.items() if rows is not None}

    def _thd_figures(self) -> HostFigures:
        found = host.figures(
            self.files.read(host.MEMINFO).decode(), self.files.read(host.CPUINFO).decode()
        )
        guests = self._thd_read_all().items()
        used = sum(_number(name, rows, "memory") for name, rows in guests if _in_use(rows))
        return attrs.evolve(found, memory_free=max(found.memory_free - int(used), 0))

    def _thd_verify(self) -> str:
        if not self.files.exists(self.directory):
            return ""
        if not self.files.writable(self.directory):
            return f"The directory {self.directory} of the fake hypervisor can't be written."
        return ""

    def _file(self, name: str) -> str:
        return f"{self.directory}/{name}"


def fields(data: bytes) -> Mapping[str, str]:
    """Return the ``key=value`` lines of a guest's file."""
    lines = (line.partition("=") for line in data.decode(errors="replace").splitlines())
    return {key: value for key, sign, value in lines if sign}


def parse(name: str, rows: Mapping[str, str], now: float) -> GuestState | None:
    """Return the guest that the file of *name* describes; None when it is only being received.

    *now* is wall time in seconds: a guest uses a processor fully since it started. Raise
    `errors.HypervisorError` when the file is not one of ours.
    """
    state = rows.get("state", "running")
    if state == INCOMING:
        return None
    if state not in RUN_STATES:
        raise _unreadable(name, f"state is {state}")
    started = _number(name, rows, "started") if "started" in rows else now
    return GuestState(
        name,
        int(_number(name, rows, "memory")),
        int(_number(name, rows, "vcpus")),
        cast("RunState", state),
        max(now - started, 0.0),
    )


def _in_use(rows: Mapping[str, str]) -> bool:
    return rows.get("state") != "shutdown"


def _number(name: str, rows: Mapping[str, str], key: str) -> float:
    try:
        return float(rows[key])
    except (KeyError, ValueError):
        raise _unreadable(name, f"{key} is {rows.get(key, 'missing')}") from None


def _unreadable(name: str, why: str) -> errors.HypervisorError:
    return errors.HypervisorError(
        f"The fake hypervisor's file of instance {name} can't be read ({why}); remove it, then "
        f"start the instance with 'gnt-instance start {name}'."
    )

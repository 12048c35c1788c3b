"""Disks that are mirrored by DRBD: template ``drbd``, with DRBD 8.4 in the kernel."""

from typing import Final

import attrs
from zope.interface import implementer

from ganetix import errors
from ganetix.model.objects import Disk
from ganetix.storage import drbd_argv, drbd_parse
from ganetix.storage.drbd_argv import SETUP, Side
from ganetix.storage.drbd_parse import Minor, Shown
from ganetix.storage.interface import Found, IBlockDevice, Space, Sync
from ganetix.storage.plain import PlainDisks, path_of
from ganetix.storage.programs import Programs, failed
from ganetix.toolkit.interfaces import IFileSystem, IWorker

STATUS: Final = "/proc/drbd"
_BLOCKDEV: Final = "/usr/sbin/blockdev"
_GOOD: Final = frozenset({"UpToDate", "Consistent"})
_BEING_MADE_GOOD: Final = frozenset({"Inconsistent", "Outdated", "Negotiating", "Attaching"})


@implementer(IBlockDevice)
@attrs.frozen
class DrbdDisks:
    """``logical_id`` is ``[node A, node B, port, minor A, minor B, secret]``; see `side_of`.

    The children are two logical volumes, for data and metadata, of the same names on both nodes.
    """

    hostname: str
    plain: PlainDisks
    programs: Programs
    files: IFileSystem
    worker: IWorker
    dev_type: str = "drbd"

    async def create(self, disk: Disk) -> None:
        """See `IBlockDevice`: this node's half, not yet connected."""
        side = self._side(disk)
        made: list[Disk] = []
        try:
            for child in disk.children:
                await self.plain.create(child)
                made.append(child)
            await self._write_metadata(side, path_of(disk.children[1]))
        except errors.GanetiError:
            await self.plain.remove_all(made)
            raise

    async def remove(self, disk: Disk) -> None:
        """See `IBlockDevice`: this node's half."""
        await self.shutdown(disk)
        await self.plain.remove_all(disk.children)

    async def assemble(self, disk: Disk, primary: bool, fresh: bool = False) -> Found:
        """See `IBlockDevice`: attached, and connected or waiting for the peer."""
        side = self._side(disk)
        data, meta = await self.plain.assemble_all(disk.children)
        state = await self._state(side)
        if not state.configured:
            await self._run(f"make {side.path}", SETUP, "new-resource", side.resource)
            await self._run(
                f"make {side.path}", SETUP, "new-minor", side.resource, str(side.minor), "0"
            )
        shown = await self._shown(side) if state.configured else Shown()
        self._require_own(side, shown, data.path)
        if not shown.disk:
            await self._attach(disk, side, data.path, meta.path)
        await self._connect(disk, side, shown)
        if primary:
            force = ("--force",) if fresh else ()
            await self._run(f"make {side.path} primary", SETUP, "primary", str(side.minor), *force)
            await self._require_device(side)
        return Found(side.path, disk.size)

    async def shutdown(self, disk: Disk) -> None:
        """See `IBlockDevice`."""
        side = self._side(disk)
        if (await self._state(side)).configured:
            await self._run(f"take {side.path} down", SETUP, "down", side.resource)

    async def find(self, disk: Disk) -> Found | None:
        """See `IBlockDevice`: this node's half is there when both its volumes are."""
        side = self._side(disk)
        halves = await self.plain.find_all(disk.children)
        if any(half is None for half in halves):
            return None
        return Found(side.path, halves[0].size if halves[0] else 0)

    async def grow(self, disk: Disk, amount: int, dry_run: bool) -> None:
        """See `IBlockDevice`: this node's data volume. `resize` makes the device follow."""
        await self.plain.grow(disk.children[0], amount, dry_run)

    async def resize(self, disk: Disk) -> None:
        """Let the device, on its primary, have the size that both volumes have grown to."""
        side = self._side(disk)
        await self._run(f"resize {side.path}", SETUP, "resize", str(side.minor))

    async def rename(self, disk: Disk, new: Disk) -> None:
        """See `IBlockDevice`: both volumes."""
        for old, child in zip(disk.children, new.children, strict=True):
            await self.plain.rename(old, child)

    async def snapshot(self, disk: Disk, name: str) -> Disk:
        """See `IBlockDevice`: of the data volume."""
        return await self.plain.snapshot(disk.children[0], name)

    async def sync(self, disk: Disk) -> Sync | None:
        """See `IBlockDevice`."""
        state = await self._state(self._side(disk))
        return Sync(not state.healthy, _local(state), state.percent, state.seconds)

    async def space(self, unit: str) -> Space:
        """See `IBlockDevice`: *unit* is a volume group."""
        return await self.plain.space(unit)

    async def demote(self, disk: Disk) -> None:
        """Make this node secondary; something that has the device open is refused."""
        side = self._side(disk)
        await self._run(f"make {side.path} secondary", SETUP, "secondary", str(side.minor))

    async def disconnect(self, disk: Disk) -> None:
        """Stop speaking to the peer."""
        side = self._side(disk)
        state = await self._state(side)
        if state.configured and state.connection != drbd_parse.STANDALONE:
            await self._run(f"disconnect {side.path}", *drbd_argv.disconnect(side))

    async def allow_two_primaries(self, disk: Disk, *, allowed: bool) -> None:
        """Let both nodes write at the same time, or end that."""
        side = self._side(disk)
        await self._run(
            f"set who may write to {side.path}",
            *drbd_argv.two_primaries(side, allowed=allowed),
        )

    async def detach(self, disk: Disk) -> None:
        """Take the local volumes from the device; reads and writes go to the peer."""
        side = self._side(disk)
        state = await self._state(side)
        if state.configured and state.disk != drbd_parse.DISKLESS:
            await self._run(f"detach {side.path}", SETUP, "detach", str(side.minor))

    async def renew(self, disk: Disk) -> None:
        """Give metadata to the volumes and, if the device is there, attach them.

        Nothing of them counts as in sync then.
        """
        side = self._side(disk)
        data, meta = await self.plain.assemble_all(disk.children)
        await self._write_metadata(side, meta.path)
        if (await self._state(side)).configured:
            await self._attach(disk, side, data.path, meta.path)

    async def pause(self, disk: Disk, *, paused: bool) -> None:
        """Pause syncing, or go on with it; fine if that is so already."""
        side = self._side(disk)
        verb = "pause-sync" if paused else "resume-sync"
        result = await self.programs.run(SETUP, verb, str(side.minor))
        # 134, 135: the flag is what it should be.
        if not result.ok and b"already" not in result.stderr:
            raise failed(f"{verb} {side.path}", result)

    def _side(self, disk: Disk) -> Side:
        return drbd_argv.side_of(disk, self.hostname)

    async def _write_metadata(self, side: Side, meta: str) -> None:
        argv = drbd_argv.create_metadata(side, meta)
        await self.programs.must(f"write DRBD metadata to {meta}", *argv)

    async def _attach(self, disk: Disk, side: Side, data: str, meta: str) -> None:
        await self._run(f"clean {meta}", *drbd_argv.apply_log(side, meta))
        await self._run(
            f"attach {data} to {side.path}", *drbd_argv.attach(side, data, meta, disk.params)
        )
        await self._run(f"set the sync rate of {side.path}", *drbd_argv.rates(side, disk.params))

    async def _connect(self, disk: Disk, side: Side, shown: Shown) -> None:
        """Connect to the right peer, if that is not so yet."""
        state = await self._state(side)
        if shown.remote and (shown.local, shown.remote) != (side.local, side.remote):
            raise errors.BlockDeviceError(
                f"{side.path} is connected to {shown.remote}, but should be to {side.remote}; "
                f"'drbdsetup down {side.resource}' on {self.hostname} ends that."
            )
        if state.connection == drbd_parse.STANDALONE or not shown.remote:
            if shown.remote:
                await self._run(f"disconnect {side.path}", *drbd_argv.disconnect(side))
            await self.programs.must(
                f"connect {side.path}",
                *drbd_argv.connect(side, disk.params),
                secrets=(side.secret,),
            )

    async def _require_device(self, side: Side) -> None:
        """Raise unless the device's path is that: whoever writes to it too early makes a file."""
        result = await self.programs.run(_BLOCKDEV, "--getsize64", side.path)
        if not result.ok:
            raise errors.BlockDeviceError(
                f"{side.path} is no device that can be opened; if it is a file, 'rm {side.path}' "
                f"and 'drbdsetup down {side.resource}' on {self.hostname} make room for it."
            )

    def _require_own(self, side: Side, shown: Shown, data: str) -> None:
        if shown.disk and shown.disk != data:
            raise errors.BlockDeviceError(
                f"{side.path} has {shown.disk} attached, but should have {data}; "
                f"'drbdsetup down {side.resource}' on {self.hostname} frees it if nothing uses it."
            )

    async def _state(self, side: Side) -> Minor:
        text: bytes = await self.worker.run(self._thd_status)
        known = drbd_parse.minors(text.decode("utf-8", "replace"))
        return known.get(side.minor, Minor(side.minor, drbd_parse.UNCONFIGURED))

    async def _shown(self, side: Side) -> Shown:
        what = f"read how {side.path} is configured"
        return drbd_parse.shown(await self._run(what, SETUP, "show", side.resource))

    async def _run(self, what: str, *argv: str) -> str:
        return await self.programs.must(what, *argv)

    def _thd_status(self) -> bytes:
        try:
            return self.files.read(STATUS)
        except FileNotFoundError:
            raise errors.BlockDeviceError(
                f"DRBD's kernel module is not loaded on {self.hostname}: 'modprobe drbd' loads it."
            ) from None


def _local(state: Minor) -> str:
    if state.disk in _GOOD:
        return "ok"
    if state.syncing and state.disk in _BEING_MADE_GOOD:
        return "syncing"
    if not state.configured:
        return "unknown"
    return "faulty"

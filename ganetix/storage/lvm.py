"""LVM's programs: what there is, and one method for each thing done to a logical volume."""

from collections.abc import Sequence
from typing import Final

import attrs

from ganetix import errors
from ganetix.process.command import Result
from ganetix.storage import lvm_parse
from ganetix.storage.lvm_parse import LISTING, Group, Physical, Placed, Volume
from ganetix.storage.programs import Programs, failed

_SBIN: Final = "/usr/sbin"


@attrs.frozen
class Lvm:
    """Raises `errors.BlockDeviceError` with a sentence that names volume or group."""

    programs: Programs

    async def volume(self, group: str, name: str) -> Volume | None:
        """Return the volume *name* of *group*, None if there is none; *group* must exist."""
        return next(iter(await self.volumes(group, name)), None)

    async def volumes(self, group: str, *names: str) -> list[Volume]:
        """Return the volumes of *group*: all, or those of *names* that there are."""
        wanted = " || ".join(f'lv_name="{name}"' for name in names)
        selected = ("--select", wanted) if names else ()
        return lvm_parse.volumes(await self._list("lvs", lvm_parse.LV_FIELDS, group, *selected))

    async def group(self, name: str) -> Group:
        """Return the volume group *name*."""
        return lvm_parse.groups(await self._list("vgs", lvm_parse.VG_FIELDS, name))[0]

    async def groups(self) -> list[Group]:
        """Return all volume groups of the node."""
        return lvm_parse.groups(await self._list("vgs", lvm_parse.VG_FIELDS))

    async def all_physicals(self) -> list[Physical]:
        """Return all physical volumes of the node."""
        return lvm_parse.physicals(await self._list("pvs", lvm_parse.PV_FIELDS))

    async def placed(self) -> list[Placed]:
        """Return all logical volumes of the node with the devices under them."""
        return lvm_parse.placed(await self._list("lvs", lvm_parse.PLACED_FIELDS))

    async def physicals(self, group: str) -> list[Physical]:
        """Return the physical volumes of *group*."""
        wanted = ("--select", f'vg_name="{group}"')
        return lvm_parse.physicals(await self._list("pvs", lvm_parse.PV_FIELDS, *wanted))

    async def create(
        self, group: str, name: str, size: int, stripes: int = 1, places: Sequence[str] = ()
    ) -> None:
        """Make a volume of *size* MiB, on the physical volumes *places* if any are given."""
        striped = ("--stripes", str(stripes)) if stripes > 1 else ()
        argv = (
            f"{_SBIN}/lvcreate", "--quiet", "--yes", "--wipesignatures", "n", "--zero", "n",
            "--size", f"{size}m", *striped, "--name", name, group, *places,
        )  # fmt: skip
        what = f"make logical volume {group}/{name} of {size} MiB"
        result = await self.programs.run(*argv)
        if not result.ok:
            if b"already exists" in result.stderr:
                raise errors.BlockDeviceError(
                    f"Logical volume {group}/{name} already exists; remove or rename it if no "
                    "instance uses it."
                )
            raise _without_group(group, result) or failed(what, result)

    async def snapshot(self, volume: Volume, name: str, size: int) -> None:
        """Make the snapshot *name* of *volume* with *size* MiB for what changes."""
        await self.programs.must(
            f"make a snapshot of {volume.path}",
            f"{_SBIN}/lvcreate", "--quiet", "--yes", "--snapshot", "--size", f"{size}m",
            "--name", name, f"{volume.group}/{volume.name}",
        )  # fmt: skip

    async def activate(self, volume: Volume) -> None:
        """Let the kernel have *volume*."""
        await self.programs.must(
            f"activate logical volume {volume.group}/{volume.name}",
            f"{_SBIN}/lvchange", "--quiet", "--activate", "y", f"{volume.group}/{volume.name}",
        )  # fmt: skip

    async def remove(self, volume: Volume) -> None:
        """Remove *volume*; one that is in use is refused."""
        await self.programs.must(
            f"remove logical volume {volume.group}/{volume.name}",
            f"{_SBIN}/lvremove", "--quiet", "--force", f"{volume.group}/{volume.name}",
        )  # fmt: skip

    async def rename(self, group: str, old: str, new: str) -> None:
        """Rename the volume *old* of *group*."""
        await self.programs.must(
            f"rename logical volume {group}/{old} to {new}",
            f"{_SBIN}/lvrename", "--quiet", group, old, new,
        )  # fmt: skip

    async def extend(
        self, volume: Volume, size: int, *, dry_run: bool, places: Sequence[str] = ()
    ) -> None:
        """Make *volume* at least *size* MiB; with *dry_run* only check."""
        trial = ("--test",) if dry_run else ()
        await self.programs.must(
            f"grow logical volume {volume.group}/{volume.name} to {size} MiB",
            f"{_SBIN}/lvextend", "--quiet", *trial, "--size", f"{size}m",
            f"{volume.group}/{volume.name}", *places,
        )  # fmt: skip

    async def _list(self, program: str, fields: str, *words: str) -> str:
        what = f"list what {program} shows of {words[0] if words else 'LVM'}"
        result = await self.programs.run(f"{_SBIN}/{program}", *LISTING, "-o", fields, *words)
        if result.ok:
            return result.stdout.decode("utf-8", "replace")
        raise (words and _without_group(words[0], result)) or failed(what, result)


def _without_group(group: str, result: Result) -> errors.BlockDeviceError | None:
    """Return the error if *result* says that there is no volume group *group*."""
    if f'Volume group "{group}" not found'.encode() not in result.stderr:
        return None
    return errors.BlockDeviceError(
        f"Volume group {group} is not on this node; 'vgs' there shows the known ones."
    )

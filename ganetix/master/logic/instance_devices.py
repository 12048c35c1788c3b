"""Changes to the lists of disks and NICs of an instance: add, modify, remove. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

import attrs
import msgspec

from ganetix import errors
from ganetix.ids import Randomness
from ganetix.master.logic import disk_attach, disks, nics
from ganetix.master.logic.disk_records import Where, new_disk
from ganetix.master.logic.nic_addresses import POOL, Site
from ganetix.model import params
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance, Nic
from ganetix.opcodes.instance import OpInstanceSetParams
from ganetix.opcodes.types import DeviceAction
from ganetix.paths import Paths

Told = list[tuple[str, Any]]
"""What was changed, as (name, value)."""


class Device(Protocol):
    """What disks and NICs have in common."""

    @property
    def uuid(self) -> str:
        """The device's uuid."""

    @property
    def name(self) -> str | None:
        """The device's name, if it has one."""


T = TypeVar("T", bound=Device)


@attrs.frozen
class Edit(Generic[T]):
    """What becomes of a list of devices."""

    rows: tuple[T, ...]
    added: tuple[T, ...] = ()
    removed: tuple[T, ...] = ()
    attached: tuple[T, ...] = ()
    """Those that were there, without an instance."""
    detached: tuple[T, ...] = ()
    """Those that stay, without this instance."""
    told: tuple[tuple[str, Any], ...] = ()

    @property
    def come(self) -> tuple[T, ...]:
        """Return what the instance did not have before."""
        return (*self.added, *self.attached)

    @property
    def gone(self) -> tuple[T, ...]:
        """Return what the instance has no more."""
        return (*self.removed, *self.detached)


@attrs.frozen
class Lasting(Generic[T]):
    """How devices that are there without an instance come and go.

    *found* returns one that belongs to nobody; *require_detachable* refuses what can't be so.
    """

    found: Callable[[Mapping[Any, Any], Sequence[T]], T]
    require_detachable: Callable[[T, int], None]


@attrs.frozen
class Editor(Generic[T]):
    """How devices of one *kind* are made and modified; both return what to tell.

    Without *lasting* devices of this kind are only added and removed.
    """

    kind: str
    make: Callable[[int, Mapping[Any, Any], Sequence[T]], tuple[T, Any]]
    modify: Callable[[int, T, Mapping[Any, Any], Sequence[T]], tuple[T, Told]]
    lasting: Lasting[T] | None = None

    def edited(
        self,
        rows: Sequence[T],
        changes: Sequence[tuple[DeviceAction, int | str, Mapping[Any, Any]]],
    ) -> Edit[T]:
        """Return what *changes* make of *rows*, one after another."""
        edit = Edit(tuple(rows))
        for action, which, given in changes:
            edit = self._apply(edit, action, which, given)
        return edit

    def _apply(
        self, edit: Edit[T], action: DeviceAction, which: int | str, given: Mapping[Any, Any]
    ) -> Edit[T]:
        if action == "add":
            return self._add(edit, which, given)
        if action == "attach":
            return self._attach(edit, which, given)
        index = self._index(edit.rows, which)
        if action == "remove":
            return self._remove(edit, index)
        if action == "detach":
            return self._detach(edit, index)
        rows = list(edit.rows)
        others = rows[:index] + rows[index + 1 :]
        rows[index], told = self.modify(index, rows[index], given, others)
        added = tuple(rows[index] if one.uuid == rows[index].uuid else one for one in edit.added)
        return attrs.evolve(edit, rows=tuple(rows), added=added, told=(*edit.told, *told))

    def _add(self, edit: Edit[T], which: int | str, given: Mapping[Any, Any]) -> Edit[T]:
        index = self._place(edit, which)
        made, told = self.make(index, given, edit.rows)
        rows = (*edit.rows[:index], made, *edit.rows[index:])
        row = (f"{self.kind}/{index}", told)
        return attrs.evolve(edit, rows=rows, added=(*edit.added, made), told=(*edit.told, row))

    def _place(self, edit: Edit[T], which: int | str) -> int:
        """Return the index at which one more device can be."""
        index = len(edit.rows) if which == -1 else which
        if not isinstance(index, int) or not 0 <= index <= len(edit.rows):
            raise errors.OpPrereqError(
                f"A {self.kind} can't be added at '{which}'; give an index from 0 to "
                f"{len(edit.rows)}, or -1 for the end.",
                errors.INVAL,
            )
        return index

    def _must_last(self, done: str) -> Lasting[T]:
        """Return how devices come and go; raise `errors.OpPrereqError` where they can't."""
        if self.lasting is None:
            raise errors.OpPrereqError(
                f"A {self.kind} is not there without an instance, so it can't be {done}; use add "
                "and remove.",
                errors.INVAL,
            )
        return self.lasting

    def _attach(self, edit: Edit[T], which: int | str, given: Mapping[Any, Any]) -> Edit[T]:
        lasting = self._must_last("attached")
        index = self._place(edit, which)
        found = lasting.found(given, edit.rows)
        back = any(one.uuid == found.uuid for one in edit.detached)
        return attrs.evolve(
            edit,
            rows=(*edit.rows[:index], found, *edit.rows[index:]),
            attached=edit.attached if back else (*edit.attached, found),
            detached=tuple(one for one in edit.detached if one.uuid != found.uuid),
            told=(*edit.told, (f"{self.kind}/{index}", f"attach:uuid={found.uuid}")),
        )

    def _detach(self, edit: Edit[T], index: int) -> Edit[T]:
        gone = edit.rows[index]
        self._must_last("detached").require_detachable(gone, index)
        if any(one.uuid == gone.uuid for one in edit.added):
            raise errors.OpPrereqError(
                f"The {self.kind} {index} is only about to be added; leave it out.", errors.INVAL
            )
        here = any(one.uuid == gone.uuid for one in edit.attached)
        return attrs.evolve(
            edit,
            rows=(*edit.rows[:index], *edit.rows[index + 1 :]),
            attached=tuple(one for one in edit.attached if one.uuid != gone.uuid),
            detached=edit.detached if here else (*edit.detached, gone),
            told=(*edit.told, (f"{self.kind}/{index}", "detach")),
        )

    def _remove(self, edit: Edit[T], index: int) -> Edit[T]:
        gone = edit.rows[index]
        fresh = any(one.uuid == gone.uuid for one in edit.added)
        return attrs.evolve(
            edit,
            rows=(*edit.rows[:index], *edit.rows[index + 1 :]),
            added=tuple(one for one in edit.added if one.uuid != gone.uuid),
            attached=tuple(one for one in edit.attached if one.uuid != gone.uuid),
            removed=edit.removed if fresh else (*edit.removed, gone),
            told=(*edit.told, (f"{self.kind}/{index}", "remove")),
        )

    def _index(self, rows: Sequence[T], which: int | str) -> int:
        """Return the index of the device that *which* names by index, name or uuid."""
        if isinstance(which, str) and which.lstrip("-").isdecimal():
            which = int(which)
        if isinstance(which, int):
            index = len(rows) - 1 if which == -1 else which
            if 0 <= index < len(rows):
                return index
            raise errors.OpPrereqError(
                f"There is no {self.kind} {which}; the instance has {len(rows)}.", errors.INVAL
            )
        found = [i for i, row in enumerate(rows) if which in (row.uuid, row.name)]
        if len(found) != 1:
            problem = "no" if not found else "more than one"
            raise errors.OpPrereqError(
                f"There is {problem} {self.kind} called '{which}'; "
                "'gnt-instance info' shows the devices.",
                errors.NOENT,
            )
        return found[0]


def edited_nics(site: Site, instance: Instance, op: OpInstanceSetParams) -> Edit[Nic]:
    """Return what *op* makes of the NICs of *instance*."""

    def make(index: int, given: Mapping[Any, Any], others: Sequence[Nic]) -> tuple[Nic, Any]:
        nic = nics.new_nic(site, index, given, others)
        filled = params.nic(site.cluster, nic.nicparams)
        return nic, (
            f"add:mac={nic.mac},ip={nic.ip},mode={filled['mode']},link={filled['link']},"
            f"network={nic.network}"
        )

    def modify(
        index: int, nic: Nic, given: Mapping[Any, Any], others: Sequence[Nic]
    ) -> tuple[Nic, Told]:
        fresh = nics.modified(site, index, nic, given, others)
        told = {**given, **({"ip": fresh.ip} if given.get("ip") == POOL else {})}
        return fresh, [(f"nic.{key}/{index}", value) for key, value in sorted(told.items())]

    edit = Editor("nic", make, modify).edited(instance.nics, op.nics)
    nics.require_count(len(edit.rows))
    return edit


def edited_disks(
    cluster: Cluster,
    instance: Instance,
    op: OpInstanceSetParams,
    place: tuple[Randomness, Paths],
) -> Edit[Disk]:
    """Return what *op* makes of the disks of *instance*, numbered anew."""
    randomness, paths = place

    def make(index: int, given: Mapping[Any, Any], others: Sequence[Disk]) -> tuple[Disk, Any]:
        template = _template(cluster, others, given)
        wanted = disks.wanted_disk(template, index, given)
        directory = disks.instance_dir(others)
        if directory is None:
            top = disks.file_dir(cluster, paths, template, op.file_storage_dir)
            directory = f"{top}/{instance.name}"
        driver = op.file_driver or "loop"
        nodes = tuple(cluster.nodes_of(instance))
        where = Where(cluster, template, nodes, (driver, directory), randomness)
        fresh = [one for one in others if one.uuid not in cluster.disks]
        disk = new_disk(where, wanted, index, fresh)
        return disk, f"add:size={wanted.size},mode={wanted.mode}"

    def modify(
        index: int, disk: Disk, given: Mapping[Any, Any], others: Sequence[Disk]
    ) -> tuple[Disk, Told]:
        disks.require_modifiable(index, given)
        fresh = disk
        if "mode" in given:
            fresh = msgspec.structs.replace(fresh, mode=disks.disk_mode(index, given["mode"]))
        if "name" in given:
            fresh = msgspec.structs.replace(fresh, name=disks.disk_name(given["name"]))
        return fresh, [(f"disk.{key}/{index}", value) for key, value in sorted(given.items())]

    def attach(given: Mapping[Any, Any], others: Sequence[Disk]) -> Disk:
        return disk_attach.found(cluster, instance, given, others)

    editor = Editor("disk", make, modify, Lasting(attach, disk_attach.require_detachable))
    edit = editor.edited(cluster.disks_of(instance), op.disks)
    if len(edit.rows) > disks.MAX_DISKS:
        raise errors.OpPrereqError(
            f"The instance would have {len(edit.rows)} disks; at most {disks.MAX_DISKS} are "
            "possible.",
            errors.INVAL,
        )
    return _numbered(edit)


def _template(cluster: Cluster, others: Sequence[Disk], given: Mapping[Any, Any]) -> str:
    template = str(given.get("dev_type") or params.template_of(list(others)))
    if template == "diskless":
        raise errors.OpPrereqError(
            "A diskless instance has no disk template for a new disk; give the disk a dev_type, "
            "such as dev_type=file.",
            errors.INVAL,
        )
    disks.require_template(cluster, template)
    return template


def _numbered(edit: Edit[Disk]) -> Edit[Disk]:
    rows = tuple(
        disk if disk.iv_name == f"disk/{index}" else _with_number(disk, index)
        for index, disk in enumerate(edit.rows)
    )
    now = {disk.uuid: disk for disk in rows}
    return attrs.evolve(
        edit,
        rows=rows,
        added=tuple(now[disk.uuid] for disk in edit.added),
        attached=tuple(now[disk.uuid] for disk in edit.attached),
    )


def _with_number(disk: Disk, index: int) -> Disk:
    return msgspec.structs.replace(disk, iv_name=f"disk/{index}")

"""Changes to a list of devices: add, modify, attach, detach, remove. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

import attrs

from ganetix import errors
from ganetix.opcodes.types import DeviceAction

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

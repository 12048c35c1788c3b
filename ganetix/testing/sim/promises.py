"""What must be true after every step, whatever failed."""

from collections.abc import Iterable
from typing import Final

import attrs

from ganetix.master.locks.levels import COMPATIBLE, name
from ganetix.master.locks.waiter import Locks
from ganetix.model import journal
from ganetix.testing.sim.machines import Machine
from ganetix.testing.sim.observe import Work


class Broken(Exception):
    """A promise is broken; the message says which and how."""


Ledger = dict[int, journal.Record]
_NOTHING: Final = journal.Scan((), 0, torn=False)


@attrs.define
class Copy:
    """The journal on one machine's stable storage, as it was read last."""

    data: bytes = b""
    scan: journal.Scan = _NOTHING
    checked: int = 1
    """So many records from the beginning are known to be the acknowledged ones."""

    @property
    def last(self) -> journal.Record | None:
        """The newest record."""
        return self.scan.records[-1] if self.scan.records else None


@attrs.define(eq=False)
class Journals:
    """Every acknowledged record, and the copies that must have it."""

    ledger: Ledger = attrs.field(factory=dict)
    copies: dict[str, Copy] = attrs.field(factory=dict)
    """Machine uuid to its copy."""
    sure: dict[str, int] = attrs.field(factory=dict)
    """Machine uuid to the newest record that was acknowledged while it was in sync."""

    def read(self, machine: Machine) -> None:
        """Read what is on the stable storage of *machine* now."""
        data = machine.fs.stable(machine.paths.journal_file) or b""
        before = self.copies.get(machine.uuid, Copy())
        if before.scan.end and data.startswith(before.data[: before.scan.end]):
            tail = journal.scan(data[before.scan.end :], machine.name)
            records = (*before.scan.records, *tail.records)
            scan = journal.Scan(records, before.scan.end + tail.end, tail.torn)
            self.copies[machine.uuid] = Copy(data, scan, before.checked)
        else:
            self.copies[machine.uuid] = Copy(data, journal.scan(data, machine.name))

    def acknowledged(self, master: str, serial: int) -> None:
        """Note that everything up to *serial* was acknowledged by the machine *master*."""
        copy = self.copies[master]
        last = copy.last
        if last is None or last.serial < serial:
            raise Broken(
                f"record {serial} is acknowledged, but the master's own disk has "
                f"{last.serial if last else 'nothing'}"
            )
        for row in reversed(copy.scan.records[1:]):
            if row.serial in self.ledger:
                break
            if row.serial <= serial:
                self.ledger[row.serial] = row

    def check_in_sync(self, uuid: str, serial: int, title: str) -> None:
        """Raise `Broken` unless the copy of the in-sync candidate *uuid* has all up to *serial*."""
        copy = self.copies.get(uuid, Copy())
        last = copy.last
        if last is None or last.serial < serial:
            raise Broken(
                f"record {serial} is acknowledged and candidate {title} is in sync, but its disk "
                f"has {last.serial if last else 'nothing'}"
            )
        self.sure[uuid] = serial
        self.check_prefix(uuid, title)

    def check_prefix(self, uuid: str, title: str) -> None:
        """Raise `Broken` if the copy of *uuid* contradicts what was acknowledged.

        Beyond what was acknowledged while it was in sync, a candidate may have records that
        nobody was told of: the master died after it had sent them. It is behind then, and the next
        snapshot removes them.
        """
        copy, sure = self.copies.get(uuid, Copy()), self.sure.get(uuid, 0)
        for row in copy.scan.records[copy.checked :]:
            told = self.ledger.get(row.serial)
            if told == row:
                copy.checked += 1
            elif told is not None and row.serial <= sure:
                raise Broken(f"record {row.serial} on {title} is not the one acknowledged")
            else:
                break


@attrs.define(eq=False)
class Working:
    """The opcodes at work."""

    running: list[Work] = attrs.field(factory=list)

    def enter(self, work: Work) -> None:
        """*work* begins; raise `Broken` if somebody is at what it must have alone."""
        for other in self.running:
            where = work.collides(other)
            if where is not None:
                raise Broken(
                    f"{work.title} and {other.title} both work on {where[0]}/{where[1]}, which "
                    "one of them wants alone"
                )
        self.running.append(work)

    def leave(self, work: Work) -> None:
        """*work* has ended."""
        if work in self.running:
            self.running.remove(work)


def check_locks(locks: Locks) -> None:
    """Raise `Broken` if a lock is shared wrongly."""
    for lock, owners in locks.table.held().items():
        if len(owners) < 2:
            continue
        strengths = list(owners.values())
        for at, strength in enumerate(strengths):
            others = strengths[:at] + strengths[at + 1 :]
            if any(other not in COMPATIBLE[strength] for other in others):
                raise Broken(f"{name(lock)} is held by {dict(owners)}")


def check_instances(machines: Iterable[Machine]) -> None:
    """Raise `Broken` if an instance runs on two machines."""
    where: dict[str, str] = {}
    for machine in machines:
        for instance in machine.running():
            if instance in where:
                raise Broken(f"{instance} runs on {where[instance]} and on {machine.name}")
            where[instance] = machine.name


@attrs.define(eq=False)
class Obedience:
    """The epochs that each machine has obeyed, in order."""

    _highest: dict[str, int] = attrs.field(factory=dict)

    def obeyed(self, machine: str, epoch: int, call: str) -> None:
        """*machine* began *call* for a master of *epoch*; raise `Broken` if that was over."""
        known = self._highest.get(machine, 0)
        if epoch < known:
            raise Broken(f"{machine} obeyed epoch {epoch} ({call}) after epoch {known}")
        self._highest[machine] = epoch

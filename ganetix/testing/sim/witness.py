"""Who looks after every event whether all promises are kept."""

from collections.abc import Mapping
from typing import Final

import attrs

from ganetix.master.service import Master
from ganetix.testing.sim.machines import Machine
from ganetix.testing.sim.masterd import MasterDaemon
from ganetix.testing.sim.observe import Work
from ganetix.testing.sim.promises import (
    Broken,
    Journals,
    Obedience,
    Working,
    check_instances,
    check_locks,
)

_UNKNOWN: Final = 0


@attrs.define(eq=False)
class Witness:
    """What was seen so far. *broken* is a promise that was broken in the midst of an event."""

    broken: Broken | None = attrs.field(default=None, init=False)
    journals: Journals = attrs.field(factory=Journals, init=False)
    working: Working = attrs.field(factory=Working, init=False)
    obedience: Obedience = attrs.field(factory=Obedience, init=False)
    _tokens: dict[str, int] = attrs.field(factory=dict, init=False)
    _changed: set[str] = attrs.field(factory=set, init=False)
    _operations: int = attrs.field(default=0, init=False)
    _told: int = attrs.field(default=0, init=False)

    def changed(self, name: str) -> None:
        """The journal on the machine *name* is another one."""
        self._changed.add(name)

    def given(self, token: bytes, epoch: int) -> None:
        """A master of *epoch* got *token* to name a request with."""
        self._tokens[token.hex()] = epoch

    def begun(self, machine: Machine, call: str, request_id: str) -> None:
        """*machine* begins *call* because a master told it to."""
        epoch = self._tokens.get(request_id.partition("-")[0], _UNKNOWN)
        try:
            self.obedience.obeyed(machine.name, epoch, call)
        except Broken as broken:
            self.broken = broken

    def enter(self, work: Work) -> None:
        """An opcode of the present master begins to work."""
        try:
            self.working.enter(work)
        except Broken as broken:
            self.broken = broken

    def check(self, machines: Mapping[str, Machine], daemon: MasterDaemon | None) -> None:
        """Raise `Broken` if a promise is broken now; *daemon* is the master that clients have."""
        if self.broken is not None:
            raise self.broken
        for name in sorted(self._changed):
            self.journals.read(machines[name])
        if daemon is not None and daemon.master is not None:
            self._check_store(machines, daemon.machine, daemon.master)
            check_locks(daemon.master.locks)
        operations = sum(machine.fs.operations for machine in machines.values())
        if operations != self._operations:
            self._operations = operations
            check_instances(machines.values())

    def _check_store(self, machines: Mapping[str, Machine], here: Machine, master: Master) -> None:
        store = master.store.journal
        told = store.acknowledged
        if not told or not (self._changed or told != self._told):
            return
        self._told = told
        self._changed.clear()
        self.journals.acknowledged(here.uuid, told)
        for machine in machines.values():
            if machine.uuid in store.replicas.in_sync:
                self.journals.check_in_sync(machine.uuid, told, machine.name)
            elif machine is not here:
                self.journals.check_prefix(machine.uuid, machine.name)

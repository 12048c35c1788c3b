"""A master daemon that has events and nothing else."""

from typing import Any

import attrs

from ganetix import errors
from ganetix.master.events import EventLog
from ganetix.master.handler.door import Door
from ganetix.master.handler.events import wait_for_events
from ganetix.toolkit.clock import Clock


@attrs.define(eq=False)
class Events:
    """Answers WaitForEvents from *log*, as the master daemon does; while it is *away*, nothing."""

    clock: Clock
    log: EventLog = attrs.field(factory=lambda: EventLog("a"))
    away: bool = False
    asked: list[tuple[Any, ...]] = attrs.field(factory=list)

    async def call(self, method: str, *args: Any, raw: bool = False) -> Any:
        """See `ganetix.luxi.aclient.Luxi`; nobody asks for events *raw*."""
        assert not raw
        self.asked.append((method, *args))
        if self.away:
            raise errors.LuxiError("The master daemon went away.")
        nobody: Any = None
        return await wait_for_events(Door(nobody, nobody, self.clock, events=self.log), list(args))

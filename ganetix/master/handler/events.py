"""LUXI method on events: wait for what comes after one (ganetix's own)."""

from typing import Any

from ganetix.master.events import News
from ganetix.master.handler.door import Door, arguments
from ganetix.master.handler.jobs import WAIT_CAP


async def wait_for_events(door: Door, args: list[Any]) -> dict[str, Any]:
    """WaitForEvents: what came after an id, answered on the event itself.

    Without an id it answers the newest one at once. After the time-out (89 s at the most) there
    are no events and the same id.
    """
    seen, timeout = arguments("WaitForEvents", args, tuple[str | None, float])
    end = door.clock.monotonic() + min(max(timeout, 0.0), WAIT_CAP)
    while True:
        news = door.events.after(seen)
        left = end - door.clock.monotonic()
        if seen is None or news.gap or news.events or left <= 0:
            return _wire(news)
        try:
            await door.clock.within(left, door.events.wait())
        except TimeoutError:
            return _wire(news)


def _wire(news: News) -> dict[str, Any]:
    return {
        "id": news.id,
        "gap": news.gap,
        "events": [[event.id, event.kind, event.data] for event in news.events],
    }

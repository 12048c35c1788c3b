"""Failed logins: whoever fails again and again waits longer and longer for the answer."""

from collections.abc import Callable
from typing import Final

import attrs

FIRST: Final = 0.25
LONGEST: Final = 6.0
"""Seconds that the answer to a first failed login waits, and the longest."""

FORGIVEN: Final = 300.0
"""Seconds without a failure after which an address begins anew."""

_ADDRESSES: Final = 1000


@attrs.define(eq=False)
class Throttle:
    """Counts failures by address, on *monotonic* seconds."""

    monotonic: Callable[[], float]
    _failures: dict[str, tuple[int, float]] = attrs.field(factory=dict, init=False)

    def failed(self, address: str) -> float:
        """Note a failed login from *address*; return the seconds that its answer has to wait."""
        now = self.monotonic()
        count, last = self._failures.pop(address, (0, now))
        count = 1 if now - last > FORGIVEN else count + 1
        if len(self._failures) >= _ADDRESSES:
            self._failures.pop(next(iter(self._failures)))
        self._failures[address] = count, now
        return float(min(LONGEST, FIRST * 2 ** min(count - 1, 16)))

    def passed(self, address: str) -> None:
        """Note a login that was right."""
        self._failures.pop(address, None)

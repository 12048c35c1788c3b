"""What keeps machines apart: a way is open again when the last reason is gone."""

import attrs

from ganetix.testing.pipes import PipeNetwork


@attrs.frozen
class Cuts:
    """The ways on which nothing gets through, and why."""

    network: PipeNetwork
    _reasons: dict[frozenset[str], set[str]] = attrs.field(factory=dict, init=False)

    def make(self, one: str, other: str, why: str) -> None:
        """Let nothing through between two machines, for the reason *why*."""
        self._reasons.setdefault(frozenset((one, other)), set()).add(why)
        self.network.partition(one, other)

    def mend(self, one: str, other: str, why: str) -> None:
        """Take away the reason *why*; without any left, things get through again."""
        reasons = self._reasons.get(frozenset((one, other)), set())
        reasons.discard(why)
        if not reasons:
            self.network.heal(one, other)

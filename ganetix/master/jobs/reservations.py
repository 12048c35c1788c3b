"""Addresses that running opcodes are about to give to NICs and that no pool shows yet.

Between the moment in which an opcode chooses an address and its commit lie disks to be made; this
keeps another opcode from choosing the same. Nothing of it needs to survive: an opcode that ends,
in whatever way, has its addresses in the configuration or does not need them.
"""

import attrs

Owner = tuple[int, int]
"""Job and index of its opcode."""


@attrs.define(eq=False)
class Reservations:
    """Who keeps which (network uuid, address)."""

    _kept: dict[tuple[str, str], Owner] = attrs.field(factory=dict)

    def of_others(self, owner: Owner, network: str) -> frozenset[str]:
        """Return the addresses of *network* that others than *owner* keep."""
        rows = self._kept.items()
        return frozenset(
            address for (where, address), who in rows if where == network and who != owner
        )

    def keep(self, owner: Owner, network: str, address: str) -> None:
        """Keep *address* for *owner*."""
        self._kept[network, address] = owner

    def end(self, owner: Owner) -> None:
        """Forget what *owner* kept."""
        for key in [key for key, who in self._kept.items() if who == owner]:
            del self._kept[key]

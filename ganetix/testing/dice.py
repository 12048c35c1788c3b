"""Random choices that a seed decides, the same on every machine."""

import hashlib
import itertools

from ganetix.ids import Randomness


def seeded(seed: int) -> Randomness:
    """Return a source whose every choice follows from *seed*."""
    count = itertools.count()

    def token(size: int) -> bytes:
        key = f"{seed}/{next(count)}".encode()
        return hashlib.shake_128(key).digest(size)

    def uniform() -> float:
        return int.from_bytes(token(7), "big") / 2**56

    return Randomness(token, uniform)

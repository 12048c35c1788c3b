"""Kinds and sizes of ssh keys."""

from typing import Final

from ganetix import errors

DEFAULT_BITS: Final = {"rsa": 2048, "dsa": 1024, "ecdsa": 384}
_FEWEST_RSA: Final = 1024
_ECDSA: Final = (256, 384, 521)


def key_bits(kind: str, given: int | None) -> int:
    """Return the size of a key of *kind*; raise `errors.OpPrereqError` for a size it can't have."""
    bits = DEFAULT_BITS[kind] if given is None else given
    fits, sizes = {
        "rsa": (bits >= _FEWEST_RSA, f"{_FEWEST_RSA} or more"),
        "dsa": (bits == DEFAULT_BITS["dsa"], str(DEFAULT_BITS["dsa"])),
        "ecdsa": (bits in _ECDSA, "256, 384 or 521"),
    }[kind]
    if not fits:
        raise errors.OpPrereqError(
            f"An ssh key of type {kind} can't have {bits} bits: give {sizes} (--ssh-key-bits).",
            errors.INVAL,
        )
    return bits


def public_keys(text: str) -> dict[str, list[str]]:
    """Return the keys by node uuid in the lines ``<node uuid> <key>``, in their order."""
    found: dict[str, list[str]] = {}
    for row in text.splitlines():
        uuid, blank, key = row.partition(" ")
        if blank:
            found.setdefault(uuid, []).append(key)
    return found

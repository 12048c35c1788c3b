"""The loopback network of a virtual cluster: a free 127.x.y.0/24, found by binding."""

import socket
import zlib
from collections.abc import Callable, Iterator
from typing import Final

from ganetix import errors

PORTS: Final = (1811, 5080)
"""The TCP ports that must be free on every node's address: node daemon and remote API."""

_TRIES: Final = 200


def prefixes(directory: str) -> Iterator[str]:
    """Yield prefixes such as ``127.3.9``, in an order that differs from directory to directory."""
    start = zlib.crc32(directory.encode())
    for step in range(_TRIES):
        number = (start + step * 7919) % (254 * 254)
        # 127.0 is left to the machine, 127.255 to broadcasts.
        yield f"127.{1 + number // 254}.{1 + number % 254}"


def bindable(address: str, port: int) -> bool:
    """Tell whether nobody listens at *address* and *port* and we may."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((address, port))
        except OSError:
            return False
    return True


def free_prefix(
    directory: str, addresses: Callable[[str], list[str]], usable: Callable[[str, int], bool]
) -> str:
    """Return the first prefix whose *addresses* are all *usable* on every port of `PORTS`.

    Raise `errors.GenericError` when there is none.
    """
    for prefix in prefixes(directory):
        if all(usable(address, port) for address in addresses(prefix) for port in PORTS):
            return prefix
    raise errors.GenericError(
        f"No free network was found in 127.0.0.0/8 for {directory}: in {_TRIES} tries something "
        f"listened on port {PORTS[0]} or {PORTS[1]}. Give one with --network 127.x.y."
    )

"""Without TLS (``--no-ssl``): only on loopback, where everybody is taken for a candidate."""

import ipaddress
from typing import Final

from twisted.internet.interfaces import ITransport

from ganetix.errors import GenericError
from ganetix.tls.identity import NODE, Identity

ANYBODY: Final = Identity("", frozenset({NODE}), "no-ssl")
"""Who is at the other end of a connection without TLS."""


def of_plain(_: ITransport) -> Identity:
    """Return `ANYBODY`: without TLS nobody shows who they are."""
    return ANYBODY


def plain_candidates() -> dict[str, str]:
    """Return the list of master candidates that holds `ANYBODY`."""
    return {ANYBODY.uuid: ANYBODY.digest}


def require_loopback(address: str) -> None:
    """Raise `errors.GenericError` unless *address* is one of loopback."""
    try:
        fine = ipaddress.ip_address(address).is_loopback
    except ValueError:
        fine = False
    if not fine:
        raise GenericError(
            f"Without TLS a daemon binds loopback only, not {address or 'every address'}: leave"
            " out --no-ssl, or bind 127.0.0.1 with -b 127.0.0.1."
        )

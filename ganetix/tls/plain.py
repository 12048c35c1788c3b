"""Without TLS (``--no-ssl``): only on loopback."""

import ipaddress

from ganetix.errors import GenericError


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

"""Calls with which a node gets a new key and certificate while everything goes on."""

from typing import Any, Final

import msgspec

from ganetix.rpc.call import Call, Done, Nothing


class SigningRequest(msgspec.Struct, frozen=True):
    """A request for a new key (PEM); the key stays on the node, unused so far."""

    request: str


class NewAuthority(msgspec.Struct, frozen=True):
    """A certificate (PEM) to trust beside the old one; its *key*, for candidates alone."""

    certificate: str
    key: str = ""


class NewCertificate(msgspec.Struct, frozen=True):
    """The certificate (PEM) for the key that was made last."""

    certificate: str


CERTIFICATE_REQUEST: Final = Call("node_certificate_request", Nothing, SigningRequest, "fast", True)
"""Make a new key."""

CERTIFICATE_INSTALL: Final = Call("node_certificate_install", NewCertificate, Done, "fast", True)
"""Use the new key from now on; the old one is kept beside it."""

CERTIFICATE_RESTORE: Final = Call("node_certificate_restore", Nothing, Done, "fast", True)
"""Use the old key again, and forget the new one."""

CERTIFICATE_KEEP: Final = Call("node_certificate_keep", Nothing, Done, "fast", True)
"""Forget the old key, and the old authority if there is a new one."""

AUTHORITY_INSTALL: Final = Call("node_authority_install", NewAuthority, Done, "fast", True)
"""Trust two authorities from now on."""

AUTHORITY_RESTORE: Final = Call("node_authority_restore", Nothing, Done, "fast", True)
"""Trust the old authority alone."""

CALLS: Final[tuple[Call[Any, Any], ...]] = (
    CERTIFICATE_REQUEST,
    CERTIFICATE_INSTALL,
    CERTIFICATE_RESTORE,
    CERTIFICATE_KEEP,
    AUTHORITY_INSTALL,
    AUTHORITY_RESTORE,
)

"""Who a peer is: read from its certificate, or given by a transport that has none."""

from typing import Any, Final

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from twisted.internet.interfaces import ITransport

from ganetix.errors import GenericError

ROLE_PREFIX: Final = "ganetix-role:"
NODE: Final = "node"
"""The certificate role of a node's daemons."""


@attrs.frozen
class Identity:
    """A peer: *uuid* of its node, the *roles* of its certificate, and the certificate's digest.

    *digest* is the SHA-1 of the certificate in DER, as pairs of upper-case hexadecimal digits with
    colons between them: the form that the candidates' list has.
    """

    uuid: str
    roles: frozenset[str]
    digest: str


class NotIdentified(GenericError):
    """The peer does not show who it is; the message says what is missing."""


def digest_of(certificate: x509.Certificate) -> str:
    """Return the digest under which *certificate* is listed in the master candidates' list."""
    # SHA-1 is the file format's; the list only narrows down what the pinned authority signed.
    return certificate.fingerprint(hashes.SHA1()).hex(":").upper()  # noqa: S303 - see above


def identity_of(certificate: x509.Certificate) -> Identity:
    """Read the identity in *certificate*; raise `NotIdentified` if it has no node uuid."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        raise NotIdentified("The certificate names no node.") from None
    uuids = names.get_values_for_type(x509.DNSName)
    if len(uuids) != 1:
        raise NotIdentified("The certificate does not name exactly one node.")
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    roles = frozenset(uri.removeprefix(ROLE_PREFIX) for uri in uris if uri.startswith(ROLE_PREFIX))
    return Identity(uuids[0], roles, digest_of(certificate))


def of_tls(transport: ITransport) -> Identity:
    """Return the identity of the peer of a TLS *transport* whose handshake is done."""
    handle: Any = transport.getHandle()  # type: ignore[attr-defined]  # TLS transports have it
    certificate = handle.get_peer_certificate(as_cryptography=True)
    if certificate is None:
        raise NotIdentified("The peer showed no certificate.")
    return identity_of(certificate)

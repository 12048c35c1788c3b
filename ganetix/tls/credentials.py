"""A key with its certificate, as objects and as the one PEM file in which it is kept."""

from typing import Self

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ganetix.errors import GenericError

PrivateKey = ec.EllipticCurvePrivateKey


class CredentialsError(GenericError):
    """A PEM file does not hold a key and its certificate."""


def make_key() -> PrivateKey:
    """Return a new private key (P-256), drawn by the cryptographic library itself."""
    return ec.generate_private_key(ec.SECP256R1())


def key_to_pem(key: PrivateKey) -> bytes:
    """Return *key* as unencrypted PKCS#8; whoever writes it does so with mode 0600."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def key_from_pem(pem: bytes, source: str) -> PrivateKey:
    """Return the key in *pem*; raise `CredentialsError`, which names *source*."""
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError) as error:
        raise CredentialsError(f"{source} does not hold a private key: {error}.") from error
    if not isinstance(key, PrivateKey):
        raise CredentialsError(f"{source} holds a key of another kind than P-256.")
    return key


def certificate_from_pem(pem: bytes, source: str) -> x509.Certificate:
    """Return the first certificate in *pem*; raise `CredentialsError`, which names *source*."""
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise CredentialsError(f"{source} does not hold a certificate: {error}.") from error


def certificates_from_pem(pem: bytes, source: str) -> tuple[x509.Certificate, ...]:
    """Return all certificates in *pem*; raise `CredentialsError`, which names *source*."""
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        raise CredentialsError(f"{source} does not hold certificates: {error}.") from error


def certificate_to_pem(certificate: x509.Certificate) -> bytes:
    """Return *certificate* as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def make_request(key: PrivateKey, name: str) -> bytes:
    """Return a signing request (PEM) that shows that its sender holds *key*."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@attrs.frozen
class Credentials:
    """What a daemon shows to its peers."""

    key: PrivateKey = attrs.field(repr=False)
    certificate: x509.Certificate

    def to_pem(self) -> bytes:
        """Return the file's content: key, then certificate."""
        return key_to_pem(self.key) + certificate_to_pem(self.certificate)

    @classmethod
    def from_pem(cls, pem: bytes, source: str) -> Self:
        """Read a file's content; raise `CredentialsError`, which names *source*."""
        return cls.matched(key_from_pem(pem, source), certificate_from_pem(pem, source), source)

    @classmethod
    def matched(cls, key: PrivateKey, certificate: x509.Certificate, source: str) -> Self:
        """Put both together; raise `CredentialsError` when *source*'s key is for another one."""
        if key.public_key() != certificate.public_key():
            raise CredentialsError(f"The key in {source} does not belong to its certificate.")
        return cls(key, certificate)


@attrs.frozen
class NodeKeys:
    """What a node's daemons show, and whom they trust.

    There is one authority, but two while the cluster changes from one to the next.
    """

    own: Credentials
    authorities: tuple[x509.Certificate, ...]

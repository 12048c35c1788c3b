"""The cluster's own certificate authority."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, Self

import attrs
from cryptography import x509

# The library would load this at the first signature. By then the master daemon has given root up,
# and may not read it where the environment is root's alone.
from cryptography.hazmat.backends.openssl import backend  # noqa: F401 - see above
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ganetix.ids import Randomness
from ganetix.tls.credentials import Credentials, CredentialsError, PrivateKey, make_key
from ganetix.tls.identity import ROLE_PREFIX

VALIDITY: Final = timedelta(days=3650)
_SKEW: Final = timedelta(days=1)
"""Certificates begin in the past, so that clocks need not agree when a node joins."""

_LEAF_PURPOSES: Final = x509.ExtendedKeyUsage(
    [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
)


@attrs.frozen
class Authority:
    """Signs the certificates of one cluster. *randomness* draws serial numbers."""

    credentials: Credentials
    randomness: Randomness

    @classmethod
    def create(cls, cluster: str, now: float, randomness: Randomness) -> Self:
        """Make a new authority for *cluster*; *now* is seconds since the epoch.

        No two have the same name: OpenSSL finds by it which one signed a certificate.
        """
        key = make_key()
        name = _name(f"authority {randomness.token(4).hex()} of {cluster}")
        builder = _builder(name, name, key.public_key(), now, randomness, VALIDITY)
        builder = builder.add_extension(x509.BasicConstraints(True, 0), critical=True)
        builder = builder.add_extension(_usage(signs=True), critical=True)
        return cls(Credentials(key, builder.sign(key, hashes.SHA256())), randomness)

    @property
    def certificate(self) -> x509.Certificate:
        """What every node trusts."""
        return self.credentials.certificate

    def issue(
        self,
        key: ec.EllipticCurvePublicKey,
        uuid: str,
        roles: Iterable[str],
        now: float,
        validity: timedelta = VALIDITY,
    ) -> x509.Certificate:
        """Return a certificate that says that *key* is node *uuid* in *roles*."""
        issuer = self.certificate.subject
        builder = _builder(_name(uuid), issuer, key, now, self.randomness, validity)
        names = [x509.UniformResourceIdentifier(ROLE_PREFIX + role) for role in sorted(roles)]
        for extension, critical in (
            (x509.SubjectAlternativeName([x509.DNSName(uuid), *names]), False),
            (x509.BasicConstraints(False, None), True),
            (_usage(signs=False), True),
            (_LEAF_PURPOSES, False),
        ):
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.credentials.key, hashes.SHA256())

    def sign_request(
        self, request: bytes, uuid: str, roles: Iterable[str], now: float
    ) -> x509.Certificate:
        """Return a certificate for the key in *request* (PEM); its own wishes are not asked.

        Raise `CredentialsError` if the request is no request or not signed by its own key.
        """
        try:
            asked = x509.load_pem_x509_csr(request)
        except ValueError as error:
            raise CredentialsError(f"The signing request of node {uuid} can't be read.") from error
        key = asked.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or not asked.is_signature_valid:
            raise CredentialsError(
                f"The signing request of node {uuid} is not signed by the P-256 key in it."
            )
        return self.issue(key, uuid, roles, now)

    def credentials_for(
        self, uuid: str, roles: Iterable[str], now: float, validity: timedelta = VALIDITY
    ) -> Credentials:
        """Return a new key with its certificate, for daemons on the authority's own machine."""
        key: PrivateKey = make_key()
        return Credentials(key, self.issue(key.public_key(), uuid, roles, now, validity))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: float,
    randomness: Randomness,
    validity: timedelta,
) -> x509.CertificateBuilder:
    moment = datetime.fromtimestamp(now, UTC)
    # 19 octets, so that the number is positive in the 20 that the standard allows.
    serial = int.from_bytes(randomness.token(19)) | 1
    builder = x509.CertificateBuilder(
        issuer, subject, key, serial, moment - _SKEW, moment + validity
    )
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _usage(signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )

"""Keys of one transfer: each end shows a certificate of its own, and trusts the other's alone."""

from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ganetix.ids import Randomness
from ganetix.tls.credentials import Credentials, make_key

VALIDITY: Final = timedelta(hours=24)
_SKEW: Final = timedelta(hours=1)
"""Clocks of two clusters need not agree."""
_PURPOSES: Final = x509.ExtendedKeyUsage(
    [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
)


def passing_credentials(name: str, now: float, randomness: Randomness) -> Credentials:
    """Return a new key with a certificate that signs itself; *now* is seconds since the epoch."""
    key, moment = make_key(), datetime.fromtimestamp(now, UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    serial = int.from_bytes(randomness.token(19)) | 1
    builder = x509.CertificateBuilder(
        subject, subject, key.public_key(), serial, moment - _SKEW, moment + VALIDITY
    )
    builder = builder.add_extension(x509.BasicConstraints(True, None), critical=True)
    builder = builder.add_extension(_PURPOSES, critical=False)
    return Credentials(key, builder.sign(key, hashes.SHA256()))

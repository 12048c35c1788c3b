"""The remote API's first certificate: signed by itself, until there is a better one."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from ganetix.tls.authority import VALIDITY
from ganetix.tls.credentials import Credentials, make_key


def self_signed(name: str, now: float) -> bytes:
    """Return key and certificate for the host *name* as PEM; *now* is wall time in seconds."""
    key = make_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    moment = datetime.fromtimestamp(now, UTC)
    builder = x509.CertificateBuilder(
        subject, subject, key.public_key(), x509.random_serial_number(),
        moment - timedelta(days=1), moment + VALIDITY,
    )  # fmt: skip
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
    return Credentials(key, builder.sign(key, hashes.SHA256())).to_pem()

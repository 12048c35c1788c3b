"""What two clusters show each other before an instance moves between them. Pure.

Both have the same cluster domain secret; texts are signed with HMAC-SHA1 of salt and text, the
reference's scheme (its formats, section 11).
"""

import hmac
from typing import Any, Final

from ganetix import errors
from ganetix.ids import Randomness

HANDSHAKE: Final = "0:Hi, I'm Ganeti"
VERSION: Final = 0
_HEADER: Final = "X-Ganeti-Signature"
_SALT: Final = 8
"""Bytes of a salt."""


def signature(secret: str, text: str, salt: str) -> str:
    """Return the signature of *text*."""
    return hmac.new(secret.encode(), (salt + text).encode(), "sha1").hexdigest()


def _signed(secret: str, text: str, randomness: Randomness) -> tuple[str, str]:
    salt = randomness.secret(_SALT)
    return signature(secret, text, salt), salt


def _holds(secret: str, text: str, digest: Any, salt: Any) -> bool:
    return (
        isinstance(digest, str)
        and isinstance(salt, str)
        and hmac.compare_digest(signature(secret, text, salt), digest)
    )


def handshake(secret: str, randomness: Randomness) -> list[Any]:
    """Return what the source shows first: version, signature, salt."""
    return [VERSION, *_signed(secret, HANDSHAKE, randomness)]


def check_handshake(secret: str, shown: Any) -> None:
    """Raise `errors.OpPrereqError` unless *shown* is of a cluster with the same secret."""
    match shown:
        case [version, digest, salt] if _holds(secret, HANDSHAKE, digest, salt):
            if version != VERSION:
                raise _wrong(f"The other cluster speaks version {version} of the handshake.")
        case _:
            raise _wrong(
                "The handshake does not fit: both clusters need the same cluster domain secret; "
                "'gnt-cluster renew-crypto --cluster-domain-secret' sets it."
            )


def key_name(secret: str, name: str, randomness: Randomness) -> list[Any]:
    """Return the name of a node's key so that it can't be made up: name, signature, salt."""
    return [name, *_signed(secret, name, randomness)]


def check_key_name(secret: str, shown: Any) -> str:
    """Return the name in *shown*; raise `errors.OpPrereqError` if it was made up."""
    match shown:
        case [str() as name, digest, salt] if _holds(secret, name, digest, salt):
            return name
    raise _wrong("The name of the key was not signed by this cluster; prepare the export anew.")


def sign_certificate(secret: str, pem: str, randomness: Randomness) -> str:
    """Return *pem* with its signature before it."""
    digest, salt = _signed(secret, pem, randomness)
    return f"{_HEADER}: {salt}/{digest}\n\n{pem}"


def check_certificate(secret: str, text: Any) -> str:
    """Return the PEM in *text*; raise `errors.OpPrereqError` unless its signature holds."""
    head, _, pem = str(text).partition("\n\n")
    name, _, value = head.partition(": ")
    salt, _, digest = value.strip().partition("/")
    if name != _HEADER or not _holds(secret, pem, digest, salt):
        raise _wrong("The other cluster's certificate is not signed with our domain secret.")
    return pem


def disk_info(
    secret: str, index: int, host: str, port: int, magic: str, randomness: Randomness
) -> list[Any]:
    """Return where disk *index* is waited for: host, port, magic word, signature, salt."""
    text = f"{index}:{host}:{port}:{magic}"
    return [host, port, magic, *_signed(secret, text, randomness)]


def check_disk_info(secret: str, index: int, shown: Any) -> tuple[str, int, str]:
    """Return host, port and magic word of *shown*; raise `errors.OpPrereqError` if made up."""
    match shown:
        case [str() as host, int() as port, str() as magic, digest, salt] if _holds(
            secret, f"{index}:{host}:{port}:{magic}", digest, salt
        ):
            return host, port, magic
    raise _wrong(f"Where disk {index} is waited for was not said by the other cluster.")


def _wrong(sentence: str) -> errors.OpPrereqError:
    return errors.OpPrereqError(sentence, errors.INVAL)

"""TLS 1.3 both ways, pinned to the cluster's authority: nobody else gets in or is talked to."""

from typing import Any, Final, Protocol, runtime_checkable

import attrs
from cryptography import x509
from OpenSSL import SSL, crypto
from service_identity import VerificationError
from twisted.internet import ssl
from twisted.internet.endpoints import wrapClientTLS, wrapServerTLS
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IOpenSSLServerConnectionCreator,
    IReactorTime,
    IStreamClientEndpoint,
    IStreamServerEndpoint,
)
from zope.interface import implementer

from ganetix.tls.credentials import Credentials
from ganetix.tls.identity import NotIdentified

# Numbers of OpenSSL's X509_V_ERR_*, in words for a log.
_REASONS: Final = {
    7: "its certificate's signature is wrong",
    9: "its certificate is not valid yet (compare the clocks)",
    10: "its certificate has expired",
    18: "its certificate is signed by itself and not by this cluster's authority",
    19: "its certificate comes from another authority than this cluster's",
    20: "its certificate comes from another authority than this cluster's",
    21: "its certificate comes from another authority than this cluster's",
    26: "its certificate is not for this purpose",
}

# Parts of OpenSSL's own texts, in words for a log.
_ALERTS: Final = {
    "peer did not return a certificate": "the peer showed no certificate",
    "certificate verify failed": "the peer's certificate is not from this cluster's authority",
    "certificate required": "the peer wants a certificate, and this end showed none",
    "unknown ca": "the peer does not know the authority of this end's certificate",
    "bad certificate": "the peer refuses this end's certificate: it expected another node",
    "certificate expired": "the peer says that this end's certificate has expired",
    "wrong version number": "the peer does not speak TLS",
    "http request": "the peer speaks HTTP and not TLS",
    "unsupported protocol": "the peer speaks an older TLS than 1.3",
}


@runtime_checkable
class Refusable(Protocol):
    """A server's protocol that wants to know why the client's certificate is refused."""

    def peer_refused(self, reason: str) -> None:
        """The handshake fails because of *reason* (no full stop); the connection will be lost."""


def server_options(
    credentials: Credentials, authority: x509.Certificate
) -> IOpenSSLServerConnectionCreator:
    """Return how to accept: clients must show a certificate that *authority* signed."""
    return _Server(ssl.CertificateOptions(**_common(credentials), trustRoot=_pinned(authority)))


def client_options(
    credentials: Credentials, authority: x509.Certificate, uuid: str
) -> IOpenSSLClientConnectionCreator:
    """Return how to connect: the server must be node *uuid*, by a certificate of *authority*."""
    return ssl.optionsForClientTLS(
        uuid, trustRoot=_pinned(authority), extraCertificateOptions=_common(credentials)
    )


def server_endpoint(
    credentials: Credentials,
    authority: x509.Certificate,
    plain: IStreamServerEndpoint,
    reactor: IReactorTime,
) -> IStreamServerEndpoint:
    """Wrap *plain* so that connections to it are TLS as in `server_options`."""
    return wrapServerTLS(server_options(credentials, authority), plain, reactor)


def client_endpoint(
    credentials: Credentials,
    authority: x509.Certificate,
    uuid: str,
    plain: IStreamClientEndpoint,
    reactor: IReactorTime,
) -> IStreamClientEndpoint:
    """Wrap *plain* so that connections from it are TLS as in `client_options`."""
    return wrapClientTLS(client_options(credentials, authority, uuid), plain, reactor)


def explain(error: BaseException) -> str:
    """Say in words why a connection ended; never empty, no full stop."""
    if isinstance(error, NotIdentified):
        return error.message.rstrip(".")
    if isinstance(error, VerificationError):
        return "the node there shows another node's certificate than the expected one"
    if isinstance(error, SSL.Error):
        text = "; ".join(str(part[-1]) for part in error.args[0]) if error.args else ""
        return next((told for part, told in _ALERTS.items() if part in text), text or "TLS failed")
    return (str(error) or type(error).__name__).rstrip(".")


def _common(credentials: Credentials) -> dict[str, Any]:
    return {
        "privateKey": credentials.key,
        "certificate": credentials.certificate,
        "raiseMinimumTo": ssl.TLSVersion.TLSv1_3,
    }


def _pinned(authority: x509.Certificate) -> Any:
    return ssl.trustRootFromCertificates(
        [ssl.Certificate(crypto.X509.from_cryptography(authority))]
    )


@implementer(IOpenSSLServerConnectionCreator)
@attrs.frozen
class _Server:
    """Server options that also tell why a client's certificate was refused."""

    options: ssl.CertificateOptions

    def serverConnectionForTLS(self, protocol: Any) -> SSL.Connection:
        """See `IOpenSSLServerConnectionCreator`."""
        connection = SSL.Connection(self.options.getContext(), None)

        def verify(_: object, __: object, number: int, ___: int, good: int) -> bool:
            if not good and isinstance(protocol.wrappedProtocol, Refusable):
                told = _REASONS.get(number, f"its certificate is refused (OpenSSL {number})")
                protocol.wrappedProtocol.peer_refused(told)
            return bool(good)

        connection.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, verify)
        return connection

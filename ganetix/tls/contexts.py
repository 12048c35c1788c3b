"""TLS 1.3 both ways, pinned to the cluster's authority: nobody else gets in or is talked to."""

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, runtime_checkable

import attrs
from cryptography import x509
from OpenSSL import SSL, crypto
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

from ganetix.tls import prompt
from ganetix.tls.credentials import Credentials, NodeKeys
from ganetix.tls.identity import NODE, NotIdentified, identity_of

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
    "certificate verify failed": "the peer's certificate is refused",
    "certificate required": "the peer wants a certificate, and this end showed none",
    "unknown ca": "the peer does not know the authority of this end's certificate",
    "bad certificate": "the peer refuses this end's certificate: it expected another node",
    "certificate expired": "the peer says that this end's certificate has expired",
    # What OpenSSL says for a peer whose own check, not OpenSSL's, refused the certificate.
    "alert internal error": "the peer refuses this end's certificate: it expected another node",
    "wrong version number": "the peer does not speak TLS",
    "http request": "the peer speaks HTTP and not TLS",
    "unsupported protocol": "the peer speaks an older TLS than 1.3",
}


@runtime_checkable
class Refusable(Protocol):
    """A protocol that wants to know why the peer's certificate is refused."""

    def peer_refused(self, reason: str) -> None:
        """The handshake fails because of *reason* (no full stop); the connection will be lost."""


def server_options(keys: NodeKeys) -> IOpenSSLServerConnectionCreator:
    """Return how to accept: clients must show a certificate that one of the authorities signed."""
    return _Server(_options(keys.own, keys.authorities))


def client_options(keys: NodeKeys, uuid: str | None) -> IOpenSSLClientConnectionCreator:
    """Return how to connect: the server must be node *uuid*, by a certificate of an authority.

    Without *uuid* any node of the cluster will do.
    """
    return _Client(_options(keys.own, keys.authorities), uuid)


def server_endpoint(
    keys: NodeKeys, plain: IStreamServerEndpoint, reactor: IReactorTime
) -> IStreamServerEndpoint:
    """Wrap *plain* so that connections to it are TLS as in `server_options`."""
    return prompt.Server(server_options(keys), plain, reactor)


def renewable_server_endpoint(
    current: Callable[[], NodeKeys], plain: IStreamServerEndpoint, reactor: IReactorTime
) -> IStreamServerEndpoint:
    """Like `server_endpoint`, with what *current* returns at the time of each connection."""
    return prompt.Server(_Renewable(current), plain, reactor)


def client_endpoint(
    keys: NodeKeys, uuid: str | None, plain: IStreamClientEndpoint, reactor: IReactorTime
) -> IStreamClientEndpoint:
    """Wrap *plain* so that connections from it are TLS as in `client_options`."""
    return prompt.Client(client_options(keys, uuid), plain, reactor)


def bulk_server(
    own: Credentials, other: x509.Certificate, plain: IStreamServerEndpoint, reactor: IReactorTime
) -> IStreamServerEndpoint:
    """Wrap *plain* for much data: the client must show *other*, or what it signed."""
    return wrapServerTLS(server_options(NodeKeys(own, (other,))), plain, reactor)


def bulk_client(
    own: Credentials, other: x509.Certificate, plain: IStreamClientEndpoint, reactor: IReactorTime
) -> IStreamClientEndpoint:
    """Wrap *plain* for much data: the server must show *other*, or what it signed."""
    return wrapClientTLS(_Pinned(_options(own, (other,))), plain, reactor)


def explain(error: BaseException) -> str:
    """Say in words why a connection ended; never empty, no full stop."""
    if isinstance(error, NotIdentified):
        return error.message.rstrip(".")
    if isinstance(error, SSL.Error):
        text = "; ".join(str(part[-1]) for part in error.args[0]) if error.args else ""
        return next((told for part, told in _ALERTS.items() if part in text), text or "TLS failed")
    return (str(error) or type(error).__name__).rstrip(".")


def pinned(authorities: Sequence[x509.Certificate]) -> Any:
    """Return a trust root (Twisted's) that trusts *authorities* and nobody else."""
    return ssl.trustRootFromCertificates(
        [ssl.Certificate(crypto.X509.from_cryptography(one)) for one in authorities]
    )


def _options(
    credentials: Credentials, authorities: Sequence[x509.Certificate]
) -> ssl.CertificateOptions:
    own: dict[str, Any] = {"privateKey": credentials.key, "certificate": credentials.certificate}
    return ssl.CertificateOptions(
        **own, trustRoot=pinned(authorities), raiseMinimumTo=ssl.TLSVersion.TLSv1_3
    )


def _connection(
    options: ssl.CertificateOptions, protocol: Any, judge: Callable[[x509.Certificate], str]
) -> SSL.Connection:
    """Return a TLS connection for *protocol* (Twisted's); *judge* says what is wrong, or nothing.

    Whatever goes wrong in here refuses the peer. (Twisted's own client options accept it when the
    check itself fails, and check names only.)
    """
    connection = SSL.Connection(options.getContext(), None)

    def verify(_: object, shown: crypto.X509, number: int, depth: int, good: int) -> bool:
        if not good:
            why = _REASONS.get(number, f"its certificate is refused (OpenSSL {number})")
        elif depth == 0:
            why = judge(shown.to_cryptography())
        else:
            return True
        if why and isinstance(protocol.wrappedProtocol, Refusable):
            protocol.wrappedProtocol.peer_refused(why)
        return not why

    connection.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, verify)
    return connection


@implementer(IOpenSSLServerConnectionCreator)
@attrs.frozen
class _Server:
    options: ssl.CertificateOptions

    def serverConnectionForTLS(self, protocol: Any) -> SSL.Connection:
        """See `IOpenSSLServerConnectionCreator`. Who may do what is judged when it opens."""
        return _connection(self.options, protocol, lambda _: "")


@implementer(IOpenSSLServerConnectionCreator)
@attrs.define(eq=False)
class _Renewable:
    current: Callable[[], NodeKeys]
    _made: tuple[NodeKeys, ssl.CertificateOptions] | None = attrs.field(default=None, init=False)

    def serverConnectionForTLS(self, protocol: Any) -> SSL.Connection:
        """See `IOpenSSLServerConnectionCreator`: the context is made anew when the key is."""
        keys = self.current()
        if self._made is None or self._made[0] is not keys:
            self._made = keys, _options(keys.own, keys.authorities)
        return _connection(self._made[1], protocol, lambda _: "")


@implementer(IOpenSSLClientConnectionCreator)
@attrs.frozen
class _Pinned:
    options: ssl.CertificateOptions

    def clientConnectionForTLS(self, protocol: Any) -> SSL.Connection:
        """See `IOpenSSLClientConnectionCreator`. Whom the certificate names is no matter."""
        return _connection(self.options, protocol, lambda _: "")


@implementer(IOpenSSLClientConnectionCreator)
@attrs.frozen
class _Client:
    options: ssl.CertificateOptions
    uuid: str | None

    def clientConnectionForTLS(self, protocol: Any) -> SSL.Connection:
        """See `IOpenSSLClientConnectionCreator`."""
        return _connection(self.options, protocol, self._judge)

    def _judge(self, shown: x509.Certificate) -> str:
        try:
            who = identity_of(shown)
        except NotIdentified as error:
            return error.message.rstrip(".")
        if self.uuid is not None and who.uuid != self.uuid:
            return f"it shows the certificate of another node ({who.uuid}, not {self.uuid})"
        return "" if NODE in who.roles else "it shows a certificate that is not a node's"

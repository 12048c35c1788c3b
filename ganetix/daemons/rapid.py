"""The remote API daemon: ``ganeti-rapi``, and twistd's ``rapid``."""

import os
import sys
from http import HTTPStatus
from typing import Any, ClassVar

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from OpenSSL import SSL
from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint
from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.internet.ssl import CertificateOptions
from twisted.logger import Logger
from twisted.python import usage
from txaio import tx

from ganetix import errors
from ganetix.daemons import settings
from ganetix.daemons.daemon import Daemon, daemon_for
from ganetix.daemons.daemon_util import is_master
from ganetix.daemons.listening import Listening, bind_address
from ganetix.daemons.manhole import Offer, consoles
from ganetix.daemons.memory import settle
from ganetix.daemons.metrics import MetricsOptions, metrics_port, stalls
from ganetix.daemons.program import run, whole
from ganetix.daemons.stalls import StallMeter
from ganetix.luxi.link import connector
from ganetix.manhole.console import Name
from ganetix.paths import Paths
from ganetix.rapi.answers import Handover
from ganetix.rapi.auth import Users, parse_users
from ganetix.rapi.faults import HttpFault
from ganetix.rapi.metrics import RapiMetrics
from ganetix.rapi.ours import description
from ganetix.rapi.pool import LuxiPool
from ganetix.rapi.request import Own
from ganetix.rapi.service import Api, Surroundings
from ganetix.rapi.site import LimitedSite
from ganetix.tls import prompt
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.services import ServiceTree
from ganetix.web.hub import Hub
from ganetix.web.stream import serve

NAME = "ganeti-rapi"


class Options(MetricsOptions):
    """The remote API daemon's command line."""

    synopsis = "[options]"
    optFlags: ClassVar[list[Any]] = [
        ["no-ssl", None, "Plain HTTP."],
        ["require-authentication", None, "Every resource wants a user: the default."],
        ["no-require-authentication", None, "What only looks wants no user."],
    ]
    optParameters: ClassVar[list[Any]] = [
        ["port", "p", None, "TCP port (default: the services database's, else 5080).", whole],
        ["bind", "b", None, "Address to listen on (default: all)."],
        ["interface", "i", None, "Listen on the address of this interface."],
        ["ssl-key", "K", None, "PEM file with the key (default: rapi.pem)."],
        ["ssl-cert", "C", None, "PEM file with the certificate (default: rapi.pem)."],
        ["max-clients", None, 20, "How many clients are served at the same time.", whole],
        ["max-listeners", None, 50, "How many clients may follow events at the same time.", whole],
    ]

    def postOptions(self) -> None:
        """Check what the parser does not."""
        super().postOptions()
        if self["max-clients"] < 1:
            raise usage.UsageError("--max-clients must be 1 or more.")


def makeService(options: Options) -> Daemon:
    """Return the daemon for twistd."""
    return daemon_for(NAME, options, lambda daemon, paths: build(daemon, options, paths))


def build(daemon: Daemon, options: Options, paths: Paths) -> ServiceTree:
    """Return the daemon's tree; raise `errors.GanetiError` when this is not the master."""
    if not is_master(paths):
        raise errors.NotMasterError(
            f"{paths.hostname} is not the master; the remote API runs on the master alone."
        )
    clock = Clock(daemon.reactor, daemon.wall)
    users, luxi = UsersFile(paths.rapi_users_file), _luxi(daemon, paths, clock)
    daemon.at_hangup.append(users.forget)
    hub = Hub(luxi, clock, options["max-listeners"])
    meter = StallMeter(daemon.reactor, daemon.log_fd)
    figures = RapiMetrics(
        clock, lambda: site, lambda: len(hub.listeners), lambda: stalls("ganetix_rapi", meter)
    )
    own = Own(lambda seen: events(hub, seen), figures.metrics.text, figures.answered)
    always = not options["no-require-authentication"]
    api = Api(Surroundings(users.current, luxi, clock, own, always))
    site = LimitedSite(clock, api, options["max-clients"])
    endpoint, where = _endpoint(daemon, options, paths)
    names = (
        Name("site", "the HTTP server: site.served, site.waiting", lambda: site),
        Name("luxi", "the master daemon; await luxi.call(...)", lambda: luxi),
        Name("hub", "who follows events: hub.listeners", lambda: hub),
        Name("users", "the users file as it is now", users.current),
    )
    manhole = consoles(daemon, paths, Offer.of("rapid", options), names)
    listening = Listening("listening", endpoint, site, where)
    metrics = metrics_port(daemon, paths, options, figures.metrics.text)
    return ServiceTree(NAME, (meter, Answering(api, luxi, hub), *manhole, *metrics, listening))


@attrs.define(eq=False)
class Answering:
    """Ends what is being answered when the daemon stops."""

    api: Api
    luxi: LuxiPool
    hub: Hub
    name: str = "answers"

    async def start(self) -> None:
        """Make ready what would hold clients up."""
        description()
        settle()

    async def stop(self) -> None:
        """Give up what is being answered."""
        await self.hub.stop()
        await self.api.stop()
        self.luxi.close()


@attrs.define(eq=False)
class UsersFile:
    """The users file, read again when it has changed or is forgotten; none has no users."""

    path: str
    log: Logger = attrs.field(factory=Logger)
    _seen: tuple[int, int, int] | None = attrs.field(default=None, init=False)
    _users: Users = attrs.field(factory=Users, init=False)

    def forget(self) -> None:
        """Read the file again at the next request, whatever has changed."""
        self._seen = None

    def current(self) -> Users:
        """Return the users as they are now."""
        try:
            found = os.stat(self.path)
            # The time of the inode's change can't be set back, as that of the content can.
            seen = (found.st_ctime_ns, found.st_ino, found.st_size)
            if seen != self._seen:
                with open(self.path, encoding="utf-8", errors="replace") as source:
                    self._users = parse_users(source.read())
                self._seen = seen
                for complaint in self._users.complaints:
                    self.log.warn("{path}: {complaint}", path=self.path, complaint=complaint)
        except OSError as error:
            self._users, self._seen = Users(), None
            self.log.warn("{path} can't be read: {why}", path=self.path, why=error.strerror)
        return self._users


async def events(hub: Hub, seen: str | None) -> Handover:
    """Answer with the events after *seen*; raise `HttpFault` when too many listen already."""
    if hub.full:
        raise HttpFault(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"{hub.most} clients follow events already; --max-listeners of ganeti-rapi says so.",
        )
    news = await hub.first(seen)
    return Handover(lambda request: serve(hub, request, seen, news))


def _luxi(daemon: Daemon, paths: Paths, clock: Clock) -> LuxiPool:
    return LuxiPool(tx, connector(daemon.reactor, paths.luxi_socket, _directory, os.close), clock)


def _directory(path: str) -> int:
    return os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


def _endpoint(daemon: Daemon, options: Options, paths: Paths) -> tuple[IStreamServerEndpoint, str]:
    address = bind_address(options["bind"], options["interface"], settings.own_address(paths))
    port = settings.default_port(NAME) if options["port"] is None else options["port"]
    make = TCP6ServerEndpoint if ":" in address else TCP4ServerEndpoint
    plain = make(daemon.reactor, port, interface=address)
    where = f"{address or 'all addresses'}, port {port}"
    if options["no-ssl"]:
        return plain, where
    certificate = certificate_in(
        options["ssl-key"] or paths.rapi_cert_file, options["ssl-cert"] or paths.rapi_cert_file
    )
    return prompt.Server(certificate, plain, daemon.reactor), where


def certificate_in(key_file: str, certificate_file: str) -> CertificateOptions:
    """Return the server's key and certificates; raise `errors.GenericError`."""
    remedy = (
        "Name a key and its certificate in PEM with -K and -C, or have new ones made by "
        "'gnt-cluster renew-crypto --new-rapi-certificate'."
    )
    try:
        with open(key_file, "rb") as source:
            key: Any = serialization.load_pem_private_key(source.read(), None)
        with open(certificate_file, "rb") as source:
            found: list[Any] = x509.load_pem_x509_certificates(source.read())
        made = CertificateOptions(privateKey=key, certificate=found[0], extraCertChain=found[1:])
        made.getContext()  # else only the first client would learn that they do not belong together
    except OSError as error:
        raise errors.GenericError(
            f"{error.filename} can't be read: {error.strerror}. {remedy}"
        ) from error
    except (ValueError, TypeError, SSL.Error) as error:
        raise errors.GenericError(
            f"{key_file} and {certificate_file} do not hold a key and its certificate. {remedy}"
        ) from error
    return made


def main() -> None:
    """Run ``ganeti-rapi``."""
    run(NAME, "rapid", sys.argv[1:])


if __name__ == "__main__":
    main()

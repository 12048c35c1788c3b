"""The node daemon: ``ganeti-noded``, and twistd's ``noded``."""

import os
import sys
from itertools import chain
from typing import Any, ClassVar

import attrs
from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint
from twisted.internet.interfaces import IReactorTime, IStreamServerEndpoint, ITransport
from twisted.logger import Logger

from ganetix import __version__, errors
from ganetix.daemons import daemon_util, layout, memory, settings, ssh_files
from ganetix.daemons.daemon import Daemon, daemon_for
from ganetix.daemons.libvirts import with_libvirt
from ganetix.daemons.listening import Listening, bind_address
from ganetix.daemons.manhole import Offer, consoles
from ganetix.daemons.metrics import MetricsOptions, metrics_port, stalls
from ganetix.daemons.own_keys import KeyFiles, OwnKeys
from ganetix.daemons.program import run, whole
from ganetix.daemons.stalls import StallMeter
from ganetix.manhole.console import Name
from ganetix.model import journal
from ganetix.network.reach import Reach
from ganetix.network.streams import Streams
from ganetix.node.handlers import handlers
from ganetix.node.metrics import read
from ganetix.node.services import NodeServices, Outside, make_node
from ganetix.paths import Paths
from ganetix.process.runner import ProcessRunner
from ganetix.rpc.admission import Admission
from ganetix.rpc.events import EventSource
from ganetix.rpc.interfaces import IdentityOf
from ganetix.rpc.server import NodeServer
from ganetix.rpc.session import CALLS_VERSION
from ganetix.rpc.tables.sessions import VersionInfo
from ganetix.tls.contexts import renewable_server_endpoint
from ganetix.tls.identity import NODE, Identity, NotIdentified, of_tls
from ganetix.tls.plain import require_loopback
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.files import FileSystem, Worker
from ganetix.toolkit.metrics import Metrics
from ganetix.toolkit.services import ServiceTree

NAME = "ganeti-noded"


class Options(MetricsOptions):
    """The node daemon's command line."""

    synopsis = "[options]"
    optFlags: ClassVar[list[Any]] = [
        ["no-ssl", None, "Plain TCP, on a loopback address only: everyone there may command."],
        ["no-mlock", None, "Do not lock the daemon in memory."],
    ]
    optParameters: ClassVar[list[Any]] = [
        ["port", "p", None, "TCP port (default: the services database's, else 1811).", whole],
        ["bind", "b", None, "Address to listen on (default: all)."],
        ["interface", "i", None, "Listen on the address of this interface."],
        ["ssl-key", "K", None, "PEM file with the key (default: server.pem)."],
        ["ssl-cert", "C", None, "PEM file with the certificate (default: server.pem)."],
    ]


@attrs.frozen
class NodedSettings:
    """What the command line and the environment say, decided."""

    paths: Paths
    address: str
    port: int
    key_file: str
    certificate_file: str
    ssl: bool
    lock_memory: bool
    offer: Offer
    options: Options

    @property
    def where(self) -> str:
        """Address and port for messages."""
        return f"{self.address or 'all addresses'}, port {self.port}"


def decided(options: Options, paths: Paths) -> NodedSettings:
    """Return the settings; raise `errors.GanetiError` for what can't be."""
    address = bind_address(options["bind"], options["interface"], settings.own_address(paths))
    ssl = not options["no-ssl"]
    if not ssl:
        require_loopback(address)
    port = options["port"]
    return NodedSettings(
        paths,
        address,
        settings.default_port(NAME) if port is None else port,
        options["ssl-key"] or paths.node_cert_file,
        options["ssl-cert"] or paths.node_cert_file,
        ssl,
        not options["no-mlock"],
        Offer.of("noded", options),
        options,
    )


def makeService(options: Options) -> Daemon:
    """Return the daemon for twistd."""
    return daemon_for(NAME, options, lambda daemon, paths: build(daemon, decided(options, paths)))


def build(daemon: Daemon, chosen: NodedSettings) -> ServiceTree:
    """Return the daemon's tree; reads the certificates, which a node without a cluster lacks."""
    log = Logger()
    if chosen.lock_memory:
        log.info("{told}", told=memory.lock_memory())
    reactor, paths, files = daemon.reactor, chosen.paths, FileSystem(layout.owner_of(chosen.paths))
    clock = Clock(reactor, daemon.wall)
    workers = (Worker(reactor, "files"), Worker(reactor, "journal"))
    events = EventSource(settings.randomness().token(8).hex())

    def candidates_changed() -> None:
        server.candidates_changed()

    keys = _keys(chosen) if chosen.ssl else None

    def renewed() -> None:
        if keys is not None:
            keys.reload()

    processes = ProcessRunner(reactor, clock)
    streams = Streams(reactor, clock, chosen.address)
    shown = None if keys is None else keys.current
    libvirt = with_libvirt(reactor, paths, chosen.address, shown, processes)
    node = make_node(
        Outside(
            paths, clock, files, *workers, processes, events, chosen.address,
            candidates_changed=candidates_changed,
            left=lambda: daemon.finish("This node has left the cluster"),
            streams=streams,
            randomness=settings.randomness(),
            stop_master=daemon_util.command("stop-master"),
            certificate_changed=renewed,
            reach=Reach(reactor, chosen.address),
            port=settings.default_port(NAME),
            administrator=os.geteuid() if paths.virtual else 0,
            libvirt=libvirt,
            python=os.path.dirname(sys.executable),
            ssh_dir="" if paths.virtual else ssh_files.directory(),
        )
    )  # fmt: skip
    server = _server(node, clock, events, of_tls if chosen.ssl else _anyone_here(node))
    endpoint = _endpoint(reactor, chosen, keys)
    listening = Listening("listening", endpoint, server.factory, chosen.where)
    manhole = consoles(daemon, paths, chosen.offer, _names(node, server))
    meter = StallMeter(reactor, daemon.log_fd)
    figures = Metrics(
        lambda: clock.sleep(0), lambda: chain(read(events), stalls("ganetix_noded", meter))
    )
    metrics = metrics_port(daemon, paths, chosen.options, figures.text)
    core = (meter, *workers, libvirt.loop, streams, node.tree, server)
    return ServiceTree(NAME, (*core, *manhole, *metrics, listening))


def _names(node: NodeServices, server: NodeServer) -> tuple[Name, ...]:
    """Return what the console calls the node's parts."""
    return (
        Name("node", "the node's parts, by domain", lambda: node),
        Name("instances", "the instances here", lambda: node.instances),
        Name("disks", "the disks here", lambda: node.disks),
        Name("journal", "what this node keeps as a candidate", lambda: node.journal),
        Name("mastership", "which master this node obeys", lambda: node.mastership),
        Name("server", "the masters' sessions", lambda: server),
    )


def _server(
    node: NodeServices, clock: Clock, events: EventSource, identity: IdentityOf
) -> NodeServer:
    versions = VersionInfo(__version__, CALLS_VERSION, journal.VERSION)
    admission = Admission(node.cluster_files.candidates, identity)
    return NodeServer(handlers(node), node.mastership, admission, events, clock, versions)


def _endpoint(
    reactor: IReactorTime, chosen: NodedSettings, keys: OwnKeys | None
) -> IStreamServerEndpoint:
    make = TCP6ServerEndpoint if ":" in chosen.address else TCP4ServerEndpoint
    plain = make(reactor, chosen.port, interface=chosen.address)
    return plain if keys is None else renewable_server_endpoint(keys.current, plain, reactor)


def _keys(chosen: NodedSettings) -> OwnKeys:
    """Read the node's keys; raise `errors.NotInClusterError` when it has none."""
    authority = chosen.paths.authority_cert_file
    try:
        return OwnKeys(KeyFiles(chosen.key_file, chosen.certificate_file, authority))
    except FileNotFoundError as error:
        raise errors.NotInClusterError(
            f"{error.filename} does not exist: this machine is not part of a cluster. "
            "'gnt-cluster init' makes it the first node of one; 'gnt-node add', run on a master, "
            "brings it into that one."
        ) from error


def _anyone_here(node: NodeServices) -> IdentityOf:
    """Return who a peer without a certificate is taken for: the first master candidate."""

    def identity(_: ITransport) -> Identity:
        for uuid, digest in node.cluster_files.candidates().items():
            return Identity(uuid, frozenset({NODE}), digest)
        raise NotIdentified("This node knows no master candidate.")

    return identity


def main() -> None:
    """Run ``ganeti-noded``."""
    run(NAME, "noded", sys.argv[1:])


if __name__ == "__main__":
    main()

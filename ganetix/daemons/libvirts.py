"""What the node daemon gives to the hypervisors that use libvirt."""

from collections.abc import Callable
from typing import Any

from twisted.internet.endpoints import (
    TCP4ClientEndpoint,
    TCP4ServerEndpoint,
    TCP6ClientEndpoint,
    TCP6ServerEndpoint,
    UNIXClientEndpoint,
    UNIXServerEndpoint,
)
from twisted.internet.interfaces import IStreamClientEndpoint, IStreamServerEndpoint, ITransport

from ganetix.hypervisor.libvirt.passage import Ends, LibvirtPassage
from ganetix.hypervisor.libvirt.threads import EventLoop, Threads
from ganetix.hypervisor.table import WithLibvirt
from ganetix.paths import Paths
from ganetix.process.command import ProcessRunner
from ganetix.tls.contexts import client_endpoint, server_endpoint
from ganetix.tls.credentials import NodeKeys
from ganetix.tls.identity import NODE, NotIdentified, of_tls
from ganetix.toolkit.files import Worker

SOCKET = "/run/libvirt/libvirt-sock"


def with_libvirt(
    reactor: Any,
    paths: Paths,
    address: str,
    keys: Callable[[], NodeKeys] | None,
    processes: ProcessRunner,
) -> WithLibvirt:
    """Return threads, events and the way to other nodes, for which the *keys* then are needed."""
    threads = Threads(lambda name: Worker(reactor, name), reactor.callFromThread)
    passage = None if keys is None else _passage(reactor, paths, address, keys)
    return WithLibvirt(threads, EventLoop(threads), processes, passage)


def _passage(reactor: Any, paths: Paths, own: str, keys: Callable[[], NodeKeys]) -> LibvirtPassage:
    def door(port: int) -> IStreamServerEndpoint:
        make = TCP6ServerEndpoint if ":" in own else TCP4ServerEndpoint
        return server_endpoint(keys(), make(reactor, port, interface=own), reactor)

    def daemon() -> IStreamClientEndpoint:
        return UNIXClientEndpoint(reactor, SOCKET)

    def local(path: str) -> IStreamServerEndpoint:
        return UNIXServerEndpoint(reactor, path, mode=0o600)

    def remote(address: str, port: int) -> IStreamClientEndpoint:
        make = TCP6ClientEndpoint if ":" in address else TCP4ClientEndpoint
        return client_endpoint(keys(), None, make(reactor, address, port), reactor)

    return LibvirtPassage(Ends(door, daemon, local, remote, _require_node), paths.run_dir)


def _require_node(transport: ITransport) -> None:
    """Raise `NotIdentified` for a peer that is no node of the cluster."""
    if NODE not in of_tls(transport).roles:
        raise NotIdentified("The certificate is not a node's.")

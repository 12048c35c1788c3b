"""A daemon's figures for Prometheus on a port of its own: off unless the command line names one."""

from collections.abc import Iterator
from typing import Any, ClassVar

from prometheus_client.metrics_core import Metric
from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint

from ganetix.daemons import settings
from ganetix.daemons.daemon import Daemon
from ganetix.daemons.listening import Listening
from ganetix.daemons.manhole import ConsoleOptions
from ganetix.daemons.program import whole
from ganetix.daemons.stalls import StallMeter
from ganetix.paths import Paths
from ganetix.toolkit.metrics import counter, gauge
from ganetix.toolkit.services import Startable
from ganetix.web.metrics import FiguresSite, Text

HERE = "127.0.0.1"


class MetricsOptions(ConsoleOptions):
    """The command line of a daemon that has a console and figures."""

    optParameters: ClassVar[list[Any]] = [
        ["metrics-port", None, None, "Offer figures for Prometheus on this TCP port.", whole],
        ["metrics-bind", None, None, "Address for that (default: this machine's programs only)."],
    ]


def stalls(prefix: str, meter: StallMeter) -> Iterator[Metric]:
    """Yield the figures of *meter*, named *prefix*_stalls and so on."""
    found = meter.figures()
    yield counter(f"{prefix}_stalls", "Turns of the reactor of more than 50 ms.", found["stalls"])
    longest = "The longest turn of the reactor."
    yield gauge(f"{prefix}_stall_longest_seconds", longest, found["longest"])


def metrics_port(
    daemon: Daemon, paths: Paths, options: MetricsOptions, text: Text
) -> tuple[Startable, ...]:
    """Return what serves *text* on the port of *options*; nothing without one."""
    port = options["metrics-port"]
    if port is None:
        return ()
    address = options["metrics-bind"] or settings.own_address(paths) or HERE
    make = TCP6ServerEndpoint if ":" in address else TCP4ServerEndpoint
    site = FiguresSite(daemon.reactor, text)
    endpoint = make(daemon.reactor, port, interface=address)
    return (Listening("metrics", endpoint, site, f"{address}, port {port}, for metrics"),)

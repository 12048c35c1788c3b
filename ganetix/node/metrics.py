"""A node's figures: what it tells its master, read here."""

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from ganetix.rpc.events import EventSource, FiguresEvent, InstanceEvent
from ganetix.toolkit.metrics import MIB, gauge, gauges


def read(source: EventSource) -> Iterator[Metric]:
    """Yield the newest figures that *source* tells."""
    told = source.now()
    guests = [event.state for event in told if isinstance(event, InstanceEvent) and event.state]
    yield gauge("ganetix_noded_guests", "Guests that this node's hypervisors have.", len(guests))
    memory = [((state.name,), float(state.memory * MIB)) for state in guests]
    yield gauges("ganetix_noded_guest_memory_bytes", "Memory of a guest.", ("instance",), memory)
    seconds = [((state.name,), state.cpu_seconds) for state in guests]
    what = "Processor time of a guest since it was started."
    yield gauges("ganetix_noded_guest_cpu_seconds", what, ("instance",), seconds)
    for event in told:
        if isinstance(event, FiguresEvent):
            info = event.info
            sizes = {("total",): info.memory_total * MIB, ("free",): info.memory_free * MIB}
            yield gauges("ganetix_noded_memory_bytes", "Memory of this node.", ("kind",), sizes)
            yield gauge("ganetix_noded_cpus", "CPUs of this node.", info.cpu_total)

"""The remote API's own figures: requests, and who is being served."""

from collections.abc import Callable, Iterable

import attrs
from prometheus_client.metrics_core import Metric

from ganetix.rapi.site import LimitedSite
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.metrics import Metrics, gauge


@attrs.define(eq=False, slots=False)
class RapiMetrics:
    """Counts requests by method and status; *site* and *listeners* are looked at when asked.

    *more* yields further figures of the daemon.
    """

    clock: Clock
    site: Callable[[], LimitedSite]
    listeners: Callable[[], int]
    more: Callable[[], Iterable[Metric]] = tuple
    metrics: Metrics = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Make the counters."""
        made = self.metrics = Metrics(lambda: self.clock.sleep(0), self.read)
        what = "Requests to the remote API, by method and status."
        self._seconds = made.histogram("ganetix_rapi_request_seconds", what, "method", "status")

    def answered(self, method: str, status: int, seconds: float) -> None:
        """Count a request."""
        known = method if method in ("GET", "PUT", "POST", "DELETE") else "other"
        self._seconds.labels(known, str(status)).observe(seconds)

    def read(self) -> Iterable[Metric]:
        """Return what is known now."""
        site = self.site()
        return (
            gauge("ganetix_rapi_clients", "Connections that are served.", len(site.served)),
            gauge("ganetix_rapi_waiting", "Connections that wait.", len(site.waiting)),
            gauge("ganetix_rapi_listeners", "Clients that follow events.", self.listeners()),
            *self.more(),
        )

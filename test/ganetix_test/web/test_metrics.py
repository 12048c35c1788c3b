"""Promises of the port for figures, and of the remote API's own figures."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import connectionDone
from twisted.internet.task import Clock as TaskClock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from ganetix.rapi.auth import parse_users
from ganetix.rapi.metrics import RapiMetrics
from ganetix.rapi.request import Own
from ganetix.rapi.service import Api, Surroundings
from ganetix.rapi.site import LimitedSite
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.metrics import CONTENT_TYPE
from ganetix.web.metrics import FiguresSite
from ganetix_test.rapi.master import nothing
from ganetix_test.rapi.test_service import USERS, ServiceTestCase
from ganetix_test.rapi.test_service import parsed as answer_in
from ganetix_test.toolkit.test_metrics import parsed


class PortTests(SynchronousTestCase):
    """A port of its own."""

    def ask(self, asked: bytes) -> Any:
        """Return the answer to a request."""
        site = FiguresSite(TaskClock(), lambda: self.text)
        site.startFactory()
        self.addCleanup(site.stopFactory)
        protocol: Any = site.buildProtocol(None)
        self.transport = StringTransport()
        protocol.makeConnection(self.transport)
        protocol.dataReceived(asked + b" HTTP/1.1\r\nHost: c\r\nConnection: close\r\n\r\n")
        return protocol

    def test_figures(self) -> None:
        """It answers with the text, as what Prometheus expects."""
        self.text: Deferred[bytes] = Deferred()
        self.ask(b"GET /metrics")
        self.assertEqual(self.transport.value(), b"")
        self.text.callback(b"a 1\n")
        found = answer_in(self.transport.value())
        self.assertEqual((found.status, found.body), (200, b"a 1\n"))
        self.assertEqual(found.headers["content-type"], CONTENT_TYPE)

    def test_nothing_else(self) -> None:
        """There is nothing else, and nothing can be changed."""
        self.text = Deferred()
        for asked, status in ((b"GET /", 404), (b"POST /metrics", 405), (b"GET /metrics/x", 404)):
            self.ask(asked)
            self.assertEqual(answer_in(self.transport.value()).status, status, asked)

    def test_who_goes_away(self) -> None:
        """Who has gone before the text is there harms nobody."""
        self.text = Deferred()
        protocol = self.ask(b"GET /metrics")
        protocol.connectionLost(connectionDone)
        self.text.callback(b"a 1\n")
        self.assertEqual(self.transport.value(), b"")


class RapiMetricsTests(ServiceTestCase):
    """The remote API's figures."""

    def make(self, always: bool = True, most: int = 2) -> LimitedSite:
        """Return a server that counts."""
        clock = Clock(self.time, self.time.seconds)
        figures = RapiMetrics(clock, lambda: site, lambda: 7)
        own = Own(nothing, figures.metrics.text, figures.answered)
        api = Api(Surroundings(lambda: parse_users(USERS), self.master, clock, own, always))
        site = LimitedSite(clock, api, most)
        site.startFactory()
        self.addCleanup(site.stopFactory)
        return site

    def test_requests(self) -> None:
        """Requests are counted by method and status; the cluster's figures come first."""
        self.master.answers["QueryMetrics"] = "# HELP a A.\n# TYPE a gauge\na 1.0\n"
        self.ask("GET /version")
        self.ask("GET /nothing")
        self.ask("BREW /version")
        answer = self.ask("GET /metrics", user="joe:secret")
        self.assertEqual(answer.headers["content-type"], CONTENT_TYPE)
        found = parsed(answer.body)
        self.assertEqual(found["a"], {(): 1.0})
        self.assertEqual(
            found["ganetix_rapi_request_seconds_count"],
            {("GET", "200"): 1.0, ("GET", "404"): 1.0, ("other", "501"): 1.0},
        )
        self.assertEqual(found["ganetix_rapi_clients"], {(): 1.0})
        self.assertEqual(found["ganetix_rapi_listeners"], {(): 7.0})

    def test_who_may(self) -> None:
        """Figures are for whoever may read."""
        self.assertEqual(self.ask("GET /metrics", user="").status, 401)

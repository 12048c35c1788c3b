"""Promises of what each daemon tells of itself, and where."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ganetix.daemons import masterd, noded, rapid
from ganetix.daemons.metrics import stalls


class Meter:
    """A stall meter that has seen something."""

    def figures(self) -> dict[str, Any]:
        """See `StallMeter`."""
        return {"stalls": 2, "longest": 0.5, "longest_cpu": 0.4}


class StallTests(SynchronousTestCase):
    """Stalls of any daemon."""

    def test_names(self) -> None:
        """They are named after the daemon, so that all can be in one text."""
        meter: Any = Meter()
        values = {row.name: row.samples[0].value for row in stalls("ganetix_x", meter)}
        self.assertEqual(values, {"ganetix_x_stalls": 2.0, "ganetix_x_stall_longest_seconds": 0.5})


class OptionTests(SynchronousTestCase):
    """The command line."""

    def test_off(self) -> None:
        """No daemon offers figures on a port of its own unless it is told to."""
        for options in (masterd.Options(), noded.Options(), rapid.Options()):
            options.parseOptions([])
            self.assertIsNone(options["metrics-port"])
            options.parseOptions(["--metrics-port", "9100", "--metrics-bind", "192.0.2.1"])
            self.assertEqual(
                (options["metrics-port"], options["metrics-bind"]), (9100, "192.0.2.1")
            )

"""Tests of `ganetix.daemons.stalls`."""

import time
from typing import Any

import attrs
from twisted.internet.epollreactor import EPollReactor
from twisted.trial.unittest import SynchronousTestCase

from ganetix.daemons.stalls import STALL, StallMeter


@attrs.define
class Poller:
    """Stands for a reactor's poller."""

    polled: int = 0

    def poll(self, timeout: float, maxevents: int) -> list[Any]:
        """Return nothing, at once."""
        self.polled += 1
        return []

    def modify(self, fd: int, flags: int) -> str:
        """Stand for the other methods."""
        return f"{fd} {flags}"


class StallMeterTests(SynchronousTestCase):
    """Measuring what goes on between two polls."""

    def setUp(self) -> None:
        """Put a meter into a reactor that does not run."""
        self.reactor = EPollReactor()
        self.addCleanup(self.reactor._poller.close)
        self.poller = Poller()
        self.meter = StallMeter(self.reactor, lambda: 2)
        real, self.reactor._poller = self.reactor._poller, self.poller
        self.addCleanup(setattr, self.reactor, "_poller", real)
        self.successResultOf(self.meter.start())

    def tearDown(self) -> None:
        """Take it out again."""
        self.successResultOf(self.meter.stop())
        self.assertIs(self.reactor._poller, self.poller)

    def burn(self, seconds: float) -> None:
        """Use the processor for so long."""
        end = time.thread_time() + seconds
        while time.thread_time() < end:
            pass

    def test_passes_on(self) -> None:
        """The reactor polls as before, and reaches the other methods."""
        self.assertEqual(self.reactor._poller.poll(0.0, 1), [])
        self.assertEqual(self.poller.polled, 1)
        self.assertEqual(self.reactor._poller.modify(3, 4), "3 4")

    def test_counts_stalls(self) -> None:
        """An iteration that keeps the processor busy is a stall; a short one is none."""
        self.reactor._poller.poll(0.0, 1)
        self.burn(STALL / 10)
        self.reactor._poller.poll(0.0, 1)
        self.assertEqual(self.meter.stalls, 0)
        self.burn(STALL * 1.2)
        self.reactor._poller.poll(0.0, 1)
        self.assertEqual(self.meter.stalls, 1)
        self.assertGreater(self.meter.longest_cpu, STALL)
        self.assertEqual(self.meter.iterations, 3)

    def test_sleep_is_no_stall(self) -> None:
        """Waiting for the machine is elapsed time, and not counted as ours."""
        self.reactor._poller.poll(0.0, 1)
        time.sleep(STALL * 1.2)
        self.reactor._poller.poll(0.0, 1)
        self.assertEqual(self.meter.stalls, 0)
        self.assertGreater(self.meter.longest, STALL)

"""One timeline for many processes."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix.testing.sim.timeline import ProcessTime, Timeline


class TimelineTests(SynchronousTestCase):
    """Timers fire one at a time, in order, and only in processes that live."""

    def setUp(self) -> None:
        """Two processes."""
        self.timeline = Timeline()
        self.one, self.two = ProcessTime(self.timeline), ProcessTime(self.timeline)
        self.fired: list[object] = []

    def run_out(self) -> None:
        """Fire everything."""
        while self.timeline.step():
            pass

    def test_order(self) -> None:
        """By time, and at the same time in the order in which they were set."""
        for delay, name in ((2.0, "c"), (1.0, "a"), (1.0, "b")):
            self.one.callLater(delay, self.fired.append, name)
        self.assertTrue(self.timeline.step())
        self.assertEqual((self.fired, self.timeline.now), (["a"], 1.0))
        self.run_out()
        self.assertEqual((self.fired, self.timeline.now), (["a", "b", "c"], 2.0))

    def test_cancel_and_reset(self) -> None:
        """A cancelled timer is silent; one that was set anew fires once, at its new time."""
        gone = self.one.callLater(1, self.fired.append, "gone")
        late = self.one.callLater(1, lambda: self.fired.append(self.timeline.now))
        soon = self.one.callLater(9, lambda: self.fired.append(self.timeline.now))
        gone.cancel()
        late.reset(5)
        soon.reset(3)
        self.run_out()
        self.assertEqual(self.fired, [3.0, 5.0])

    def test_dead(self) -> None:
        """A killed process does nothing any more, the other goes on."""
        self.one.callLater(1, self.fired.append, "one")
        self.two.callLater(2, self.fired.append, "two")
        self.one.kill()
        self.one.callLater(1, self.fired.append, "later")
        self.run_out()
        self.assertEqual(self.fired, ["two"])

    def test_suspended(self) -> None:
        """What a suspended process missed is due when it goes on, in order."""
        self.one.callLater(1, self.fired.append, "first")
        self.one.callLater(2, self.fired.append, "second")
        self.one.suspend()
        self.two.callLater(5, self.one.resume)
        self.run_out()
        self.assertEqual((self.fired, self.timeline.now), (["first", "second"], 5.0))

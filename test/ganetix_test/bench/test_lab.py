"""What measurements in a lab read."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.bench import lab

EVENT = "2026-11-22 00:00:{}+0000: event 'lifecycle' for domain 'instance16.example.com': {}"


class ReadTests(SynchronousTestCase):
    """Seconds out of what programs say."""

    def test_started(self) -> None:
        """Each start is counted from its command to libvirt's word; the first was not timed."""
        begin = 1795305600.0
        told = [
            f"gnt {begin + 10}",
            f"virsh {begin + 20.25}",
            EVENT.format("05.000", "Started Booted"),
            EVENT.format("05.900", "Stopped Destroyed"),
            EVENT.format("11.500", "Started Booted"),
            EVENT.format("21.250", "Started Booted"),
            "2026-11-22 00:00:22.000+0000: event 'lifecycle' for domain 'other': Started Booted",
        ]
        self.assertEqual(lab.started("\n".join(told)), {"gnt": [1.5], "virsh": [1.0]})

    def test_stood_still(self) -> None:
        """The job's log and virsh tell milliseconds, each in its way."""
        self.assertEqual(lab.stood_still("... The guest stood still for 34 ms; it took"), 0.034)
        self.assertEqual(lab.stood_still("Total time: 5 ms\nTotal downtime:   120    ms\n"), 0.12)

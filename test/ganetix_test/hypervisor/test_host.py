"""The machine's figures are read from the kernel's texts."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix.errors import HypervisorError
from ganetix.hypervisor import host

MEMINFO = """\
MemTotal:        8192000 kB
MemFree:         1024000 kB
MemAvailable:    4096000 kB
Buffers:          102400 kB
Cached:          2048000 kB
"""
CPUINFO = "".join(
    f"processor\t: {number}\nphysical id\t: {number // 2}\nmodel name\t: x\n\n"
    for number in range(4)
)


class HostTests(SynchronousTestCase):
    """Memory and processors."""

    def test_figures(self) -> None:
        """Caches count as free memory; processors and sockets are counted."""
        found = host.figures(MEMINFO, CPUINFO)
        self.assertEqual((found.memory_total, found.memory_free), (8000, 3100))
        self.assertEqual(found.memory_dom0, 4900)
        self.assertEqual((found.cpu_total, found.cpu_sockets), (4, 2))

    def test_no_topology(self) -> None:
        """A kernel that tells no sockets has one, and at least one processor."""
        self.assertEqual(host.processors(""), (1, 1))

    def test_no_memory(self) -> None:
        """A text without figures is refused by the name of its file."""
        error = self.assertRaises(HypervisorError, host.memory, "MemTotal: many\n")
        self.assertIn("/proc/meminfo", error.message)

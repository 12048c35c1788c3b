"""Reading the kernel's accounts."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.bench.processes import Stat, family, parse_pss, parse_stat


class ParseTests(SynchronousTestCase):
    """Files of /proc."""

    def test_stat(self) -> None:
        """A name may hold blanks and parentheses; children that were waited for count."""
        text = "42 (a) (b c) S 7 42 42 0 -1 4194560 100 0 0 0 11 5 3 1 20 0 4 0 900 1000 5 18"
        self.assertEqual(parse_stat(text), Stat(42, 7, 20))

    def test_pss(self) -> None:
        """The proportional share of memory is in KiB; a process that has ended has none."""
        text = "00400000-7ffd [rollup]\nRss:  2000 kB\nPss:  1500 kB\nPss_Anon: 9 kB\n"
        self.assertEqual(parse_pss(text), 1500 * 1024)
        self.assertEqual(parse_pss(""), 0)


class FamilyTests(SynchronousTestCase):
    """Job processes belong to the daemon that started them."""

    def test_descendants(self) -> None:
        """Children and their children count, neighbours do not."""
        rows = [Stat(1, 0, 9), Stat(10, 1, 1), Stat(11, 10, 2), Stat(12, 11, 3), Stat(20, 1, 4)]
        self.assertEqual({row.pid for row in family([10], rows)}, {10, 11, 12})
        self.assertEqual(family([99], rows), [])

"""The command line of `bin/bench`, and what it reads from names and logs."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.bench.main import main
from ganetix_test.bench.stalls import longest
from ganetix_test.bench.target import root_of


class NameTests(SynchronousTestCase):
    """From a socket to its cluster."""

    def test_root(self) -> None:
        """The socket's place below the root directory is Ganeti's."""
        self.assertEqual(root_of("/c/node1/var/run/ganeti/socket/ganeti-query"), "/c/node1")

    def test_another_socket(self) -> None:
        """Any other path is refused by name."""
        error = self.assertRaises(ValueError, root_of, "/run/other")
        self.assertIn("/run/other", str(error))


class StallTests(SynchronousTestCase):
    """The stall meter's lines."""

    def test_longest(self) -> None:
        """They are counted and the longest is found; none is zero."""
        text = (
            b"x WARN The reactor was busy for 51 ms (60 ms elapsed)\n"
            b"x INFO something else for 900 ms\n"
            b"x WARN The reactor was busy for 143 ms (207 ms elapsed)\n"
        )
        self.assertEqual(longest(text), (2, 143))
        self.assertEqual(longest(b""), (0, 0))


class CommandTests(SynchronousTestCase):
    """Mistakes are sentences."""

    def said(self, code: int, *args: str) -> str:
        """Return what a run with *args* says before it ends with *code*."""
        lines: list[str] = []
        self.assertEqual(main(args, lines.append), code)
        return "\n".join(lines)

    def test_unknown_bench(self) -> None:
        """A bench that there is not is named, with those that there are."""
        told = self.said(2, "latencies")
        self.assertIn("no bench latencies", told)
        self.assertIn("throughput", told)

    def test_fill_needs_a_number(self) -> None:
        """Fill without a number tells its usage."""
        self.assertIn("fill DIR N", self.said(2, "fill", "/nowhere", "many"))

    def test_foreign_socket(self) -> None:
        """A socket to compare with that is no cluster's is refused before anything is measured."""
        self.assertIn("not the socket", self.said(1, "--against", "/run/other", "latency"))

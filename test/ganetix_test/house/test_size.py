"""Modules stay short enough to be read in one go."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.house import source

FORBIDDEN = 600
QUESTION = 400


class SizeTests(SynchronousTestCase):
    """A module of 400 lines is a question, one of 600 is a no."""

    def test_no_module_is_too_long(self) -> None:
        """No module has 600 lines; those over 400 are printed, for somebody to ask why."""
        lengths = {
            module.name: len(module.path.read_text("utf-8").splitlines())
            for module in [*source.package(), *source.tests()]
        }
        for name, lines in sorted(lengths.items()):
            if lines > QUESTION:
                print(f"\n{name} has {lines} lines: can it be two modules?", end="")  # noqa: T201  # that is the point
        self.assertEqual([name for name, lines in lengths.items() if lines >= FORBIDDEN], [])

"""Debian's client library, every LUXI method, against a virtual cluster."""

from pathlib import Path
from typing import Final

from ganetix_test.compat import debian
from ganetix_test.compat.cases import CompatTestCase
from ganetix_test.compat.recorded import Comparison, Record

HERE: Final = Path(__file__).parent
KNOWN: Final = {
    r".*TEST_DELAY.*|WaitForJobChangeOnce\.0\.1\.0|QueryJobs\.0\.2\.0": "numbers have another form",
    r"QueryJobs\.0\.4\..*": "a job has its opcodes as they were submitted",
    r"(ChangeJobPriority while it runs|CancelJob|the canceled job).*|Query of job\.data\..*": (
        "priorities change and jobs are canceled whatever they do"
    ),
    r"Query(Exports.*|.* export\.data)": "our nodes have a directory of exports from the first",
    r"QueryFilters, one\.0\.2\.1\.2": "the time of the change",
    r"DeleteFilter again outcome": "told as an unknown object is",
    r"(SetWatcherPause|QueryConfigValues of the pause)(\.0)?": "kept as it was given",
}
"""Where our answers differ from the reference's, and why."""


class LibraryTests(CompatTestCase):
    """A cluster of two nodes with one instance."""

    def test_every_method(self) -> None:
        """Each of the 25 methods answers as the reference did."""
        line = [debian.PYTHON, str(HERE / "calls.py")]
        rows = self.called(line, {**debian.python(self.packages, programs=True), **self.node})
        record = Record.read(HERE / "recorded.json")
        found = Comparison(KNOWN).differences(record, rows)
        self.assertEqual(found, [], "\n".join(found))
        self.assertEqual(rows[-1]["call"], "every method")

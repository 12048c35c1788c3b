"""The examples of the page on fields and filters are filters."""

import pathlib
import re

from twisted.trial.unittest import SynchronousTestCase

from ganetix.cli.filters import parse

PAGE = pathlib.Path(__file__).resolve().parents[3] / "docs/fields-and-filters.md"


class DocumentedTests(SynchronousTestCase):
    """What people copy from the page."""

    def test_examples(self) -> None:
        """Each quoted filter can be read."""
        typed = re.findall(r"^    gnt-\w+ list .*$", PAGE.read_text("utf-8"), re.MULTILINE)
        quoted = [text for line in typed for text in re.findall(r"'([^']*)'", line)]
        found = [text for text in quoted if " " in text]
        self.assertGreater(len(found), 4)
        for text in found:
            self.assertTrue(parse(text), text)

    def test_table(self) -> None:
        """The text and the JSON of each row of the table mean the same."""
        for text, wanted in (
            ("field == 1", ["==", "field", 1]),
            ("field != 1", ["!=", "field", 1]),
            ("field < 1", ["<", "field", 1]),
            ("field =~ m/x/", ["=~", "field", "x"]),
            ('"value" in field', ["=[]", "field", "value"]),
            ("not field", ["!", ["?", "field"]]),
            ("f and g", ["&", ["?", "f"], ["?", "g"]]),
            ("f or g", ["|", ["?", "f"], ["?", "g"]]),
        ):
            self.assertEqual(parse(text), wanted)

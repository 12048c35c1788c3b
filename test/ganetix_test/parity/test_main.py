"""The check that what was done stays done."""

import json

from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.parity import reasons
from ganetix_test.parity.__main__ import DONE, everything, lost, table

NOW = {"opcodes": ["OP_A"], "hooks": []}


class KeptTests(SynchronousTestCase):
    """Rows before and now."""

    def test_lost(self) -> None:
        """A row that was done is told by its area and name; a new one is not."""
        self.assertEqual(lost({"opcodes": ["OP_A", "OP_B"]}, NOW), ["opcodes: OP_B"])
        self.assertEqual(lost({"opcodes": []}, NOW), [])

    def test_a_whole_area(self) -> None:
        """An area that is not walked any more loses all its rows."""
        self.assertEqual(lost({"fields": ["x"]}, NOW), ["fields: x"])

    def test_table(self) -> None:
        """Only rows of the tables count."""
        [line] = table({"opcodes": ["OP_A", "OP_B"]}, {"opcodes": ["OP_A", "OP_OURS"]})
        self.assertEqual(line.split(), ["opcodes", "1", "of", "2"])

    def test_kept_rows_are_rows(self) -> None:
        """What is kept as done stands in the tables."""
        known = everything()
        for area, rows in json.loads(DONE.read_text("utf-8")).items():
            self.assertEqual(set(rows) - set(known[area]), set(), area)

    def test_reasons(self) -> None:
        """Reasons are given for rows of the tables that are not kept as done."""
        known, kept = everything(), json.loads(DONE.read_text("utf-8"))
        for area, rows in reasons.NOT_HERE.items():
            self.assertEqual(set(rows) - set(known[area]), set(), area)
            self.assertEqual(set(rows) & set(kept[area]), set(), area)

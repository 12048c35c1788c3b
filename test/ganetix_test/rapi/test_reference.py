"""Promises of the reference page: everything that is offered is in it, readable."""

import re

from twisted.trial.unittest import SynchronousTestCase

from ganetix.rapi.openapi import document
from ganetix.rapi.ours import ALL, SHAPES
from ganetix.rapi.reference import page

DOCUMENT = document(ALL, SHAPES)


class PageTests(SynchronousTestCase):
    """The page."""

    def setUp(self) -> None:
        """Make it, and take it apart."""
        self.page = page(DOCUMENT)
        parts = re.split(r"^### `(.*)`$", self.page, flags=re.MULTILINE)
        self.sections = dict(zip(parts[1::2], parts[2::2], strict=True))

    def test_it_is_whole(self) -> None:
        """Each method of each resource has a section with its arguments and statuses."""
        asked = {f"{verb} {row.path}" for row in ALL for verb in row.methods}
        self.assertEqual(set(self.sections), asked)
        for row in ALL:
            for verb, method in row.methods.items():
                text = self.sections[f"{verb} {row.path}"]
                for name in (*re.findall(r"\{(\w+)\}", row.path), *method.query):
                    self.assertIn(f"| `{name}` |", text)
                operation = DOCUMENT["paths"][row.path][verb.lower()]
                for status in operation["responses"]:
                    self.assertTrue(status == "200" or f"`{status}`" in text)

    def test_bodies(self) -> None:
        """A body's parameters have their types, defaults, and whether they must be there."""
        text = self.sections["POST /2/nodes/{node_name}/evacuate"]
        self.assertIn("| `mode` | `all`, `primary-only`, `secondary-only` | must be there |", text)
        self.assertIn("| `early_release` | true or false | else `false` |", text)
        text = self.sections["POST /2/groups"]
        self.assertIn("One of `group_name` or `name` must be there.", text)
        self.assertIn("The body is `regular`", self.sections["PUT /2/nodes/{node_name}/role"])
        self.assertIn("| `__version__` | `1` | must be there |", self.sections["POST /2/instances"])

    def test_tables(self) -> None:
        """Each line of a table has its three columns, and nothing is called anything in Python."""
        for line in self.page.splitlines():
            if line.startswith("|"):
                self.assertEqual(len(re.findall(r"(?<!\\)\|", line)), 4, line)
        self.assertNotIn("None", self.page)
        self.assertNotIn("True", self.page)

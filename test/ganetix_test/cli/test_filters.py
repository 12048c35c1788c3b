"""Promises of the text form of filters: the table and grammar of the interface reference."""

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ganetix.cli import filters
from ganetix.errors import QueryFilterParseError

EQ = ["==", "f", "v"]

TABLE: list[tuple[str, Any]] = [
    ('f == "v"', EQ), ("f = 'v'", EQ), ('f != "v"', ["!=", "f", "v"]),
    ("f < 5", ["<", "f", 5]), ("f<=5", ["<=", "f", 5]), ("f > -5", [">", "f", -5]),
    ("f >= +5", [">=", "f", 5]),
    ("f =~ m/x/i", ["=~", "f", "(?i)x"]), ("f =~ /x/", ["=~", "f", "x"]),
    ("f =~ m#a/b#si", ["=~", "f", "(?is)a/b"]), (r"f =~ m/a\/b\./", ["=~", "f", r"a/b\."]),
    ("f !~ m|x|", ["!", ["=~", "f", "x"]]),
    ('f =* "a*"', ["=~", "f", r"^a[^.]*(\..*)?$"]),
    ('f !* "a?"', ["!", ["=~", "f", r"^a[^.](\..*)?$"]]),
    ('"v" in f', ["=[]", "f", "v"]), ('"v" not in f', ["!", ["=[]", "f", "v"]]),
    ("5 in f", ["=[]", "f", 5]),
    ("f", ["?", "f"]), ("not f", ["!", ["?", "f"]]), ("(f)", ["?", "f"]),
    ("be/vcpus == 2", ["==", "be/vcpus", 2]), ("disk.size/0 > 5", [">", "disk.size/0", 5]),
    ("a and b and c", ["&", ["?", "a"], ["?", "b"], ["?", "c"]]),
    ("a or b and not c", ["|", ["?", "a"], ["&", ["?", "b"], ["!", ["?", "c"]]]]),
    ("(a or b) and c", ["&", ["|", ["?", "a"], ["?", "b"]], ["?", "c"]]),
    ("orange and notes", ["&", ["?", "orange"], ["?", "notes"]]),
]  # fmt: skip
WRONG = ["", "f ==", "== 5", "(f", "f)", "f g", "f == v", "f =~ x", "f =~ m/x", '"v" f', "not",
         "f and", "5", "f == 1.5", "and", '"v" in 5', "f =* 5"]  # fmt: skip


class FilterTests(SynchronousTestCase):
    """Text to JSON."""

    def test_table(self) -> None:
        """Each form of the reference becomes its JSON form."""
        for text, expected in TABLE:
            self.assertEqual(filters.parse(text), expected, text)

    def test_escapes(self) -> None:
        """Outer quotes are cut, escapes kept as they are written."""
        self.assertEqual(filters.parse(r"f == 'it\'s'"), ["==", "f", r"it\'s"])

    def test_wrong(self) -> None:
        """Everything else is refused with the place and what was expected."""
        for text in WRONG:
            with self.assertRaises(QueryFilterParseError, msg=text) as caught:
                filters.parse(text)
            self.assertRegex(caught.exception.message, "character [0-9]+: expected", text)

    @given(st.text(alphabet="fg()=!~*<>/'\"m 5andortin", max_size=12))
    def test_never_anything_else(self, text: str) -> None:
        """Any text is a filter or refused in words."""
        try:
            self.assertIsInstance(filters.parse(text), list)
        except QueryFilterParseError as error:
            self.assertIn("character", error.message)


class ArgumentTests(SynchronousTestCase):
    """Arguments of list commands."""

    def test_kinds(self) -> None:
        """None, names, globs, a filter; jobs by number."""
        for words, expected in (
            ([], None),
            (["web1"], ["|", ["==", "name", "web1"]]),
            (["web1", "db*"], ["|", ["==", "name", "web1"], ["=~", "name", r"^db[^.]*(\..*)?$"]]),
            (["name == 'a'"], ["==", "name", "a"]),
            (["status!='x'"], ["!=", "status", "x"]),
        ):
            self.assertEqual(filters.from_arguments(words, force=False), expected, words)
        found = filters.from_arguments(["3", "4"], force=False, field="id", numeric=True)
        self.assertEqual(found, ["|", ["==", "id", 3], ["==", "id", 4]])

    def test_forced(self) -> None:
        """With -F one word is a filter, though it looks like a name."""
        self.assertEqual(filters.from_arguments(["offline"], force=True), ["?", "offline"])
        for words in ([], ["a", "b"]):
            with self.assertRaises(QueryFilterParseError):
                filters.from_arguments(words, force=True)

    def test_job_numbers(self) -> None:
        """A job's name is a number."""
        for word in ("x", "1*"):
            with self.assertRaises(QueryFilterParseError):
                filters.from_arguments([word], force=False, field="id", numeric=True)

    def test_globs(self) -> None:
        """A glob stays within one part of a name, and a host part matches the full name."""
        for pattern, name, fits in (
            ("web*", "web1.example.com", True), ("web?", "web12.example.com", False),
            ("*", "web1.example.com", True), ("web*.org", "web1.example.org", False),
            ("a.b", "axb", False), ("web1.ex*", "web1.example.com", True),
        ):  # fmt: skip
            self.assertEqual(bool(re.search(filters.glob(pattern), name)), fits, pattern)

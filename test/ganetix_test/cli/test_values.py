"""Promises of option values, sizes and durations."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ganetix.cli import parameters, units, values
from ganetix.errors import OpPrereqError, UnitParseError


class ValueTests(SynchronousTestCase):
    """Text to values, by table."""

    def test_key_values(self) -> None:
        """Keys with values, true, false and reset ones, and escaped commas."""
        for text, expected in (
            ("", {}),
            ("a=1,b=x y", {"a": "1", "b": "x y"}),
            ("a,no_b,-c", {"a": True, "b": False, "c": None}),
            (r"a=1\,2,b=3", {"a": "1,2", "b": "3"}),
            (r"a=C:\dir\\,b=", {"a": "C:\\dir\\", "b": ""}),
            ("a=b=c", {"a": "b=c"}),
        ):
            self.assertEqual(values.key_values(text), expected, text)

    def test_key_values_refused(self) -> None:
        """A key given twice, and a value without a key."""
        for text in ("a=1,a=2", "=1", "a=1,,b=2"):
            with self.assertRaises(ValueError, msg=text):
                values.key_values(text)

    def test_ident(self) -> None:
        """Names with values; removal and reset; a number keeps its sign."""
        table: list[tuple[str, tuple[str, Any]]] = [
            ("kvm:acpi=true,no_pae", ("kvm", {"acpi": "true", "pae": False})),
            ("0", ("0", {})),
            ("0:", ("0", {})),
            ("no_kvm", ("kvm", False)),
            ("-kvm", ("kvm", None)),
            ("-1:size=5", ("-1", {"size": "5"})),
            ("a:b:c=1", ("a", {"b:c": "1"})),
        ]
        for text, expected in table:
            self.assertEqual(values.ident_key_values(text), expected, text)

    def test_ident_refused(self) -> None:
        """A removal with values, and values without a name."""
        for text in (":a=1", "no_kvm:a=1", "-kvm:a=1"):
            with self.assertRaises(ValueError, msg=text):
                values.ident_key_values(text)

    def test_ident_list(self) -> None:
        """Items of groups of values."""
        self.assertEqual(
            values.ident_list("min:a=1/max:a=2//min:a=3"),
            [{"min": {"a": "1"}, "max": {"a": "2"}}, {"min": {"a": "3"}}],
        )

    def test_others(self) -> None:
        """Booleans, lists, numbers or default."""
        self.assertEqual([values.boolean(t) for t in ("yes", "True", "NO", "false")],
                         [True, True, False, False])  # fmt: skip
        self.assertEqual(values.listing(r"a,b\,c"), ["a", "b,c"])
        self.assertEqual(values.listing(""), [])
        self.assertEqual(
            [values.number_or_default(t) for t in ("default", "1.5")], ["default", 1.5]
        )
        for bad in ("maybe", ""):
            with self.assertRaises(ValueError):
                values.boolean(bad)

    @given(st.lists(st.text(alphabet="ab,\\=", min_size=1), min_size=1))
    def test_split_keeps_everything(self, parts: list[str]) -> None:
        """Escaping and splitting gives back any list of texts."""
        text = ",".join(p.replace("\\", "\\\\").replace(",", "\\,") for p in parts)
        self.assertEqual(values.split(text), parts)


class UnitTests(SynchronousTestCase):
    """Sizes and durations."""

    def test_sizes(self) -> None:
        """All suffixes, and rounding up to 4 MiB."""
        for text, mib in (
            ("512", 512), ("512m", 512), ("1g", 1024), ("1.5G", 1536), ("1t", 1048576),
            ("1GB", 1024), ("1 gib", 1024), ("2tib", 2097152), ("1", 4), ("4.1m", 8), ("0.5g", 512),
        ):  # fmt: skip
            self.assertEqual(units.parse_size(text), mib, text)

    def test_sizes_refused(self) -> None:
        """What is not a size is refused by name."""
        for text in ("", "g", "1x", "1.2.3g", "-4", "many"):
            with self.assertRaises(UnitParseError, msg=text) as caught:
                units.parse_size(text)
            self.assertIn(repr(text), caught.exception.message)

    def test_shown(self) -> None:
        """Readable sizes have a letter; m, g and t are plain numbers."""
        for mib, unit, text in (
            (512, "h", "512M"), (1024, "h", "1.0G"), (24064, "h", "23.5G"), (1048576, "h", "1.0T"),
            (24064, "m", "24064"), (24064, "g", "23.5"), (24064, "t", "0.0"), (0, "h", "0M"),
        ):  # fmt: skip
            self.assertEqual(units.format_size(mib, unit), text)

    def test_durations(self) -> None:
        """Seconds, minutes, hours, days and weeks."""
        for text, seconds in (("90", 90), ("30m", 1800), ("4h", 14400), ("1d", 86400),
                              ("2w", 1209600), ("5s", 5)):  # fmt: skip
            self.assertEqual(units.parse_duration(text), seconds)
        for text in ("", "m", "1y", "-5"):
            with self.assertRaises(UnitParseError, msg=text):
                units.parse_duration(text)


class DeviceTests(SynchronousTestCase):
    """--disk and --net."""

    def test_by_index(self) -> None:
        """Devices are in the order of their numbers, gaps empty."""
        items: list[values.Ident] = [("2", {"a": "1"}), ("0", {"b": "2"})]
        self.assertEqual(parameters.by_index(items, "Disk"), [{"b": "2"}, {}, {"a": "1"}])
        wrong: list[list[values.Ident]] = [[("x", {})], [("0", {}), ("0", {})]]
        for bad in wrong:
            with self.assertRaises(OpPrereqError):
                parameters.by_index(bad, "Disk")

    def test_modifications(self) -> None:
        """Each way to write a change of a device."""
        for text, expected in (
            ("add:size=1g", ["add", -1, {"size": 1024}]),
            ("attach:name=x", ["attach", -1, {"name": "x"}]),
            ("remove", ["remove", -1, {}]),
            ("1:add,size=512", ["add", 1, {"size": 512}]),
            ("1:remove", ["remove", 1, {}]),
            ("-1:mode=ro", ["modify", -1, {"mode": "ro"}]),
            ("root:name=boot", ["modify", "root", {"name": "boot"}]),
        ):
            items = [values.ident_key_values(text)]
            self.assertEqual(parameters.modifications(items, parameters.disk), [expected], text)

    def test_modifications_refused(self) -> None:
        """Two actions at once, and parameters for what is removed."""
        for text in ("1:add,remove", "1:remove,size=5", "1:mode=ro,remove"):
            with self.assertRaises(OpPrereqError, msg=text):
                parameters.modifications([values.ident_key_values(text)], parameters.disk)

    def test_backend(self) -> None:
        """Sizes become MiB, counts numbers, switches booleans; other words stay."""
        given_values = {"memory": "1g", "vcpus": "2", "auto_balance": "no", "maxmem": "default"}
        self.assertEqual(
            parameters.backend(given_values),
            {"memory": 1024, "vcpus": 2, "auto_balance": False, "maxmem": "default"},
        )
        with self.assertRaises(OpPrereqError) as caught:
            parameters.backend({"vcpus": "two"})
        self.assertIn("vcpus", caught.exception.message)
        self.assertIn("'two' is not a whole number.", caught.exception.message)

    def test_digits_that_are_no_numbers(self) -> None:
        """A raised two is a digit to Unicode, and no number."""
        with self.assertRaises(OpPrereqError):
            parameters.by_index([values.ident_key_values("\N{SUPERSCRIPT TWO}:size=5")], "Disk")

"""What makes an OS definition usable, and which version of the interface it speaks."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix.errors import ConfigurationError, OpPrereqError
from ganetix.guestos.definition import Definition, base_name, parse

ALL = dict.fromkeys(("create", "import", "export", "rename", "verify"), True)
OLD = dict.fromkeys(("create", "import", "export", "rename"), True)


def made(texts: dict[str, str], programs: dict[str, bool] | None = None) -> Definition:
    """Return the definition ``demo`` with these files."""
    return parse("demo", "/os/demo", texts, ALL if programs is None else programs)


class VersionTests(SynchronousTestCase):
    """The highest common version is used."""

    def test_highest_common(self) -> None:
        """Of several declared versions the highest that we speak wins; others are kept."""
        one = made({"ganeti_api_version": "10\n15\n30\n"}, OLD)
        self.assertEqual((one.api, one.api_versions), (15, (10, 15, 30)))
        one = made({"ganeti_api_version": "20\n15", "parameters.list": ""})
        self.assertEqual(one.api, 20)

    def test_none_common(self) -> None:
        """Without a common version the definition is refused with both sides' versions."""
        error = self.assertRaises(ConfigurationError, made, {"ganeti_api_version": "5\n30"})
        self.assertIn("5, 30", error.message)
        self.assertIn("10, 15, 20", error.message)

    def test_unreadable(self) -> None:
        """A version file that is missing, or no numbers, is named."""
        for texts in ({}, {"ganeti_api_version": "two"}):
            error = self.assertRaises(ConfigurationError, made, texts)
            self.assertIn("/os/demo/ganeti_api_version", error.message)

    def test_version_10(self) -> None:
        """Version 10 knows neither variants nor parameters."""
        texts = {"ganeti_api_version": "10", "variants.list": "a", "parameters.list": "p"}
        one = made(texts, OLD)
        self.assertEqual((one.variants, one.parameters), ((), ()))


class FileTests(SynchronousTestCase):
    """The files that must be there."""

    def test_version_20(self) -> None:
        """Variants and parameters are read; comments are none."""
        one = made(
            {
                "ganeti_api_version": "20",
                "variants.list": "# names\nsmall\n\nlarge\n",
                "parameters.list": "message what to write\nsize\n",
            }
        )
        self.assertEqual(one.variants, ("small", "large"))
        self.assertEqual(one.parameters, (("message", "what to write"), ("size", "")))

    def test_missing(self) -> None:
        """Each missing or unusable file is named."""
        full = {"ganeti_api_version": "20", "parameters.list": ""}
        for wanting, texts, programs in (
            ("/os/demo/parameters.list", {"ganeti_api_version": "20"}, ALL),
            ("/os/demo/verify", full, OLD),
            ("/os/demo/rename", full, {k: True for k in ALL if k != "rename"}),
            ("/os/demo/import", full, {**ALL, "import": False}),
            ("create_untrusted", full, {k: True for k in ALL if k != "create"}),
        ):
            error = self.assertRaises(ConfigurationError, made, texts, programs)
            self.assertIn(wanting, error.message)

    def test_untrusted(self) -> None:
        """A definition may have an untrusted create script alone."""
        programs = {**OLD, "create_untrusted": True}
        del programs["create"]
        one = made({"ganeti_api_version": "15"}, programs)
        self.assertEqual((one.trusted, one.untrusted), (False, True))


class NameTests(SynchronousTestCase):
    """Names, variants and parameters that an instance may ask for."""

    def setUp(self) -> None:
        """Make one definition with variants and one without."""
        parameters = (("message", ""),)
        self.plain = Definition("demo", "/os/demo", 20, (20,), (), parameters)
        self.many = Definition("demo", "/os/demo", 20, (20,), ("small", "large"), parameters)

    def test_base_name(self) -> None:
        """The part before '+' is the definition; paths are no names."""
        self.assertEqual(base_name("demo+large"), "demo")
        for name in ("", "+x", "../etc", ".hidden", "a/b"):
            self.assertRaises(OpPrereqError, base_name, name)

    def test_variants(self) -> None:
        """A variant is needed if, and only if, some are declared, and must be one of them."""
        self.plain.check_variant("demo")
        self.many.check_variant("demo+large")
        for one, name in ((self.plain, "demo+x"), (self.many, "demo"), (self.many, "demo+x")):
            error = self.assertRaises(OpPrereqError, one.check_variant, name)
            self.assertIn("demo", error.message)

    def test_variant_of(self) -> None:
        """The script is told the variant; the first one when the name has none."""
        self.assertEqual(self.many.variant_of("demo+large"), "large")
        self.assertEqual(self.many.variant_of("demo"), "small")
        self.assertEqual(self.plain.variant_of("demo"), "")

    def test_parameters(self) -> None:
        """A parameter that is not declared is named, with the declared ones; os-image passes."""
        self.plain.check_parameters(["message", "os-image"])
        error = self.assertRaises(OpPrereqError, self.plain.check_parameters, ["color"])
        self.assertIn("color", error.message)
        self.assertIn("message", error.message)

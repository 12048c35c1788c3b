"""Every error that a user can cause has an exit code and an HTTP status."""

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix_test.house import source
from ganetix_test.spec import load


class ErrorTests(SynchronousTestCase):
    """The closed set of errors."""

    def test_every_error_is_in_the_table(self) -> None:
        """The table that the wire uses has each class of the module, but the base."""
        [module] = [m for m in source.package() if m.name == "ganetix.errors"]
        written = {cls.name for cls in source.classes(module.tree)} - {"GanetiError"}
        self.assertEqual(written, set(errors.TABLE))

    def test_every_error_has_an_exit_code(self) -> None:
        """A command ends with one of the exit codes of the interface, never with success."""
        codes = {int(code) for code in load("constants")["exit_codes"]} - {0}
        for name, cls in errors.TABLE.items():
            self.assertIn(cls.exit_code, codes, name)

    def test_every_error_has_an_http_status(self) -> None:
        """The remote API answers with a status of the refusing kinds."""
        for name, cls in errors.TABLE.items():
            self.assertIn(cls.http_status, {400, 403, 404, 409, 500, 502, 503}, name)

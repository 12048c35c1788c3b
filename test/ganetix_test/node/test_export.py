"""A node tells the exports that it keeps."""

import os

from ganetix import errors
from ganetix.rpc.call import Nothing
from ganetix.rpc.tables.export import ExportName
from ganetix.testing.cases import AwaitingTestCase
from ganetix_test.node.made import CONTEXT, make


class ExportTests(AwaitingTestCase):
    """The directory of exports."""

    def setUp(self) -> None:
        """Make a node with two exports, of which one is not complete."""
        self.node = make(self)
        self.directory = self.node.paths.export_dir
        self.node.write(f"{self.directory}/web.example.com/config.ini", "[export]\nversion = 0\n")
        os.makedirs(f"{self.directory}/db.example.com.new")
        os.makedirs(f"{self.directory}/.hidden")

    def test_names(self) -> None:
        """All of them but hidden ones, in order."""
        found = self.awaited(self.node.services.exports.names(Nothing(), CONTEXT))
        self.assertEqual(found.names, ["db.example.com.new", "web.example.com"])

    def test_no_directory(self) -> None:
        """A node that has nowhere to keep exports says so: that is not the same as having none."""
        os.rename(self.directory, f"{self.directory}.away")
        error = self.refusal(
            self.node.services.exports.names(Nothing(), CONTEXT), errors.OpExecError
        )
        self.assertIn(self.directory, error.message)

    def test_info(self) -> None:
        """The text of its description, as it stands there."""
        found = self.awaited(
            self.node.services.exports.info(ExportName("web.example.com"), CONTEXT)
        )
        self.assertEqual(found.text, "[export]\nversion = 0\n")

    def test_no_info(self) -> None:
        """An unknown one, one without a description, and a way out of the directory are refused."""
        for name, kind in (
            ("mail.example.com", errors.NOENT),
            ("../web.example.com", errors.NOENT),
            ("db.example.com.new", errors.STATE),
        ):
            error = self.refusal(
                self.node.services.exports.info(ExportName(name), CONTEXT), errors.OpPrereqError
            )
            self.assertEqual(error.kind, kind)

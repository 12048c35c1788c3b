"""External storage providers on a node."""

import os
import pathlib
import shutil
import tempfile

from ganetix.paths import Paths
from ganetix.storage.providers import REQUIRED, Providers, parameters
from ganetix.testing.cases import AwaitingTestCase
from ganetix.testing.workers import InlineWorker
from ganetix.toolkit.files import FileSystem


class ProviderTests(AwaitingTestCase):
    """A virtual node with providers of its own."""

    def setUp(self) -> None:
        """Make the node's directory."""
        top = tempfile.mkdtemp(prefix="providers")
        self.addCleanup(shutil.rmtree, top)
        self.paths = Paths(f"{top}/node1", "node1")
        self.base = pathlib.Path(self.paths.ext_storage_search_path[0])

    def make(self, name: str, programs: tuple[str, ...], listed: bytes | None = b"") -> None:
        """Make a provider with *programs* and a list of parameters."""
        directory = self.base / name
        directory.mkdir(parents=True)
        for program in programs:
            (directory / program).write_text("#!/bin/sh\n", "ascii")
            os.chmod(directory / program, 0o755)
        if listed is not None:
            (directory / "parameters.list").write_bytes(listed)

    def found(self) -> dict[str, str]:
        """Return what is wrong with each provider of this node."""
        providers = Providers(self.paths, FileSystem(), InlineWorker())
        mine = self.awaited(providers.diagnose())
        return {one.name: one.trouble for one in mine if one.path.startswith(str(self.base))}

    def test_diagnosed(self) -> None:
        """A whole one is fine; a missing program and a missing or broken list are named."""
        self.make("good", REQUIRED)
        self.make("half", REQUIRED[1:])
        self.make("bare", REQUIRED, None)
        self.make("latin", REQUIRED, b"\xff")
        found = self.found()
        self.assertEqual(found["good"], "")
        self.assertIn("attach", found["half"])
        self.assertIn("parameters.list", found["bare"])
        self.assertIn("UTF-8", found["latin"])

    def test_none(self) -> None:
        """Without directories there are none."""
        self.assertEqual(self.found(), {})

    def test_parameters(self) -> None:
        """A name and its description a line; empty lines do not count."""
        self.assertEqual(
            parameters("pool  Name of the pool\n\nfast\n"),
            (("pool", "Name of the pool"), ("fast", "")),
        )

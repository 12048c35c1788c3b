"""The OS definition that ships: real scripts in real processes."""

import os
import pathlib
from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.trial.unittest import TestCase

import ganetix
from ganetix.errors import OpExecError
from ganetix.guestos.definition import Definition
from ganetix.guestos.environment import Target, core, full
from ganetix.guestos.scripts import Run, Scripts
from ganetix.guestos.search import Definitions
from ganetix.model.objects import Disk, Instance
from ganetix.paths import Paths
from ganetix.process.runner import ProcessRunner
from ganetix.testing.workers import InlineWorker
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.files import FileSystem

SHARE = str(pathlib.Path(ganetix.__file__).parent / "share")


class DummyTests(TestCase):
    """The definition ``dummy`` as a node runs it."""

    async def setUp(self) -> None:  # type: ignore[override]  # trial awaits it
        """Make a node whose share is the package's own, and a disk of 1 MiB."""
        reactor: Any = global_reactor
        paths = Paths(os.path.abspath(self.mktemp()), "node1.example.com", SHARE)
        clock = Clock(reactor, lambda: 1_700_000_000.0)
        files, worker = FileSystem(), InlineWorker()
        self.scripts = Scripts(paths, files, worker, clock, ProcessRunner(reactor, clock))
        self.dummy = await Definitions(paths, files, worker).named("dummy")
        self.disk = f"{paths.root}/disk0"
        files.make_dirs(paths.root, 0o755)
        files.allocate(self.disk, 1024 * 1024, 0o600)

    def target(self, *paths: str) -> Target:
        """Return an instance with disks at *paths*."""
        instance = Instance("uuid-i", "vm1.example.com", "uuid-n", "dummy", "fake")
        disks = tuple(Disk(f"uuid-{path}", "file", ["loop", path], 1) for path in paths)
        return Target(instance, disks, paths, {}, {}, (), "node1.example.com", ())

    async def run_script(self, script: str, env: dict[str, str], *arguments: str) -> str:
        """Run *script* and return what it said."""
        run = Run(self.dummy, script, "test", "vm1.example.com", env, arguments)
        log = await self.scripts.run(run)
        return pathlib.Path(log).read_text("utf-8")

    def block(self) -> bytes:
        """Return the first 512 bytes of the disk, without the blanks at their end."""
        return pathlib.Path(self.disk).read_bytes()[:512].rstrip(b" ")

    def test_definition(self) -> None:
        """It speaks version 20 and takes a message."""
        self.assertIsInstance(self.dummy, Definition)
        self.assertEqual(self.dummy.api, 20)
        self.assertEqual([name for name, _ in self.dummy.parameters], ["message"])

    async def test_create(self) -> None:
        """Create names the instance on disk 0, leaves the rest alone, and says so in its log."""
        env = full(self.dummy, self.target(self.disk), {"message": "hello"}, 0)
        said = await self.run_script("create", env)
        self.assertIn("Wrote the block of vm1.example.com", said)
        self.assertEqual(self.block(), b"ganetix dummy OS: vm1.example.com hello")
        self.assertEqual(os.path.getsize(self.disk), 1024 * 1024)

    async def test_diskless(self) -> None:
        """An instance without disks is fine."""
        env = full(self.dummy, self.target(), {}, 0)
        self.assertIn("nothing to write", await self.run_script("create", env))

    async def test_rename(self) -> None:
        """Rename writes the new name."""
        env = full(self.dummy, self.target(self.disk), {}, 0)
        said = await self.run_script("rename", {**env, "OLD_INSTANCE_NAME": "old"})
        self.assertIn("Renaming old to vm1.example.com", said)
        self.assertEqual(self.block(), b"ganetix dummy OS: vm1.example.com")

    async def test_verify(self) -> None:
        """A message of one line is taken, a longer one refused with the script's own words."""
        await self.run_script(
            "verify", core(self.dummy, "dummy", {"message": "x"}, 0), "parameters"
        )
        for message in ("two\nlines", "x" * 201):
            env = core(self.dummy, "dummy", {"message": message}, 0)
            with self.assertRaises(OpExecError) as caught:
                await self.run_script("verify", env, "parameters")
            self.assertIn("one line", caught.exception.message)

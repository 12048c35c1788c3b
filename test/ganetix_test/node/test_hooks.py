"""Hooks are run as the administrator wrote them."""

from ganetix.errors import HooksFailure
from ganetix.node.hooks import FAILED, SKIPPED, SUCCEEDED
from ganetix.rpc.tables.hooks import HookResult, HooksRun
from ganetix.testing.cases import AwaitingTestCase
from ganetix_test.node.made import CONTEXT, ending, make


class HookTests(AwaitingTestCase):
    """The scripts of one directory."""

    def setUp(self) -> None:
        """Make a node, and name a directory of hooks."""
        self.node = make(self)
        self.directory = f"{self.node.paths.hooks_dir}/instance-add-pre.d"

    def run_hooks(self, **env: str) -> list[HookResult]:
        """Run them with *env*."""
        request = HooksRun("instance-add", "pre", env)
        return self.awaited(self.node.services.hooks.run(request, CONTEXT)).results

    def test_none(self) -> None:
        """Without the directory there is nothing to run."""
        self.assertEqual(self.run_hooks(), [])

    def test_order_and_results(self) -> None:
        """In lexical order, all of them, each with its result and what it said."""
        self.node.script(f"{self.directory}/20-fails", ending(1, b"no room\n"))
        self.node.script(f"{self.directory}/30-works", ending(0, b"fine\n"))
        self.node.script(f"{self.directory}/10-silent", ending(3))
        results = self.run_hooks()
        self.assertEqual([r.script for r in results], ["10-silent", "20-fails", "30-works"])
        self.assertEqual([r.status for r in results], [FAILED, FAILED, SUCCEEDED])
        self.assertIn("exit code 3", results[0].output)
        self.assertEqual([r.output for r in results[1:]], ["no room", "fine"])

    def test_skipped(self) -> None:
        """Other names, files that can't be executed and directories are skipped, and told."""
        self.node.script(f"{self.directory}/10.bak", ending(0))
        self.node.write(f"{self.directory}/20-text", "")
        self.node.write(f"{self.directory}/30-dir/x", "")
        self.assertEqual({r.status for r in self.run_hooks()}, {SKIPPED})
        self.assertEqual(self.node.processes.ran, [])

    def test_environment(self) -> None:
        """A script gets what the master sent and no more, with this node's own directory."""
        self.node.script(f"{self.directory}/a", ending(0))
        self.run_hooks(GANETI_OP_CODE="OP_INSTANCE_CREATE", GANETI_DATA_DIR="/master/lib")
        self.assertEqual(
            dict(self.node.processes.ran[0].env),
            {
                "GANETI_OP_CODE": "OP_INSTANCE_CREATE",
                "GANETI_DATA_DIR": self.node.paths.data_dir,
            },
        )

    def test_not_started(self) -> None:
        """A script that can't be started has failed, in words that name it."""
        self.node.write(f"{self.directory}/broken", "", 0o755)
        (result,) = self.run_hooks()
        self.assertEqual(result.status, FAILED)
        self.assertIn("broken", result.output)

    def test_no_such_hooks(self) -> None:
        """Neither another phase nor a path out of the directory."""
        for path, phase in (("instance-add", "during"), ("../../tmp/x", "pre")):
            run = self.node.services.hooks.run(HooksRun(path, phase, {}), CONTEXT)
            self.refusal(run, HooksFailure)

"""OS definitions of a node, and runs of their scripts."""

import os

from twisted.internet.defer import Deferred

from ganetix.errors import BlockDeviceError, OpExecError, OpPrereqError
from ganetix.process.command import Command, Result
from ganetix.rpc.call import Done, Nothing
from ganetix.rpc.tables.blockdev import DiskRequest
from ganetix.rpc.tables.oses import OsScript, OsValidate
from ganetix.rpc.tables.spec import InstanceSpec
from ganetix.testing.cases import AwaitingTestCase
from ganetix_test.node.made import CONTEXT, disk, ending, make, spec


class OsTests(AwaitingTestCase):
    """Definitions on the search path."""

    def setUp(self) -> None:
        """Make a node with the definition ``demo`` of API 20."""
        self.node = make(self)
        self.oses = self.node.services.oses
        self.path = self.node.paths.os_search_path[0] + "/demo"
        self.node.write(f"{self.path}/ganeti_api_version", "20\n")
        self.node.write(f"{self.path}/parameters.list", "message a text\n")
        for script in ("create", "import", "export", "rename", "verify"):
            self.node.script(f"{self.path}/{script}", ending(0))

    def validate(self, **given: str) -> None:
        """Validate ``demo`` with the parameters *given*."""
        self.awaited(self.oses.validate(OsValidate("demo", given), CONTEXT))

    def add(self, one: InstanceSpec, reinstall: bool = False) -> Done:
        """Run the create script for *one*."""
        return self.awaited(self.oses.add(OsScript(one, reinstall), CONTEXT))

    @property
    def ran(self) -> Command:
        """The last command."""
        return self.node.processes.ran[-1]

    def test_diagnose(self) -> None:
        """Usable definitions are told with what they declare, others with what is wrong."""
        self.node.write(f"{os.path.dirname(self.path)}/broken/create", "")
        found = self.awaited(self.oses.diagnose(Nothing(), CONTEXT)).oses
        mine = {one.name: one for one in found if one.path.startswith(self.node.paths.root)}
        self.assertEqual(mine["demo"].status, "")
        self.assertEqual(mine["demo"].parameters, [["message", "a text"]])
        self.assertEqual(mine["demo"].api_versions, [20])
        self.assertIn("ganeti_api_version is missing", mine["broken"].status)

    def test_validate(self) -> None:
        """The definition's own verify script is asked, with the parameters."""
        self.validate(message="hello")
        self.assertEqual(self.ran.argv, (f"{self.path}/verify", "parameters"))
        self.assertEqual(self.ran.env["OSP_MESSAGE"], "hello")
        self.assertNotIn("INSTANCE_NAME", self.ran.env)

    def test_validate_refused(self) -> None:
        """A parameter that is not declared, or that the script does not like."""
        bad = self.oses.validate(OsValidate("demo", {"color": "red"}), CONTEXT)
        self.assertIn("color", self.refusal(bad, OpPrereqError).message)
        self.node.script(f"{self.path}/verify", ending(1, b"too long"))
        bad = self.oses.validate(OsValidate("demo", {"message": "x"}), CONTEXT)
        self.assertIn("too long", self.refusal(bad, OpPrereqError).message)

    def test_validate_unknown(self) -> None:
        """An OS that is not there is refused if it is required, else only told."""
        error = self.refusal(self.oses.validate(OsValidate("none", {}), CONTEXT), OpPrereqError)
        self.assertEqual(error.kind, "unknown_entity")
        request = OsValidate("none", {}, required=False)
        self.assertIn("none", self.awaited(self.oses.validate(request, CONTEXT)).note)

    def test_add(self) -> None:
        """Create runs in the definition's directory with the disk's path of this node."""
        place = self.node.paths.at(disk().logical_id[1])
        self.awaited(self.node.services.disks.create(DiskRequest(disk(), "vm1"), CONTEXT))
        done = self.add(spec(disk(), os_name="demo", osparams={"message": "hi"}))
        self.assertEqual((self.ran.argv, self.ran.cwd), ((f"{self.path}/create",), self.path))
        self.assertEqual(self.ran.env["DISK_0_PATH"], place)
        self.assertEqual(self.ran.env["OSP_MESSAGE"], "hi")
        self.assertNotIn("INSTANCE_REINSTALL", self.ran.env)
        self.assertIn(str(self.ran.output_file), done.note)

    def test_log_name(self) -> None:
        """The log says kind, OS, instance and time."""
        self.add(spec(os_name="demo"))
        wanted = "add-demo-vm1.example.com-2023-11-14_22_13_20.log"
        self.assertEqual(self.ran.output_file, f"{self.node.paths.os_log_dir}/{wanted}")

    def test_reinstall_and_rename(self) -> None:
        """Both scripts are told what they are for."""
        self.add(spec(os_name="demo"), reinstall=True)
        self.assertEqual(self.ran.env["INSTANCE_REINSTALL"], "1")
        request = OsScript(spec(os_name="demo"), old_name="old.example.com")
        self.awaited(self.oses.rename(request, CONTEXT))
        self.assertEqual(self.ran.argv, (f"{self.path}/rename",))
        self.assertEqual(self.ran.env["OLD_INSTANCE_NAME"], "old.example.com")

    def test_failing_script(self) -> None:
        """The error names OS, script, instance and node, quotes the output, names the log."""
        self.node.script(f"{self.path}/create", ending(2, b"no mirror\n"))
        add = self.oses.add(OsScript(spec(os_name="demo")), CONTEXT)
        told = self.refusal(add, OpExecError).message
        for part in ("demo", "create", "vm1.example.com", "node1.example.com", "no mirror", ".log"):
            self.assertIn(part, told)

    def test_missing_disk(self) -> None:
        """No script runs on a disk that is not there."""
        add = self.oses.add(OsScript(spec(disk(), os_name="demo")), CONTEXT)
        self.assertIn("activate-disks", self.refusal(add, BlockDeviceError).message)
        self.assertEqual(self.node.processes.ran, [])

    def test_untrusted(self) -> None:
        """A definition with an untrusted script alone is refused where it is to be installed."""
        os.rename(f"{self.path}/create", f"{self.path}/create_untrusted")
        self.awaited(self.oses.validate(OsValidate("demo", {}), CONTEXT))
        for asked in (
            self.oses.validate(OsValidate("demo", {}, install=True), CONTEXT),
            self.oses.add(OsScript(spec(os_name="demo")), CONTEXT),
        ):
            self.assertIn("create_untrusted", self.refusal(asked, OpPrereqError).message)

    def test_cancelled(self) -> None:
        """Cancelling the call ends the script."""
        hanging: Deferred[None] = Deferred()

        async def hang(command: Command) -> Result:
            await hanging
            return Result(command, 0)

        self.node.script(f"{self.path}/create", hang)
        request = OsScript(spec(os_name="demo"))
        work = Deferred.fromCoroutine(self.oses.add(request, CONTEXT))
        work.cancel()
        self.failureResultOf(work)
        self.assertTrue(hanging.called)

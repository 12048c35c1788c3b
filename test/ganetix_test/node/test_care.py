"""A node's power, its administrator's commands, its storage units."""

import os

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock as FakeTime

from ganetix import errors
from ganetix.node.power import DELAY as REBOOT
from ganetix.node.power import Power
from ganetix.node.restricted import DELAY
from ganetix.paths import Paths
from ganetix.rpc.call import Nothing
from ganetix.rpc.tables.node_care import (
    OobRun,
    RestrictedRun,
    StorageChange,
    StorageName,
    StorageQuery,
)
from ganetix.testing.cases import AwaitingTestCase
from ganetix.testing.processes import FakeRunner
from ganetix.toolkit.clock import Clock
from ganetix_test.node.made import BASE, CONTEXT, ending, make

VGS = b"  xenvg|1073741824|536870912|1\n"
PVS = b"  /dev/vdb|xenvg|1073741824|536870912|a--\n"
LVS = b"  xenvg|x.disk0|536870912|/dev/vdb(0),/dev/vdc(3)\n"


class PowerTests(AwaitingTestCase):
    """Reboots and the helper program."""

    def setUp(self) -> None:
        """Make a machine."""
        self.time = FakeTime()
        clock = Clock(self.time, lambda: 0.0)
        self.runner = FakeRunner(clock, {"/bin/sh": ending(0)})
        self.power = Power(Paths("", "node1.example.com"), clock, self.runner)

    def test_reboot(self) -> None:
        """The answer comes first, the reboot a moment later."""
        done = self.awaited(self.power.powercycle(Nothing(), CONTEXT))
        self.assertIn("reboots", done.note)
        self.assertEqual(self.runner.ran, [])
        self.time.advance(REBOOT)
        self.assertEqual(self.runner.ran[0].argv[0], "/bin/sh")

    def test_stopped_before(self) -> None:
        """A daemon that stops meanwhile reboots nothing."""
        self.awaited(self.power.powercycle(Nothing(), CONTEXT))
        self.awaited(self.power.stop())
        self.time.advance(REBOOT * 2)
        self.assertEqual(self.runner.ran, [])

    def test_virtual(self) -> None:
        """A node of a virtual cluster starts anew; the machine below is not its own."""
        node = make(self)
        node.processes.programs["/usr/bin/setsid"] = ending(0)
        self.awaited(node.services.power.powercycle(Nothing(), CONTEXT))
        node.time.advance(REBOOT)
        [command] = node.processes.ran
        self.assertEqual(command.argv[-1], node.paths.root)
        self.assertNotIn("reboot", " ".join(command.argv))

    def test_helper(self) -> None:
        """The helper gets command and node, and what it writes is the answer."""
        self.runner.programs["/oob"] = ending(0, b'{"powered": true}')
        request = OobRun("/oob", "power-status", "node2", 9.0)
        found = self.awaited(self.power.run_oob(request, CONTEXT))
        self.assertEqual(found.text, '{"powered": true}')
        self.assertEqual(self.runner.ran[0].argv, ("/oob", "power-status", "node2"))
        self.assertEqual(self.runner.ran[0].timeout, 9.0)
        self.runner.programs["/oob"] = ending(1, b"no answer")
        error = self.refusal(self.power.run_oob(request, CONTEXT), errors.OpExecError)
        self.assertIn("no answer", error.message)


class RestrictedTests(AwaitingTestCase):
    """Commands in the directory of the node."""

    def setUp(self) -> None:
        """Make a node with one good command; its files are those of whoever runs the test."""
        self.node = make(self)
        self.directory = self.node.paths.restricted_commands_dir
        self.path = self.node.script(f"{self.directory}/tidy", ending(0, b"done\n"))
        os.chmod(self.directory, 0o755)
        self.restricted = self.node.services.restricted

    def run_command(self, name: str) -> Deferred[object]:
        """Begin to run the command *name*."""
        return Deferred.fromCoroutine(self.restricted.run(RestrictedRun(name), CONTEXT))

    def refused(self, name: str = "tidy") -> None:
        """The command is refused after the pause, without a reason."""
        work = self.run_command(name)
        self.assertNoResult(work)
        self.node.time.advance(DELAY)
        error = self.failureResultOf(work, errors.OpExecError).value
        self.assertIn(self.directory, error.message)
        self.assertEqual(self.node.processes.ran, [])

    def test_good(self) -> None:
        """A command runs without arguments, in a clean environment, and its output is kept."""
        found = self.awaited(self.restricted.run(RestrictedRun("tidy"), CONTEXT))
        self.assertEqual(found.text, "done\n")
        [command] = self.node.processes.ran
        self.assertEqual((command.argv, set(command.env)), ((self.path,), {"PATH"}))

    def test_failure(self) -> None:
        """A command that fails is an error with what it said."""
        self.node.script(self.path, ending(4, b"dusty\n"))
        error = self.failureResultOf(self.run_command("tidy"), errors.OpExecError).value
        self.assertIn("dusty", error.message)

    def test_names(self) -> None:
        """Names that lead elsewhere, or to nothing, are refused."""
        for name in ("../tidy", "no.good", "", "missing", "/bin/true"):
            self.refused(name)

    def test_modes(self) -> None:
        """Files and directories that others may write, and files that can't run, are refused."""
        for path, mode in (
            (self.path, 0o775), (self.path, 0o757), (self.path, 0o644), (self.path, 0o4755),
            (self.directory, 0o775),
        ):  # fmt: skip
            before = os.stat(path).st_mode & 0o7777
            os.chmod(path, mode)
            self.refused()
            os.chmod(path, before)

    def test_owner(self) -> None:
        """What belongs to somebody else is refused."""
        object.__setattr__(self.restricted, "owner", os.geteuid() + 1)
        self.refused()

    def test_one_at_a_time(self) -> None:
        """While one is being refused the next waits."""
        first, second = self.run_command("missing"), self.run_command("tidy")
        self.assertNoResult(second)
        self.node.time.advance(DELAY)
        self.failureResultOf(first, errors.OpExecError)
        self.successResultOf(second)


class UnitTests(AwaitingTestCase):
    """Storage units by the drivers."""

    def setUp(self) -> None:
        """Make a node with LVM's programs."""
        self.node = make(self)
        self.units = self.node.services.units
        for program, output in (("vgs", VGS), ("pvs", PVS), ("lvs", LVS)):
            self.node.processes.programs[f"/usr/sbin/{program}"] = ending(0, output)

    def test_directory(self) -> None:
        """The directory of file disks has its room."""
        found = self.awaited(self.units.list(StorageQuery("file", "", [BASE]), CONTEXT)).units
        self.assertEqual([unit.name for unit in found], [BASE])
        self.assertEqual(found[0].size, found[0].free + found[0].used)

    def test_lvm(self) -> None:
        """Groups and physical volumes, all or the one that is named."""
        [group] = self.awaited(self.units.list(StorageQuery("lvm-vg"), CONTEXT)).units
        sizes = (group.name, group.size, group.free, group.used)
        self.assertEqual(sizes, ("xenvg", 1024, 512, 512))
        [one] = self.awaited(self.units.list(StorageQuery("lvm-pv"), CONTEXT)).units
        self.assertEqual((one.name, one.allocatable), ("/dev/vdb", True))
        other = StorageQuery("lvm-vg", "other")
        self.assertEqual(self.awaited(self.units.list(other, CONTEXT)).units, [])

    def test_volumes(self) -> None:
        """Logical volumes with the device of their first extents."""
        [row] = self.awaited(self.units.volumes(Nothing(), CONTEXT)).volumes
        self.assertEqual((row.physical, row.group, row.name, row.size),
                         ("/dev/vdb", "xenvg", "x.disk0", 512))  # fmt: skip

    def test_changes(self) -> None:
        """LVM's own programs change and repair."""
        for program in ("pvchange", "vgreduce"):
            self.node.processes.programs[f"/usr/sbin/{program}"] = ending(0)
        self.awaited(self.units.modify(StorageChange("/dev/vdb", False), CONTEXT))
        self.awaited(self.units.repair(StorageName("xenvg"), CONTEXT))
        self.assertEqual(
            [command.argv[1:] for command in self.node.processes.ran],
            [("--allocatable", "n", "/dev/vdb"), ("--removemissing", "xenvg")],
        )

    def test_refused(self) -> None:
        """Types without units, and a machine without LVM, are refused in words."""
        self.refusal(self.units.list(StorageQuery("rados"), CONTEXT), errors.StorageError)
        del self.node.processes.programs["/usr/sbin/vgs"]
        self.refusal(self.units.list(StorageQuery("lvm-vg"), CONTEXT), errors.BlockDeviceError)

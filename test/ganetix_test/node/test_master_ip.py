"""The master IP is turned up and down as the cluster says, with its hooks around it."""

from twisted.internet.task import Clock as FakeTime

from ganetix import errors
from ganetix.network.addresses import IPV4, Addresses
from ganetix.node.hooks import Hooks
from ganetix.node.master_ip import ARPING_PROGRAMS, IP_PROGRAMS, MasterDuty
from ganetix.paths import Paths
from ganetix.process.command import Command
from ganetix.rpc.call import Nothing
from ganetix.rpc.tables.cluster import MasterIp
from ganetix.testing.cases import AwaitingTestCase
from ganetix.testing.dice import seeded
from ganetix.testing.files import FakeFileSystem
from ganetix.testing.processes import FakeRunner
from ganetix.testing.workers import InlineWorker
from ganetix.toolkit.clock import Clock
from ganetix_test.node.made import CONTEXT, ending, make

IP = MasterIp("192.0.2.5", "eth0", 24)
TRIE = "  +-- 0\n     |-- {address}\n        /32 host LOCAL\n"
SCRIPT = "/etc/ganeti/scripts/master-ip-setup"
HOOK = "/etc/ganeti/hooks/master-ip-{name}-{phase}.d/tell"


class MasterIpTests(AwaitingTestCase):
    """A real machine on a fake file system, with programs that are told of."""

    def setUp(self) -> None:
        """Make the machine; it owns another address."""
        self.files = FakeFileSystem(seeded(1).uniform)
        worker, paths = InlineWorker(), Paths("", "node1.example.com")
        self.runner = FakeRunner(Clock(FakeTime(), lambda: 0.0))
        addresses = Addresses(paths, self.files, worker, "")
        hooks = Hooks(paths, self.files, worker, self.runner)
        self.put(IPV4, TRIE.format(address="192.0.2.99"))
        self.program(IP_PROGRAMS[0])
        self.put(paths.ssconf("cluster_name"), "cluster.example.com\n")
        self.put(paths.ssconf("master_node"), "node1.example.com\n")
        self.duty = MasterDuty(
            paths, self.files, worker, self.runner, addresses, hooks, Command(("/usr/stop-master",))
        )

    def put(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file."""
        self.files.make_dirs(path.rpartition("/")[0], 0o755)
        self.files.replace(path, text.encode(), mode, True)

    def program(self, path: str, status: int = 0) -> None:
        """Make the program *path*, which ends with *status*."""
        self.put(path, "#!/bin/sh\n", 0o755)
        self.runner.programs[path] = ending(status, b"no such device")

    def ran(self) -> list[tuple[str, ...]]:
        """Return the command lines so far."""
        return [command.argv for command in self.runner.ran]

    def test_up(self) -> None:
        """The address is added to the device and, where there is arping, announced."""
        self.program(ARPING_PROGRAMS[2])
        done = self.awaited(self.duty.activate_ip(IP, CONTEXT))
        self.assertIn("is up", done.note)
        added = (IP_PROGRAMS[0], "address", "add", "192.0.2.5/24", "dev", "eth0", "label", "eth0:0")
        self.assertEqual(self.ran()[0], added)
        self.assertEqual(self.ran()[1][0], ARPING_PROGRAMS[2])

    def test_up_already(self) -> None:
        """An address that is there is left alone, as one that is not there when it goes down."""
        self.awaited(self.duty.deactivate_ip(IP, CONTEXT))
        self.put(IPV4, TRIE.format(address=IP.ip))
        self.awaited(self.duty.activate_ip(IP, CONTEXT))
        self.assertEqual(self.ran(), [])

    def test_down(self) -> None:
        """The address is taken from the device."""
        self.put(IPV4, TRIE.format(address=IP.ip))
        self.awaited(self.duty.deactivate_ip(IP, CONTEXT))
        self.assertEqual(
            self.ran(), [(IP_PROGRAMS[0], "address", "del", "192.0.2.5/24", "dev", "eth0")]
        )

    def test_failure(self) -> None:
        """What the program said is in the error."""
        self.program(IP_PROGRAMS[0], 2)
        error = self.refusal(self.duty.activate_ip(IP, CONTEXT), errors.OpExecError)
        self.assertIn("no such device", error.message)

    def test_external_script(self) -> None:
        """The administrator's script gets the verb and the address in its environment."""
        self.program(SCRIPT)
        ip = MasterIp("2001:db8::5", "eth1", 64, 6, external=True)
        self.awaited(self.duty.activate_ip(ip, CONTEXT))
        self.awaited(self.duty.deactivate_ip(ip, CONTEXT))
        self.assertEqual(self.ran(), [(SCRIPT, "start"), (SCRIPT, "stop")])
        env = dict(self.runner.ran[0].env)
        del env["PATH"]
        self.assertEqual(
            env,
            {
                "MASTER_IP": "2001:db8::5",
                "MASTER_NETDEV": "eth1",
                "MASTER_NETMASK": "64",
                "CLUSTER_IP_VERSION": "6",
            },
        )

    def test_hooks(self) -> None:
        """Hooks run before and after, under the names of the table; a failing one keeps it off."""
        for phase in ("pre", "post"):
            self.program(HOOK.format(name="turnup", phase=phase))
        self.awaited(self.duty.activate_ip(IP, CONTEXT))
        before, _, after = self.runner.ran
        self.assertEqual(before.env["GANETI_OP_CODE"], "OP_CLUSTER_IP_TURNUP")
        self.assertEqual(before.env["GANETI_HOOKS_PHASE"], "pre")
        self.assertEqual(before.env["GANETI_MASTER_IP"], IP.ip)
        self.assertEqual(before.env["GANETI_CLUSTER"], "cluster.example.com")
        self.assertEqual(after.env["GANETI_HOOKS_PHASE"], "post")
        self.put(IPV4, TRIE.format(address=IP.ip))
        self.program(HOOK.format(name="turndown", phase="pre"), 1)
        self.refusal(self.duty.deactivate_ip(IP, CONTEXT), errors.HooksAbort)
        self.assertEqual(len(self.runner.ran), 4)

    def test_stop(self) -> None:
        """Stopping the master's daemons runs the given command; its failure is an error."""
        self.program("/usr/stop-master")
        self.awaited(self.duty.stop(Nothing(), CONTEXT))
        self.program("/usr/stop-master", 1)
        self.refusal(self.duty.stop(Nothing(), CONTEXT), errors.CommandError)

    def test_virtual(self) -> None:
        """In a virtual cluster nothing is done, and that is said."""
        duty = make(self).services.duty
        for call in (duty.activate_ip, duty.deactivate_ip):
            self.assertIn("nothing was turned", self.awaited(call(IP, CONTEXT)).note)

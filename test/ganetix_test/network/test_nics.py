"""The host's end of NICs that the node sets up: scripts, their environment, routes."""

import os
from typing import Any

from twisted.internet.task import Clock as FakeTime

from ganetix.errors import HypervisorError
from ganetix.network.nics import HostEnd, NicScripts, environment, routing
from ganetix.paths import Paths
from ganetix.testing.cases import AwaitingTestCase
from ganetix.testing.processes import FakeRunner
from ganetix.testing.workers import InlineWorker
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.files import FileSystem
from ganetix_test.node.made import ending

NIC: dict[str, Any] = {
    "mac": "aa:00:00:12:34:56", "uuid": "nic-uuid", "name": "front", "ip": "192.0.2.7",
    "mode": "bridged", "link": "br0", "vlan": ".7", "network_name": "net1",
    "network_subnet": "192.0.2.0/24", "network_gateway": "192.0.2.1", "network_tags": ["a", "b"],
}  # fmt: skip


def end(**changed: Any) -> HostEnd:
    """Return the host's end of a NIC with *changed* values."""
    return HostEnd("vm1.example.com", ("web", "x"), 1, {**NIC, **changed}, "tap-a0000123456")


class EnvironmentTests(AwaitingTestCase):
    """What scripts get to know."""

    def test_names(self) -> None:
        """A script finds what it knows from the reference."""
        self.assertEqual(
            environment(end()),
            {
                "PATH": "/sbin:/bin:/usr/sbin:/usr/bin", "INSTANCE": "vm1.example.com",
                "TAGS": "web x", "INTERFACE": "tap-a0000123456", "INTERFACE_INDEX": "1",
                "INTERFACE_UUID": "nic-uuid", "INTERFACE_NAME": "front",
                "MAC": "aa:00:00:12:34:56", "MODE": "bridged", "IP": "192.0.2.7", "LINK": "br0",
                "BRIDGE": "br0", "VLAN": ".7", "NETWORK_NAME": "net1", "NETWORK_TAGS": "a b",
                "NETWORK_SUBNET": "192.0.2.0/24", "NETWORK_GATEWAY": "192.0.2.1",
            },
        )  # fmt: skip

    def test_routes(self) -> None:
        """A routed NIC's address leads to its device, in the table that is its link."""
        self.assertEqual(
            routing(end(mode="routed", link="100")),
            [
                ("/sbin/ip", "link", "set", "dev", "tap-a0000123456", "up"),
                (
                    "/sbin/ip", "-4", "route", "replace", "192.0.2.7", "dev", "tap-a0000123456",
                    "table", "100",
                ),
            ],
        )  # fmt: skip
        self.assertEqual(routing(end(mode="routed", ip="2001:db8::1", link=""))[1][-1], "main")


class ScriptTests(AwaitingTestCase):
    """Bringing NICs up and down."""

    def setUp(self) -> None:
        """Make a node without scripts."""
        self.files = FileSystem()
        self.runner = FakeRunner(Clock(FakeTime(), lambda: 0.0))
        self.paths = Paths(os.path.abspath(self.mktemp()), "node1.example.com")
        self.nics = NicScripts(self.paths, self.files, InlineWorker(), self.runner)
        self.files.make_dirs(self.paths.at("/etc/ganeti"), 0o755)

    def script(self, path: str, status: int = 0) -> None:
        """Put a script at *path* that ends with *status*."""
        self.files.replace(path, b"#!/bin/sh\n", 0o755, False)
        self.runner.programs[path] = ending(status, b"no such bridge")

    def ran(self) -> list[tuple[str, str]]:
        """Return the programs that ran, each with the interface that it was told."""
        return [(command.argv[0], command.env["INTERFACE"]) for command in self.runner.ran]

    def test_own_script(self) -> None:
        """An administrator's script brings up every NIC, and nothing else does."""
        self.script(self.nics.up_script)
        self.assertTrue(self.awaited(self.nics.are_own()))
        self.awaited(self.nics.up([end(), end(mode="routed")]))
        self.assertEqual(self.ran(), [(self.nics.up_script, "tap-a0000123456")] * 2)

    def test_routed(self) -> None:
        """Without a script a routed NIC gets its route, and one of mode ext nothing."""
        self.assertFalse(self.awaited(self.nics.are_own()))
        self.runner.programs["/sbin/ip"] = ending(0)
        self.awaited(self.nics.up([end(mode="routed"), end(mode="ext")]))
        self.assertEqual(len(self.ran()), 2)

    def test_failing_script(self) -> None:
        """A NIC that does not come up is said with instance, node and the script's words."""
        self.script(self.nics.up_script, 1)
        error = self.refusal(self.nics.up([end()]), HypervisorError)
        self.assertRegex(
            error.message,
            r"^NIC 1 of instance vm1.example.com does not come up on node1.example.com\. .*"
            "no such bridge",
        )

    def test_down(self) -> None:
        """The script for going down gets the same environment, once; the note of it is gone."""
        self.script(self.nics.up_script)
        self.script(self.nics.down_script)
        self.awaited(self.nics.up([end()]))
        for _ in range(2):
            self.awaited(self.nics.down("vm1.example.com"))
        self.assertEqual(len(self.runner.ran), 2)
        self.assertEqual(self.runner.ran[1].env, environment(end()))
        self.awaited(self.nics.down("vm2.example.com"))

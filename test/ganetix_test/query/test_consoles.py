"""Consoles of instances."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ganetix.model.objects import Instance
from ganetix.query.consoles import console
from ganetix.testing.logic import node_uuid, three_nodes
from ganetix_test import spec


def described(hypervisor: str, **hvparams: Any) -> dict[str, Any]:
    """Return the console of an instance of *hypervisor* on node2."""
    instance = Instance(
        "vm-uuid", "vm1.example.com", node_uuid(2), "tiny", hypervisor, "up",
        hvparams=hvparams, network_port=11001,
    )  # fmt: skip
    return console(three_nodes(), instance)


class ConsoleTests(SynchronousTestCase):
    """Where it is said to be."""

    def test_fields(self) -> None:
        """A console has the fields of the interface table, and one of its kinds."""
        table = spec.load("constants")["instances"]
        for hypervisor in ("fake", "kvm", "lxc"):
            found = described(hypervisor)
            self.assertEqual(list(found), table["console_fields"])
            self.assertIn(found["kind"], table["console_kinds"])

    def test_serial(self) -> None:
        """A serial console is reached by ssh to the instance's node."""
        found = described("kvm", vnc_bind_address="127.0.0.1")
        self.assertEqual((found["host"], found["user"]), ("node2.example.com", "root"))
        uri = ["virsh", "--connect", "qemu:///system"]
        self.assertEqual(found["command"], [*uri, "console", "--force", "vm1.example.com"])
        self.assertEqual(described("lxc")["command"][2], "lxc:///system")

    def test_graphical(self) -> None:
        """A graphical console is at the address that it is bound to, or at the node's."""
        for bind, host in (
            ("0.0.0.0", "127.0.0.12"), ("eth0", "127.0.0.12"), ("192.0.2.9", "192.0.2.9"),
        ):  # fmt: skip
            found = described("kvm", serial_console=False, vnc_bind_address=bind)
            self.assertEqual(
                (found["kind"], found["host"], found["port"], found["display"]),
                ("vnc", host, 11001, 5101),
            )
        found = described("kvm", serial_console=False, spice_bind="192.0.2.9")
        self.assertEqual((found["kind"], found["port"], found["display"]), ("spice", 11001, None))

    def test_words(self) -> None:
        """Other consoles are told in words, and how to get one."""
        found = described("kvm", serial_console=False, vnc_bind_address="/run/vnc")
        self.assertIn("/run/vnc/vm1.example.com.vnc", found["message"])
        found = described("kvm", serial_console=False)
        self.assertIn("gnt-instance modify -H serial_console=true", found["message"])

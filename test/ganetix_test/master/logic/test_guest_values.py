"""Instances of QEMU: their parameters, ports, and what nodes have to have."""

from typing import Any

from ganetix import errors
from ganetix.model.cluster import Cluster
from ganetix.opcodes.cluster import OpClusterSetParams
from ganetix.opcodes.instance import OpInstanceQueryData, OpInstanceSetParams
from ganetix.opcodes.instance_state import OpInstanceReboot, OpInstanceStartup
from ganetix.rpc.tables.guests import GuestAddresses, GuestQuery, Hotplug
from ganetix.testing.logic import three_nodes
from ganetix_test.master.logic.cases import UnitTestCase, creation

VM = "vm1.example.com"


class GuestTestCase(UnitTestCase):
    """A cluster with QEMU guests."""

    def cluster(self) -> Cluster:
        """Return the configuration to begin with."""
        return three_nodes(
            enabled_hypervisors=["kvm", "fake"], hvparams={"kvm": {"kernel_path": ""}}
        )

    def lacking(self, call: str, words: str) -> None:
        """Let *call* be refused by every node, with *words*."""

        async def refuse(node: str, request: Any) -> Any:
            raise errors.HypervisorError(words)

        self.context.fake.handlers[call] = refuse


class GuestValueTests(GuestTestCase):
    """What the parameters of guests need from each other and from the nodes."""

    def test_ports(self) -> None:
        """Each instance of kvm has a port of its own; one of the fake hypervisor needs none."""
        self.add()
        self.run_op(creation("vm2.example.com"))
        self.run_op(creation("vm3.example.com", hypervisor="fake"))
        by_name = {row.name: row for row in self.context.cluster.instances.values()}
        found = [by_name[f"vm{n}.example.com"].network_port for n in (1, 2, 3)]
        self.assertEqual(found, [11001, 11002, None])

    def test_refused_parameters(self) -> None:
        """What can't be is refused before anything is made, wherever it is given."""
        for op in (
            creation(hvparams={"disk_aio": "native"}),
            creation(hvparams={"use_chroot": True}),
            creation(hvparams={"cpu_mask": "0:1:2"}),
        ):
            self.refusal(op)
        self.assertEqual(self.context.cluster.instances, {})
        self.add()
        told = self.refusal(OpInstanceSetParams(instance_name=VM, hvparams={"vga": "hercules"}))
        self.assertIn("kvm:vga", told)
        told = self.refusal(OpInstanceSetParams(instance_name=VM, beparams={"vcpus": 3},
                                                hvparams={"cpu_mask": "0:1"}))  # fmt: skip
        self.assertIn("2 entries and the instance 3 virtual processors", told)
        told = self.refusal(OpClusterSetParams(hvparams={"kvm": {"vnet_hdr": False}}))
        self.assertIn("kvm:vnet_hdr", told)

    def test_missing_on_the_node(self) -> None:
        """What parameters name and the node lacks is refused before anything is made."""
        self.lacking("hypervisor_validate_params", "Kernel /boot/x does not exist on node1.")
        self.assertIn("/boot/x", self.refusal(creation()))
        self.assertEqual(self.context.world.disks, {})
        told = self.refusal(OpClusterSetParams(hvparams={"kvm": {"kernel_path": "/boot/x"}}))
        self.assertIn("/boot/x", told)

    def test_missing_bridge(self) -> None:
        """A NIC on a bridge that the node lacks is refused before anything is made."""
        self.lacking("bridges_exist", "Node node1 has no bridge br7.")
        told = self.refusal(creation(nics=[{"link": "br7", "mode": "bridged"}]))
        self.assertIn("no bridge br7", told)
        self.assertEqual(self.context.world.disks, {})

    def test_bridge_gone(self) -> None:
        """An instance whose bridge is gone is not stopped to find that it can't start again."""
        self.add(nics=[{"link": "br7", "mode": "bridged"}])
        self.lacking("bridges_exist", "Node node1 has no bridge br7.")
        op = OpInstanceReboot(instance_name="vm1.example.com", reboot_type="full")
        self.assertIn("no bridge br7", self.refusal(op))
        self.run_op(creation("vm2.example.com", nics=[{"mode": "routed", "ip": "192.0.2.8"}]))

    def test_start(self) -> None:
        """A start with parameters that the node lacks is refused, and nothing is marked."""
        self.add(start=False)
        self.lacking("hypervisor_validate_params", "Kernel /boot/x does not exist on node1.")
        op = OpInstanceStartup(instance_name=VM, hvparams={"kernel_path": "/boot/x"})
        self.assertIn("/boot/x", self.refusal(op))
        self.assertEqual(self.instance().admin_state, "down")

    def test_enabling(self) -> None:
        """A hypervisor that a node does not serve is not enabled."""
        self.lacking("hypervisor_validate_params", "libvirt-python is not installed on node1.")
        op = OpClusterSetParams(enabled_hypervisors=["kvm", "fake", "lxc"])
        self.assertIn("libvirt-python", self.refusal(op))

    def test_addresses(self) -> None:
        """The addresses that a guest's agent tells are in its description; without one, none."""

        async def tell(node: str, request: GuestQuery) -> GuestAddresses:
            return GuestAddresses({"eth0": [f"192.0.2.9/24 of {request.name}"]})

        self.context.fake.handlers["instance_addresses"] = tell
        for agent, found in ((True, {"eth0": [f"192.0.2.9/24 of {VM}"]}), (False, {})):
            name = VM if agent else "vm2.example.com"
            self.run_op(creation(name, hvparams={"use_guest_agent": agent}))
            data = self.run_op(OpInstanceQueryData(instances=[name]))
            self.assertEqual(data[name]["guest_addresses"], found)


class HotplugTests(GuestTestCase):
    """Devices of running instances."""

    def plugged(self) -> list[tuple[str, bool]]:
        """Return what was given (True) or taken."""
        requests = [made.request for made in self.context.fake.made]
        return [(row.kind, row.add) for row in requests if isinstance(row, Hotplug)]

    def change(self, **fields: Any) -> OpInstanceSetParams:
        """Return a change of the instance."""
        return OpInstanceSetParams(instance_name=VM, **fields)

    def test_added(self) -> None:
        """A running instance gets what is added at once, and loses what is removed."""
        self.add()
        nic = {"mode": "routed", "ip": "192.0.2.8"}
        self.run_op(self.change(disks=[("add", -1, {"size": 1024})], nics=[("add", -1, nic)]))
        self.assertEqual(self.plugged(), [("disk", True), ("nic", True)])
        self.run_op(self.change(disks=[("remove", 1, {})], nics=[("remove", 1, {})]))
        self.assertEqual(self.plugged()[2:], [("disk", False), ("nic", False)])
        self.assertNotIn("next start", " ".join(self.context.logged))

    def test_not_wanted(self) -> None:
        """Without hotplug a running instance keeps its disks, and gets others at its next start."""
        self.add()
        self.refusal(self.change(disks=[("remove", 0, {})], hotplug=False))
        self.run_op(self.change(disks=[("add", -1, {"size": 1024})], hotplug=False))
        self.assertEqual(self.plugged(), [])
        self.assertIn("next start", self.context.logged[-1])

    def test_guest_that_does_not_listen(self) -> None:
        """A disk that the guest does not let go stays; one that it does not take waits."""
        self.add()
        self.lacking("hotplug_device", "The guest does not answer.")
        self.refusal(self.change(disks=[("remove", 0, {})]), errors.HypervisorError)
        self.assertEqual(len(self.instance().disks), 1)
        self.run_op(self.change(disks=[("add", -1, {"size": 1024})]))
        self.assertEqual(len(self.instance().disks), 2)
        self.assertIn("waits for the next start", " ".join(self.context.logged))

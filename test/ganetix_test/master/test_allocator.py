"""The instance allocator's requests, and the planner's answers to them."""

from collections.abc import Mapping
from typing import Any

import attrs

from ganetix.htools.faults import PlanError
from ganetix.htools.reasons import answer_with_reasons
from ganetix.master.logic.outside import Outside
from ganetix.opcodes.instance_state import OpInstanceFailover
from ganetix.rpc.tables.node_care import StorageQuery, StorageUnitInfo, StorageUnits
from ganetix.testing.logic import LogicContext, node_uuid, three_nodes
from ganetix_test.master.logic.cases import OUTSIDE, UnitTestCase, creation

NODES = ["node1.example.com", "node2.example.com", "node3.example.com"]


class RequestTests(UnitTestCase):
    """What the allocator is told."""

    def setUp(self) -> None:
        """Create an instance on node1, and remember requests."""
        self.requests: list[dict[str, Any]] = []
        super().setUp()
        self.add(beparams={"memory": 512}, nics=[{"ip": "192.0.2.1"}], tags=["a"])

    def outside(self) -> Outside:
        """Remember requests, and answer with node2."""

        def remember(request: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
            self.requests.append(request)
            return {"success": True, "info": "", "result": ["node2.example.com"]}

        return attrs.evolve(OUTSIDE, hail=remember)

    def asked(self, **fields: Any) -> dict[str, Any]:
        """Create another instance and return what the allocator was told."""
        self.run_op(creation("vm2.example.com", pnode=None, iallocator="hail", **fields))
        return self.requests[-1]

    def test_cluster(self) -> None:
        """Groups, nodes and instances have the keys of the interface."""
        request = self.asked()
        self.assertEqual(
            sorted(request),
            ["cluster_name", "cluster_tags", "enabled_hypervisors", "instances", "ipolicy",
             "nodegroups", "nodes", "request", "version"],
        )  # fmt: skip
        (group,) = request["nodegroups"].values()
        self.assertEqual(sorted(group), ["alloc_policy", "ipolicy", "name", "networks", "tags"])
        vm1 = request["instances"]["vm1.example.com"]
        self.assertEqual(
            sorted(vm1),
            ["admin_state", "disk_space_total", "disk_template", "disks", "disks_active",
             "hypervisor", "memory", "nics", "nodes", "os", "spindle_use", "tags", "vcpus"],
        )  # fmt: skip
        self.assertEqual((vm1["memory"], vm1["nodes"]), (512, NODES[:1]))
        self.assertEqual(vm1["nics"][0]["bridge"], "xen-br0")
        self.assertIsNone(vm1["nics"][0]["network"])

    def test_nodes(self) -> None:
        """Nodes that answer have figures; one that is silent counts as offline."""
        self.context.fake.down = {node_uuid(3)}
        self.set_node(2, drained=True)
        self.set_node(2, drained=False)
        request = self.asked()
        node1, node3 = request["nodes"][NODES[0]], request["nodes"][NODES[2]]
        self.assertEqual((node1["total_memory"], node1["free_memory"]), (4096, 3584))
        self.assertEqual((node1["i_pri_memory"], node1["i_pri_up_memory"]), (512, 512))
        self.assertEqual((node1["total_disk"], node1["free_disk"]), (100000, 50000))
        self.assertTrue(node3["offline"])
        self.assertNotIn("total_memory", node3)

    def test_spindles(self) -> None:
        """Where instances have whole physical volumes, all and the empty ones are told."""

        async def listed(node: str, request: StorageQuery) -> StorageUnits:
            return StorageUnits(
                [StorageUnitInfo("/dev/sdb", 100, 100, 0), StorageUnitInfo("/dev/sdc", 100, 0, 100)]
            )

        state = three_nodes(ndparams={"exclusive_storage": True})
        self.context = LogicContext(state, handlers={"storage_list": listed})
        node = self.asked()["nodes"][NODES[0]]
        self.assertEqual((node["total_spindles"], node["free_spindles"]), (2, 1))

    def test_memory_not_taken(self) -> None:
        """Memory that an instance should have but does not use yet is not free."""
        self.context.world.guests.clear()
        node = self.asked()["nodes"][NODES[0]]
        self.assertEqual(node["free_memory"], 4096 - 512)

    def test_body(self) -> None:
        """What is asked for has the keys of an ``allocate`` request."""
        body = self.asked(disks=[{"size": 2048}])["request"]
        self.assertEqual(
            sorted(body),
            ["disk_space_total", "disk_template", "disks", "group_name", "hypervisor", "memory",
             "name", "nics", "os", "required_nodes", "spindle_use", "tags", "type", "vcpus"],
        )  # fmt: skip
        self.assertEqual((body["type"], body["disk_space_total"]), ("allocate", 2048))

    def test_restricted(self) -> None:
        """With opportunistic locks only the nodes that could be locked are considered."""
        op = creation("vm2.example.com", pnode=None, iallocator="hail", opportunistic_locking=True)
        self.context.free = frozenset({node_uuid(2), node_uuid(3)})
        self.run_op(op)
        self.assertEqual(self.requests[-1]["request"]["restrict-to-nodes"], NODES[1:])

    def test_relocate(self) -> None:
        """A failover asks where an instance can go from its node."""
        self.add("vm3.example.com", disk_template="diskless", disks=[])
        self.run_op(OpInstanceFailover(instance_name="vm3", iallocator="hail"))
        self.assertEqual(
            self.requests[-1]["request"],
            {"type": "relocate", "name": "vm3.example.com", "disk_space_total": 0,
             "required_nodes": 1, "relocate_from": NODES[:1]},
        )  # fmt: skip


class PlannerTests(UnitTestCase):
    """The real planner behind the real request."""

    def outside(self) -> Outside:
        """Use the planner."""
        return attrs.evolve(OUTSIDE, hail=answer_with_reasons)

    def test_spread(self) -> None:
        """Three instances go to three nodes, of each template."""
        for template, disks in (("file", [{"size": 1024}]), ("diskless", [])):
            self.context = LogicContext(three_nodes())
            chosen = [
                self.run_op(
                    creation(f"vm{number}.example.com", pnode=None, iallocator="hail",
                             disk_template=template, disks=disks)
                )[0]
                for number in range(3)
            ]  # fmt: skip
            self.assertEqual(sorted(chosen), NODES)

    def test_failover(self) -> None:
        """An instance on shared disks is relocated to another node."""
        self.add(disk_template="sharedfile")
        self.run_op(OpInstanceFailover(instance_name="vm1", iallocator="hail"))
        self.assertNotEqual(self.instance().primary_node, node_uuid(1))

    def test_full(self) -> None:
        """Where no node has the memory it says so, and the log says it of each node."""
        for number in (1, 2, 3):
            self.context.world.memory[node_uuid(number)] = 256
        op = creation(pnode=None, iallocator="hail", beparams={"memory": 1024})
        self.assertIn("found no place", self.refusal(op))
        self.assertEqual(self.reasons(), [f"  {', '.join(NODES)}: not enough memory."])

    def reasons(self) -> list[str]:
        """Return the reasons in the job's log."""
        return [line for kind, lines in self.context.entries for line in lines]

    def test_reasons(self) -> None:
        """The job's log says why this node was taken, and what the others lack."""
        self.context.world.memory[node_uuid(2)] = 256
        self.set_node(3, drained=True)
        (chosen,) = self.run_op(creation(pnode=None, iallocator="hail", beparams={"memory": 512}))
        first, *others = self.reasons()
        self.assertIn(f"{chosen}: score ", first)
        self.assertIn("the best of 1 possible of 2 places", first)
        self.assertEqual(
            others,
            [f"  {NODES[1]}: not enough memory.", f"  {NODES[2]}: offline, drained or silent."],
        )
        self.assertIn(
            f"Instance allocator hail chose node {chosen} for vm1.example.com.",
            self.context.logged,
        )


class FaultTests(UnitTestCase):
    """A planner that gives up."""

    def outside(self) -> Outside:
        """Raise what the planner raises."""

        def broken(request: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
            raise PlanError("no such group")

        return attrs.evolve(OUTSIDE, hail=broken)

    def test_told(self) -> None:
        """Its words are passed on."""
        told = self.refusal(creation(pnode=None, iallocator="hail"))
        self.assertIn("no such group", told)

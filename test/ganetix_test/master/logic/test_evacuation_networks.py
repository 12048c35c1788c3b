"""Moves to another group, and what networks are connected there."""

from collections.abc import Mapping
from typing import Any

import msgspec

from ganetix.model.changes import Change, apply
from ganetix.model.objects import Network, Nic
from ganetix.opcodes import codec
from ganetix.opcodes.group import OpGroupAssignNodes, OpGroupEvacuate
from ganetix.opcodes.instance_disks import OpInstanceRecreateDisks, OpInstanceReplaceDisks
from ganetix.opcodes.instance_state import (
    OpInstanceChangeGroup,
    OpInstanceMigrate,
)
from ganetix.opcodes.node import OpNodeEvacuate
from ganetix_test.master.logic.evacuation_cases import NODE4, EvacuationCase, kinds


class NetworkTests(EvacuationCase):
    """Moves to another group look at what networks are connected there."""

    def setUp(self) -> None:
        """Make a second group; only b, of the two on shared disks, has a NIC in network lan."""
        super().setUp()
        self.begin_with_groups()
        self.add("b.example.com", disk_template="sharedfile")
        self.add("c.example.com", disk_template="sharedfile")
        cluster = self.context.cluster
        lan = Network("lan-uuid", "lan", "192.0.2.0/24")
        home = msgspec.structs.replace(cluster.group_named("default"), networks={lan.uuid: {}})
        one = cluster.instance_named("b.example.com")
        nics = [msgspec.structs.replace(nic, network=lan.uuid) for nic in one.nics]
        change = Change(
            networks=(lan,),
            nodegroups=(home,),
            instances=(msgspec.structs.replace(one, nics=nics),),
        )
        self.context.state = apply(cluster, change, 0.0)

    def connect(self) -> None:
        """Connect the network to the second group as well."""
        group = self.context.cluster.group_named("rack2")
        change = Change(nodegroups=(msgspec.structs.replace(group, networks={"lan-uuid": {}}),))
        self.context.state = apply(self.context.cluster, change, 0.0)

    def test_change_group(self) -> None:
        """A group without the network is refused with what to type; connected, it is taken."""
        op = OpInstanceChangeGroup(instance_name="b", target_groups=["rack2"])
        told = self.refusal(op)
        self.assertIn("not connected to a network", told)
        self.assertIn("'gnt-network connect lan rack2'", told)
        self.connect()
        self.assertEqual(kinds(self.jobs(op)), [["b MIGRATE"]])

    def test_evacuate(self) -> None:
        """What lacks its network there is left out in words, the rest goes."""
        jobs = self.jobs(OpGroupEvacuate(group_name="default"))
        self.assertEqual(kinds(jobs), [["c MIGRATE"]])
        told = [line for line in self.context.logged if "b.example.com" in line]
        self.assertTrue(any("Unable to move" in line for line in told), told)

    def test_assigned(self) -> None:
        """A node that is put into a group without the network is moved, and it is told."""
        op = OpGroupAssignNodes(group_name="rack2", nodes=["node1"])
        self.run_op(op)
        (told,) = [line for line in self.context.logged if "b.example.com has NICs" in line]
        self.assertIn("'gnt-network connect lan rack2'", told)
        self.assertFalse(any("c.example.com has NICs" in line for line in self.context.logged))

    def test_careless_program(self) -> None:
        """An allocator that does not look at networks is not believed."""

        def careless(request: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
            moves = [
                OpInstanceMigrate(instance_name=name, target_node=NODE4)
                for name in request["request"]["instances"]
            ]
            moved = [[op.instance_name, "rack2", [NODE4]] for op in moves]
            result = [moved, [], [[codec.encode(op)] for op in moves]]
            return {"success": True, "info": "", "result": result}

        self.careless = careless
        jobs = self.jobs(OpGroupEvacuate(group_name="default"))
        self.assertEqual(kinds(jobs), [["c MIGRATE"]])
        (told,) = [line for line in self.context.logged if "Unable to move" in line]
        self.assertIn("its networks lan are not connected to node group rack2", told)
        op = OpInstanceChangeGroup(instance_name="b", target_groups=["rack2"])
        self.assertIn("'gnt-network connect lan rack2'", self.refusal(op))

    def test_mirror(self) -> None:
        """A mirror is not sent to a group in which the instance could not run."""
        self.mirrored("d.example.com", 1, 2)
        one = self.context.cluster.instance_named("d.example.com")
        nic = Nic(uuid="nic-d", mac="aa:00:00:00:00:0d", network="lan-uuid")
        stopped = msgspec.structs.replace(one, nics=[nic], admin_state="down")
        change = Change(instances=(stopped,))
        self.context.state = apply(self.context.cluster, change, 0.0)
        for op in (
            OpInstanceReplaceDisks(
                instance_name="d", mode="replace_new_secondary", remote_node="node4"
            ),
            OpNodeEvacuate(node_name="node2", mode="secondary-only", remote_node="node4"),
            OpInstanceRecreateDisks(instance_name="d", nodes=["node1", "node4"]),
        ):
            self.assertIn("'gnt-network connect lan rack2'", self.refusal(op))

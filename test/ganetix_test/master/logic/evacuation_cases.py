"""A cluster whose instances are to leave their nodes, with the real planner."""

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from ganetix.htools.reasons import answer_with_reasons
from ganetix.master.logic.outside import Outside
from ganetix.model.changes import Change, apply
from ganetix.model.objects import Disk, Instance, Node, NodeGroup
from ganetix.opcodes import codec
from ganetix.opcodes.base import OpCode
from ganetix.testing.logic import LogicContext, node_uuid, three_nodes
from ganetix_test.master.logic.cases import OUTSIDE, UnitTestCase, changed_node

NODE1, NODE2, NODE3, NODE4 = (f"node{number}.example.com" for number in (1, 2, 3, 4))
NODE4_UUID = node_uuid(4)


class EvacuationCase(UnitTestCase):
    """A cluster with the real planner, a mirrored instance a and a shared one b on node1."""

    careless: Callable[[dict[str, Any], Mapping[str, Any]], dict[str, Any]] | None = None
    """An allocator to be used in the place of the planner."""

    def outside(self) -> Outside:
        """Use the planner, or what a test puts in its place."""
        return attrs.evolve(
            OUTSIDE,
            hail=lambda request, more: (self.careless or answer_with_reasons)(request, more),
        )

    def setUp(self) -> None:
        """Make the instances."""
        super().setUp()
        self.context = LogicContext(three_nodes(default_iallocator="hail"))
        self.mirrored("a.example.com", 1, 2)
        self.add("b.example.com", disk_template="sharedfile")
        self.context.logged.clear()

    def mirrored(self, name: str, primary: int, secondary: int) -> None:
        """Put an instance with one DRBD disk into the configuration."""
        port = 11000 + len(self.context.cluster.instances)
        ends = [node_uuid(primary), node_uuid(secondary)]
        disk = Disk(f"disk-{name}", "drbd", [*ends, port, port, port, "secret"], 1024, nodes=ends)
        instance = Instance(
            f"uuid-{name}", name, ends[0], "tiny", "fake", admin_state="up", disks=[disk.uuid]
        )
        change = Change(instances=(instance,), disks=(disk,))
        self.context.state = apply(self.context.state, change, 0.0)

    def begin_with_groups(self) -> None:
        """Begin without guests, with node3 and a fourth node in a group of their own."""
        self.context.state = three_nodes(default_iallocator="hail")
        self.context.world.guests.clear()
        fourth = Node(NODE4_UUID, NODE4, "127.0.0.14", "127.0.0.14", "rack2-uuid")
        change = Change(nodegroups=(NodeGroup("rack2-uuid", "rack2"),), nodes=(fourth,))
        state = apply(self.context.state, change, 0.0)
        self.context.state = changed_node(state, 3, group="rack2-uuid")

    def jobs(self, op: OpCode) -> list[list[OpCode]]:
        """Run *op* and return the jobs that it submits."""
        self.context.submitted.clear()
        result = self.run_op(op)
        jobs = self.context.submitted
        self.assertEqual(result["jobs"], [[True, 100 + n] for n in range(len(jobs))])
        return jobs

    def evacuation(self, mode: str, **fields: Any) -> list[list[OpCode]]:
        """Evacuate node1 and return the jobs."""
        return self.jobs(codec_of("OP_NODE_EVACUATE", node_name="node1", mode=mode, **fields))


def codec_of(op_id: str, **fields: Any) -> OpCode:
    """Return the opcode from JSON values, as a client gives it."""
    return codec.decode({"OP_ID": op_id, **fields})


def kinds(jobs: list[list[OpCode]]) -> list[list[str]]:
    """Return the instance and the kind of each opcode."""
    return [
        [f"{getattr(op, 'instance_name', '')[0]} {codec.op_id_of(op)[12:]}" for op in job]
        for job in jobs
    ]

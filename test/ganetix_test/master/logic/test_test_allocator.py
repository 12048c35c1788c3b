"""OP_TEST_ALLOCATOR: requests of every mode, and the planner's answers to them."""

import json
from typing import Any

import attrs

from ganetix.htools.reasons import answer_with_reasons
from ganetix.master.logic.outside import Outside
from ganetix.opcodes.test import OpTestAllocator
from ganetix.testing.logic import LogicContext, three_nodes
from ganetix_test.master.logic.cases import OUTSIDE, UnitTestCase

VM = "vm1.example.com"
NEW: dict[str, Any] = {
    "mode": "allocate", "name": "new.example.com", "memory": 128, "vcpus": 1,
    "disks": [{"size": 1024}], "disk_template": "file",
}  # fmt: skip


class AllocatorTests(UnitTestCase):
    """The real planner, and one instance on shared disks."""

    def outside(self) -> Outside:
        """Use the planner."""
        return attrs.evolve(OUTSIDE, hail=answer_with_reasons)

    def setUp(self) -> None:
        """Create the instance."""
        super().setUp()
        self.context = LogicContext(three_nodes(default_iallocator="hail"))
        self.add(VM, disk_template="sharedfile")

    def asked(self, **fields: Any) -> Any:
        """Return the request or the answer."""
        return json.loads(self.run_op(OpTestAllocator(**{"direction": "in", **fields})))

    def test_requests(self) -> None:
        """Each mode has the keys of the interface."""
        for fields, keys in (
            (NEW, {"disks", "name", "required_nodes", "vcpus", "nics", "hypervisor"}),
            ({**NEW, "mode": "multi-allocate", "count": 3}, {"instances"}),
            ({"mode": "relocate", "name": VM}, {"name", "relocate_from", "required_nodes"}),
            ({"mode": "allocate-secondary", "name": VM}, {"name"}),
            ({"mode": "node-evacuate", "name": VM, "instances": [VM]}, {"instances", "evac_mode"}),
            ({"mode": "change-group", "name": VM, "instances": [VM], "target_groups": ["default"]},
             {"instances", "target_groups"}),
        ):  # fmt: skip
            found = self.asked(**fields)
            self.assertIn("nodegroups", found)
            self.assertEqual(found["request"]["type"], fields["mode"])
            self.assertLessEqual(keys, set(found["request"]), fields["mode"])

    def test_many(self) -> None:
        """So many instances are asked for as were counted."""
        request = self.asked(**{**NEW, "mode": "multi-allocate", "count": 3})["request"]
        names = [one["name"] for one in request["instances"]]
        self.assertEqual(names, [f"new.example.com{number}" for number in range(3)])

    def test_mirror(self) -> None:
        """A mirrored instance needs two nodes, and room for its metadata."""
        request = self.asked(**{**NEW, "disk_template": "drbd"})["request"]
        self.assertEqual((request["required_nodes"], request["disk_space_total"]), (2, 1152))

    def test_answers(self) -> None:
        """The answers are the allocator's own, unchecked; nothing is changed by asking."""
        before = self.context.cluster
        self.assertTrue(self.asked(**{**NEW, "direction": "out"})["success"])
        found = self.asked(mode="relocate", name=VM, direction="out")
        self.assertEqual(len(found["result"]), 1)
        self.assertIs(self.context.cluster, before)

    def test_refused(self) -> None:
        """What lacks for the mode is told, and names that are not there."""
        for fields, words in (
            ({"mode": "allocate", "name": "new"}, "memory"),
            ({**NEW, "disks": [{"size": "big"}]}, "Disk 0"),
            ({**NEW, "name": VM}, "already"),
            ({"mode": "relocate", "name": "nosuch"}, "nosuch"),
            ({"mode": "node-evacuate", "name": VM}, "at least one"),
            ({**NEW, "direction": "out", "iallocator": "dice"}, "not available"),
        ):
            self.assertIn(words, self.refusal(OpTestAllocator(**{"direction": "in", **fields})))

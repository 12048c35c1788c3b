"""All units against the interface tables: cluster lock, hooks."""

from typing import Any

import msgspec

from ganetix.master.logic.table import units
from ganetix.model.changes import Change, apply
from ganetix.model.objects import Network, NodeGroup
from ganetix.opcodes import codec
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.table import TABLE
from ganetix.testing.logic import node_uuid
from ganetix_test import spec
from ganetix_test.master.logic.cases import OUTSIDE, UnitTestCase, creation

VM = "vm1.example.com"
SAMPLES: dict[str, dict[str, Any]] = {
    "OP_BACKUP_EXPORT": {"instance_name": "down.example.com", "target_node": "node2"},
    "OP_BACKUP_PREPARE": {"instance_name": VM, "mode": "local"},
    "OP_BACKUP_REMOVE": {"instance_name": VM},
    "OP_INSTANCE_CREATE": codec.encode(creation("new.example.com")),
    "OP_INSTANCE_CHANGE_GROUP": {"instance_name": VM, "iallocator": "hail"},
    "OP_INSTANCE_FAILOVER": {"instance_name": VM, "target_node": "node2"},
    "OP_INSTANCE_GROW_DISK": {"instance_name": VM, "disk": 0, "amount": 4},
    "OP_INSTANCE_MIGRATE": {"instance_name": VM, "target_node": "node2"},
    "OP_INSTANCE_MULTI_ALLOC": {
        "instances": [codec.encode(creation("new.example.com"))],
    },
    "OP_INSTANCE_MOVE": {"instance_name": "down.example.com", "target_node": "node2"},
    "OP_INSTANCE_REBOOT": {"instance_name": VM, "reboot_type": "soft"},
    "OP_INSTANCE_RECREATE_DISKS": {"instance_name": "lost.example.com"},
    "OP_INSTANCE_REINSTALL": {"instance_name": "down.example.com"},
    "OP_INSTANCE_REMOVE": {"instance_name": VM},
    "OP_INSTANCE_RENAME": {"instance_name": "down.example.com", "new_name": "x.example.com"},
    "OP_INSTANCE_SET_PARAMS": {"instance_name": VM, "beparams": {"vcpus": 2}},
    "OP_INSTANCE_SHUTDOWN": {"instance_name": VM},
    "OP_INSTANCE_STARTUP": {"instance_name": VM},
    "OP_INSTANCE_ACTIVATE_DISKS": {"instance_name": VM},
    "OP_INSTANCE_DEACTIVATE_DISKS": {"instance_name": "down.example.com"},
    "OP_INSTANCE_CONSOLE": {"instance_name": VM},
    "OP_INSTANCE_QUERY_DATA": {},
    "OP_CLUSTER_POST_INIT": {},
    "OP_CLUSTER_ACTIVATE_MASTER_IP": {},
    "OP_CLUSTER_DEACTIVATE_MASTER_IP": {},
    "OP_CLUSTER_RENAME": {"name": "other.example.com"},
    "OP_CLUSTER_REPAIR_DISK_SIZES": {},
    "OP_CLUSTER_VERIFY_DISKS": {},
    "OP_GROUP_VERIFY_DISKS": {"group_name": "default"},
    "OP_CLUSTER_CONFIG_QUERY": {"output_fields": ["name"]},
    "OP_CLUSTER_QUERY": {},
    "OP_CLUSTER_REDIST_CONF": {},
    "OP_CLUSTER_SET_PARAMS": {"candidate_pool_size": 3},
    "OP_CLUSTER_VERIFY": {},
    "OP_CLUSTER_VERIFY_CONFIG": {},
    "OP_CLUSTER_VERIFY_GROUP": {"group_name": "default"},
    "OP_EXT_STORAGE_DIAGNOSE": {"output_fields": ["name"]},
    "OP_GROUP_ADD": {"group_name": "rack2"},
    "OP_GROUP_ASSIGN_NODES": {"group_name": "default", "nodes": ["node2"]},
    "OP_GROUP_EVACUATE": {"group_name": "empty", "iallocator": "hail"},
    "OP_GROUP_REMOVE": {"group_name": "empty"},
    "OP_GROUP_RENAME": {"group_name": "default", "new_name": "rack1"},
    "OP_GROUP_SET_PARAMS": {"group_name": "default", "alloc_policy": "preferred"},
    "OP_NETWORK_ADD": {"network_name": "lan2", "network": "198.51.100.0/24"},
    "OP_NETWORK_CONNECT": {
        "network_name": "lan",
        "group_name": "empty",
        "network_mode": "bridged",
        "network_link": "br0",
    },
    "OP_NETWORK_DISCONNECT": {"network_name": "lan", "group_name": "empty"},
    "OP_NETWORK_REMOVE": {"network_name": "lan"},
    "OP_NETWORK_SET_PARAMS": {"network_name": "lan", "gateway": "192.0.2.1"},
    "OP_NODE_EVACUATE": {"node_name": "node3", "mode": "all", "iallocator": "hail"},
    "OP_NODE_MIGRATE": {"node_name": "node1"},
    "OP_NODE_MODIFY_STORAGE": {
        "node_name": "node2", "storage_type": "lvm-pv", "name": "/dev/vdb",
        "changes": {"allocatable": False},
    },
    "OP_NODE_POWERCYCLE": {"node_name": "node2"},
    "OP_NODE_QUERY_STORAGE": {"output_fields": ["name"]},
    "OP_NODE_QUERYVOLS": {"output_fields": ["name"]},
    "OP_OOB_COMMAND": {"command": "power-status"},
    "OP_REPAIR_NODE_STORAGE": {"node_name": "node2", "storage_type": "lvm-vg", "name": "xenvg"},
    "OP_RESTRICTED_COMMAND": {"nodes": ["node2"], "command": "tidy"},
    "OP_NODE_REMOVE": {"node_name": "node3"},
    "OP_NODE_SET_PARAMS": {"node_name": "node3", "drained": True},
    "OP_OS_DIAGNOSE": {"output_fields": ["name"]},
    "OP_QUERY": {"what": "node", "fields": ["name"]},
    "OP_QUERY_FIELDS": {"what": "node"},
    "OP_TAGS_DEL": {"kind": "cluster", "tags": []},
    "OP_TAGS_GET": {"kind": "cluster"},
    "OP_TAGS_SEARCH": {"pattern": "x"},
    "OP_TAGS_SET": {"kind": "cluster", "tags": ["x"]},
    "OP_TEST_ALLOCATOR": {"direction": "in", "mode": "relocate", "name": VM},
    "OP_TEST_JQUEUE": {},
    "OP_TEST_OS_PARAMS": {},
    "OP_TEST_DELAY": {"duration": 0, "on_master": False},
}  # fmt: skip
SOMETIMES = frozenset({
    "NEW_DISK_TEMPLATE", "RUNTIME_MEMORY", "SRC_NODE", "SRC_PATH", "SRC_IMAGES", "NEW_VG_NAME",
})  # fmt: skip
"""Variables that are there only when the opcode asks for what they tell."""
LOCKLESS = frozenset({
    "OP_CLUSTER_CONFIG_QUERY", "OP_CLUSTER_QUERY", "OP_EXT_STORAGE_DIAGNOSE",
    "OP_OS_DIAGNOSE", "OP_QUERY", "OP_QUERY_FIELDS",
})  # fmt: skip
"""Opcodes that take no lock at all."""
DRY: dict[str, Any] = {
    "OP_INSTANCE_CREATE": [node_uuid(1)],
    "OP_INSTANCE_MULTI_ALLOC": {"allocatable": ["new.example.com"], "failed": [], "jobs": []},
}
"""What a dry run of a sample returns, where that is more than nothing."""
ELSEWHERE = frozenset({
    "OP_CLUSTER_DESTROY", "OP_CLUSTER_RENEW_CRYPTO", "OP_INSTANCE_REPLACE_DISKS", "OP_NODE_ADD",
})  # fmt: skip
"""Opcodes that need another cluster; their own tests look at this."""
WITHIN = frozenset({"OP_CLUSTER_VERIFY_GROUP"})
"""Opcodes that run their hooks themselves; their own tests look at them."""


class AgainstTablesTests(UnitTestCase):
    """Every unit of the table with one sample opcode."""

    def setUp(self) -> None:
        """Create instances that run, do not, lost a disk; an empty group, a network, volumes."""
        super().setUp()
        empty = Change(
            nodegroups=(NodeGroup("empty-uuid", "empty"),),
            networks=(Network("lan-uuid", "lan", "192.0.2.0/24"),),
        )
        state = apply(self.context.state, empty, 0.0)
        enabled = [*state.cluster.enabled_disk_templates, "plain"]
        settings = msgspec.structs.replace(state.cluster, enabled_disk_templates=enabled)
        self.context.state = msgspec.structs.replace(state, cluster=settings)
        self.add(VM, disk_template="sharedfile")
        self.add("down.example.com", start=False)
        kept = dict(self.context.world.disks)
        self.add("lost.example.com", start=False)
        self.context.world.disks = kept

    def samples(self) -> list[tuple[dict[str, Any], OpCode]]:
        """Return (row of the opcode table, opcode) of each unit."""
        rows = {row["id"]: row for row in spec.load("opcodes")["opcodes"]}
        return [
            (rows[op_id], codec.decode({"OP_ID": op_id} | fields))
            for op_id, fields in SAMPLES.items()
        ]

    def test_complete(self) -> None:
        """Every unit has a sample or is tested elsewhere."""
        names = {op_id for op_id, struct in TABLE.items() if struct in units(OUTSIDE)}
        self.assertEqual(names, set(SAMPLES) | ELSEWHERE)

    def test_cluster_lock(self) -> None:
        """The cluster lock is exclusive where the table says so, shared everywhere else."""
        for row, op in self.samples():
            found = [lock for lock in self.locks(op) if lock[0] == "cluster"]
            if row["id"] in LOCKLESS:
                self.assertEqual(found, [])
                continue
            mode = "exclusive" if row["exclusive_cluster_lock"] else "shared"
            self.assertEqual(found, [("cluster", ("BGL",), mode)], row["id"])

    def test_hooks(self) -> None:
        """Opcodes have the table's hooks, with all of its variables, on its nodes."""
        for row, op in self.samples():
            hooks = self.hooks(op)
            if row["hooks"] is None or row["id"] in WITHIN:
                self.assertIsNone(hooks, row["id"])
                continue
            assert hooks is not None, row["id"]
            self.assertEqual(hooks.path, row["hooks"]["path"])
            self.assertEqual(hooks.object_type, row["hooks"]["object_type"])
            self.variables(row["id"], dict(hooks.env))

    def test_dry_run(self) -> None:
        """A dry run checks, answers what the table says, and changes nothing anywhere."""
        seen, state = self.context.world.seen(), self.context.cluster
        self.context.commits.clear()
        for row, op in self.samples():
            self.assertTrue(row["dry_run"]["supported"], row["id"])
            result = self.run_op(msgspec.structs.replace(op, dry_run=True))
            if row["id"] in DRY:
                self.assertEqual(result, DRY[row["id"]])
            else:
                self.assertEqual((row["dry_run"]["result"], result), ("null", None), row["id"])
            self.assertEqual(self.context.commits, [], row["id"])
            self.assertEqual(self.context.submitted, [], row["id"])
            self.assertEqual(self.context.pending, [], row["id"])
        self.assertEqual(self.context.world.seen(), seen)
        self.assertIs(self.context.cluster, state)

    def variables(self, op_id: str, env: dict[str, str]) -> None:
        """Check that *env* has every variable that is always there."""
        table = spec.load("constants")["hooks"]
        wanted = set()
        for name in table["opcodes"][op_id]["env"]:
            if name.startswith("instance variables"):
                wanted |= set(table["instance_variables"]["fixed"])
            elif name not in SOMETIMES and "<" not in name:
                wanted.add(name)
        self.assertEqual(sorted(wanted - set(env)), [], op_id)

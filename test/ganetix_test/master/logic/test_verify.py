"""OP_CLUSTER_VERIFY and its parts: each kind of trouble is found, and named with its code."""

from collections.abc import Callable
from typing import Any

import msgspec

from ganetix.model.changes import Change, apply
from ganetix.opcodes.verify import OpClusterVerify, OpClusterVerifyConfig, OpClusterVerifyGroup
from ganetix.rpc.tables.checks import VerifyRequest
from ganetix.rpc.tables.instances import InstanceState
from ganetix.testing.logic import LogicContext, node_uuid, three_nodes
from ganetix_test.master.logic.cases import UnitTestCase, creation

VM = "vm1.example.com"
NODE1, NODE2 = node_uuid(1), node_uuid(2)
CERTS = {node_uuid(number): f"digest {number}" for number in (1, 2, 3)}


class VerifyTests(UnitTestCase):
    """A healthy cluster, and what may be wrong with it."""

    def setUp(self) -> None:
        """Create a running instance."""
        super().setUp()
        self.context = LogicContext(three_nodes(candidate_certs=CERTS))
        self.run_op(creation())

    def found(self, op: Any) -> tuple[bool, list[str]]:
        """Run *op* and return its result with the lines that it told."""
        self.context.entries.clear()
        result = self.run_op(op)
        return result, [line for kind, lines in self.context.entries for line in lines]

    def group(self, **fields: Any) -> tuple[bool, list[str]]:
        """Verify the group and return (result, lines)."""
        return self.found(OpClusterVerifyGroup(group_name="default", error_codes=True, **fields))

    def answer(self, **fields: Any) -> None:
        """Let node2 answer with other facts."""
        original = self.context.fake.handlers["node_verify"]

        async def handler(node: str, request: Any) -> Any:
            facts = await original(node, request)
            return msgspec.structs.replace(facts, **fields) if node == NODE2 else facts

        self.context.fake.handlers["node_verify"] = handler

    def test_healthy(self) -> None:
        """Nothing is wrong."""
        self.assertEqual(self.group(), (True, []))

    def test_jobs(self) -> None:
        """One job for the configuration, then one a group that waits for it."""
        result = self.run_op(OpClusterVerify(error_codes=True))
        self.assertEqual(len(result["jobs"]), 2)
        (config,), (group,) = self.context.submitted
        self.assertIsInstance(config, OpClusterVerifyConfig)
        self.assertEqual(group.depends, [(result["jobs"][0][1], [])])

    def test_nodes(self) -> None:
        """Each trouble of a node is told with the code of its kind."""
        guest = InstanceState("stray", 1, 1, "running")
        rows: list[tuple[Callable[[], object], str]] = [
            (lambda: self.context.fake.down.add(NODE2), "ERROR:ENODERPC:node:node2.example.com:"),
            (lambda: self.answer(clock=1000.0), "ERROR:ENODETIME:node:node2"),
            (lambda: self.answer(version="0.1"), "WARNING:ENODEVERSION:node:node2"),
            (lambda: self.answer(hypervisor_errors={"fake": "x"}), "ERROR:ENODEHV:node:node2"),
            (lambda: self.answer(oses=[]), "ERROR:ENODEOS:node:node2"),
            (lambda: self.answer(instances=[guest]), "ERROR:ENODEORPHANINSTANCE:node:node2"),
            (lambda: self.answer(orphan_disks=["/x"]), "ERROR:ENODEORPHANLV:node:node2"),
            (lambda: self.answer(permissions=["mode"]), "ERROR:ENODESETUP:node:node2"),
            (lambda: self.answer(rapi_without_users=True), "WARNING:ENODESETUP:node:node2"),
            (
                lambda: self.answer(storage_paths={"/srv/ganeti/file-storage": "x"}),
                "ERROR:ENODEFILESTORAGEPATHUNUSABLE:node:node2",
            ),
        ]
        for spoil, line in rows:
            with self.subTest(line):
                self.setUp()
                spoil()
                result, lines = self.group()
                self.assertTrue(any(row.startswith(f"  - {line}") for row in lines), lines)
                self.assertEqual(result, line.startswith("WARNING"))

    def test_files(self) -> None:
        """What all nodes have must be the same everywhere, secrets too; the path is readable."""
        sent = "/var/lib/ganeti/hmac.key"
        self.answer(files={sent: "another checksum"})
        result, lines = self.group()
        self.assertFalse(result)
        text = "file /var/lib/ganeti/hmac.key differs on node2.example.com"
        self.assertTrue(any(text in line for line in lines), lines)
        (asked, *_) = [
            made.request
            for made in self.context.fake.made
            if isinstance(made.request, VerifyRequest)
        ]
        for name in ("hmac.key", "cluster-domain-secret", "rapi.pem", "authority.pem"):
            self.assertIn(f"/var/lib/ganeti/{name}", asked.files)

    def test_behind(self) -> None:
        """A candidate that is behind is told as a warning."""
        self.context.behind = frozenset({NODE2})
        result, (line,) = self.group()
        self.assertTrue(result)
        self.assertIn("behind", line)

    def test_instances(self) -> None:
        """A stopped guest, one on the wrong node, and a lost disk are told."""
        self.context.world.guests.clear()
        self.assertIn("EINSTANCEDOWN", self.group()[1][0])
        self.context.world.guests = {
            (NODE1, VM): InstanceState(VM, 128, 1, "running"),
            (NODE2, VM): InstanceState(VM, 128, 1, "running"),
        }
        self.assertIn("EINSTANCEWRONGNODE", self.group()[1][0])
        del self.context.world.guests[NODE2, VM]
        self.context.world.disks.clear()
        self.assertIn("EINSTANCEMISSINGDISK", self.group()[1][0])

    def test_offline(self) -> None:
        """An instance on an offline node is told."""
        self.set_node(1, offline=True)
        self.assertIn("EINSTANCEBADNODE", self.group()[1][0])

    def test_ignored(self) -> None:
        """A code that is ignored becomes a warning, and the result is true."""
        self.context.world.guests.clear()
        result, (line,) = self.group(ignore_errors=["EINSTANCEDOWN"])
        self.assertTrue(result)
        self.assertIn("WARNING:EINSTANCEDOWN:instance:vm1.example.com", line)

    def test_config(self) -> None:
        """Candidates, policies and mixed disks are checked in the configuration."""
        self.set_node(2, master_candidate=False)
        result, lines = self.found(OpClusterVerifyConfig(error_codes=True))
        self.assertFalse(result)
        self.assertTrue(any("1 master candidates are missing" in line for line in lines))
        self.assertTrue(any("ECLUSTERCLIENTCERT" in line for line in lines))
        fresh = msgspec.structs.replace(self.instance(), beparams={"vcpus": 99})
        self.context.state = apply(self.context.state, Change(instances=(fresh,)), 0.0)
        _, lines = self.found(OpClusterVerifyConfig(error_codes=True))
        self.assertTrue(any("EINSTANCEPOLICY:instance:vm1" in line for line in lines))

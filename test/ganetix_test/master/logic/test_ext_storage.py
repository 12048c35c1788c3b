"""OP_EXT_STORAGE_DIAGNOSE and the opcodes that only try out jobs."""

from typing import Any

from ganetix import errors
from ganetix.opcodes.os import OpExtStorageDiagnose
from ganetix.opcodes.query import OpQuery
from ganetix.opcodes.test import OpTestJqueue, OpTestOsParams
from ganetix.rpc.tables.providers import EXTSTORAGE_DIAGNOSE, ProviderReport, ProviderReports
from ganetix.testing.logic import LogicContext, node_uuid
from ganetix_test.master.logic.cases import UnitTestCase

FIELDS = ["name", "nodegroup_status", "parameters"]


class DiagnoseTests(UnitTestCase):
    """Three nodes; one of them has another list of parameters, or none."""

    def setUp(self) -> None:
        """Let node2 know less of one provider, and node3 not have another."""
        super().setUp()
        self.context = LogicContext(self.cluster(), handlers={EXTSTORAGE_DIAGNOSE.name: self.told})

    async def told(self, node: str, request: Any) -> ProviderReports:
        """Answer as the node."""
        parameters = [("pool", "Pool")]
        if node != node_uuid(2):
            parameters.append(("fast", "Fast"))
        found = [ProviderReport("shared", "/srv/shared", "", parameters)]
        if node != node_uuid(3):
            found.append(ProviderReport("two", "/srv/two"))
        return ProviderReports(found)

    def test_compared(self) -> None:
        """Valid in a group where all its nodes have it; parameters are what all have."""
        rows = self.run_op(OpExtStorageDiagnose(output_fields=FIELDS))
        self.assertEqual(
            rows,
            [
                ["shared", {"default": True}, [["pool", "Pool"]]],
                ["two", {"default": False}, []],
            ],
        )

    def test_named(self) -> None:
        """Only those that were named; the same rows by a query."""
        op = OpExtStorageDiagnose(output_fields=["name"], names=["two"])
        self.assertEqual(self.run_op(op), [["two"]])
        answer = self.run_op(OpQuery(what="extstorage", fields=["name"]))
        self.assertEqual([row[0][1] for row in answer["data"]], ["shared", "two"])

    def test_unknown_field(self) -> None:
        """A field that there is not is refused."""
        op = OpExtStorageDiagnose(output_fields=["colour"])
        self.assertIn("colour", self.refusal(op))


class TestJobTests(UnitTestCase):
    """Jobs that try out jobs."""

    def test_queue(self) -> None:
        """Messages are logged in order; failing is the opcode's error."""
        op = OpTestJqueue(notify_waitlock=True, notify_exec=True, log_messages=["one", "two"])
        self.assertIs(self.run_op(op), True)
        self.assertEqual(self.context.logged[-2:], ["one", "two"])
        self.assertEqual(len(self.context.logged), 4)
        self.refusal(OpTestJqueue(fail=True), errors.OpExecError)

    def test_secrets(self) -> None:
        """Names of secrets are told, values never."""
        self.run_op(OpTestOsParams(osparams_secret={"root_password": "hunter2"}))
        [line] = self.context.logged
        self.assertIn("root_password", line)
        self.assertNotIn("hunter2", line)

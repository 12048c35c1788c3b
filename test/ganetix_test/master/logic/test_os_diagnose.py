"""OP_OS_DIAGNOSE: definitions over all nodes, and which of them are told of."""

from typing import Any

from ganetix.opcodes.os import OpOsDiagnose
from ganetix.rpc.tables.oses import OsDiagnosis, OsReport
from ganetix.testing.logic import LogicContext, node_uuid, three_nodes
from ganetix_test.master.logic.cases import UnitTestCase


class DiagnoseTests(UnitTestCase):
    """A good definition, a broken one, one that a node lacks, a hidden and a blacklisted one."""

    def setUp(self) -> None:
        """Make the nodes and their definitions."""
        super().setUp()
        state = three_nodes(hidden_os=["hidden"], blacklisted_os=["black"])
        self.context = LogicContext(state, handlers={"os_diagnose": self.answer})

    async def answer(self, node: str, request: Any) -> OsDiagnosis:
        """Report what the node has."""
        status = {"good": "", "broken": "It is broken.", "hidden": "", "black": ""}
        if node != node_uuid(3):
            status["rare"] = ""
        return OsDiagnosis([OsReport(name, f"/os/{name}", why) for name, why in status.items()])

    def told(self, *fields: str) -> list[str]:
        """Return the names of the definitions told of when *fields* are asked for too."""
        rows = self.run_op(OpOsDiagnose(output_fields=["name", *fields]))
        return [row[0] for row in rows]

    def test_usable(self) -> None:
        """Who asks for names alone gets what can be used."""
        self.assertEqual(self.told(), ["good"])

    def test_asked_for(self) -> None:
        """Who asks for a state gets the definitions in it, too."""
        self.assertEqual(self.told("hidden"), ["good", "hidden"])
        self.assertEqual(self.told("blacklisted"), ["black", "good"])
        self.assertEqual(self.told("valid"), ["broken", "good", "rare"])

"""Queries as opcodes: the cluster's parameters and fields, lists, definitions of fields."""

import json
from typing import Any

from ganetix import errors
from ganetix.master.logic.outside import Outside
from ganetix.model.hypervisors import HYPERVISORS
from ganetix.opcodes.cluster import OpClusterConfigQuery, OpClusterQuery
from ganetix.opcodes.query import OpQuery, OpQueryFields
from ganetix.query.results import NORMAL, UNAVAIL, UNKNOWN
from ganetix.rpc.tables.oses import OsDiagnosis, OsReport
from ganetix.testing.facts import StillFacts
from ganetix.testing.logic import LogicContext, three_nodes
from ganetix_test import spec
from ganetix_test.master.logic.cases import OUTSIDE, UnitTestCase

OTHER_LEVELS = [
    ("instance", ("[lockset]",), "shared"),
    ("nodegroup", ("[lockset]",), "shared"),
    ("node", ("[lockset]",), "shared"),
]


class QueryTestCase(UnitTestCase):
    """Units that see the configuration of the test, a drained queue and a paused watcher."""

    def outside(self) -> Outside:
        """Give them these facts."""
        flags = {"drain_flag": True, "watcher_pause": 7.0}
        return Outside(
            OUTSIDE.resolve, OUTSIDE.answers, OUTSIDE.read_file, OUTSIDE.checkpoint, OUTSIDE.hail,
            lambda: StillFacts(self.context.cluster, flags),
        )  # fmt: skip

    def data(self, what: Any, fields: list[str], qfilter: Any = None) -> Any:
        """Return the rows of a query."""
        return self.run_op(OpQuery(what=what, fields=fields, qfilter=qfilter))["data"]


class ClusterTests(QueryTestCase):
    """OP_CLUSTER_QUERY and OP_CLUSTER_CONFIG_QUERY."""

    def test_information(self) -> None:
        """All keys of the table are there, with the values of this cluster."""
        found = self.run_op(OpClusterQuery())
        self.assertEqual(set(spec.load("luxi")["cluster_info_keys"]) - set(found), set())
        self.assertEqual((found["name"], found["master"]),
                         ("cluster.example.com", "node1.example.com"))  # fmt: skip
        self.assertEqual(set(found["hvparams"]), set(HYPERVISORS))
        self.assertEqual(found["hvparams"]["kvm"].keys(), HYPERVISORS["kvm"].keys())

    def test_values(self) -> None:
        """Values come in the order of the fields, those from outside the configuration too."""
        fields = ["drain_flag", "cluster_name", "watcher_pause", "master_node", "name", "tags"]
        self.assertEqual(
            self.run_op(OpClusterConfigQuery(output_fields=fields)),
            [True, "cluster.example.com", 7.0, "node1.example.com", "cluster.example.com", []],
        )

    def test_every_field(self) -> None:
        """Every field of the table has a value, by this opcode and by OP_QUERY."""
        rows = spec.load("query_fields")["resources"]["cluster"]["fields"]
        names = [row["name"] for row in rows]
        values = self.run_op(OpClusterConfigQuery(output_fields=names))
        [cells] = self.data("cluster", names)
        for name, value, (status, cell) in zip(names, values, cells, strict=True):
            self.assertEqual(cell, value, name)
            self.assertEqual(status, UNAVAIL if value is None else NORMAL, name)

    def test_unknown_field(self) -> None:
        """A field that there is not is named, with those that there are."""
        told = self.refusal(OpClusterConfigQuery(output_fields=["name", "colour"]))
        self.assertIn("no field colour", told)
        self.assertIn("watcher_pause", told)


class ListTests(QueryTestCase):
    """OP_QUERY."""

    def test_objects(self) -> None:
        """Rows are filtered, fields that there are not are marked."""
        [row] = self.data("node", ["name", "colour"], ["=", "name", "node2.example.com"])
        self.assertEqual(row, [[NORMAL, "node2.example.com"], [UNKNOWN, None]])
        self.assertEqual(len(self.data("node", ["name"])), 3)
        self.assertEqual(len(self.data("node", ["name"], ["=~", "name", "node[13]"])), 2)

    def test_every_resource(self) -> None:
        """Every resource of the opcode table answers."""
        rows = {row["id"]: row for row in spec.load("opcodes")["opcodes"]}
        [what] = [row for row in rows["OP_QUERY"]["params"] if row["name"] == "what"]
        for name in what["type"].removeprefix("enum(").removesuffix(")").split("|"):
            op = OpQuery(what=name, fields=["name"])
            self.assertIsInstance(self.run_op(op)["data"], list, name)

    def test_locking(self) -> None:
        """Nothing is locked unless that is asked for; then what the rows are made of is."""
        self.assertEqual(self.locks(OpQuery(what="instance", fields=["name"])), [])
        found = self.locks(OpQuery(what="instance", fields=["name"], use_locking=True))
        self.assertEqual(found, [("cluster", ("BGL",), "shared"), *OTHER_LEVELS])
        found = self.locks(OpQuery(what="job", fields=["id"], use_locking=True))
        self.assertEqual(found, [("cluster", ("BGL",), "shared")])

    def test_refused(self) -> None:
        """A filter that is none, one on a field that there is not, a name that there is not."""
        op = OpQuery(what="node", fields=["name"], qfilter=["%", "name", 1])
        self.assertIn("no operator '%'", self.refusal(op))
        op = OpQuery(what="node", fields=["name"], qfilter=["<", "colour", 1])
        self.assertIn("'colour'", self.refusal(op, errors.ParameterError))
        op = OpQuery(what="node", fields=["name"], qfilter=["=", "name", "node9"])
        self.assertIn("not known", self.refusal(op))


class OsTests(QueryTestCase):
    """OP_QUERY of operating systems asks the nodes."""

    def setUp(self) -> None:
        """Let every node have a good, a broken and a hidden definition; one fails to answer."""
        super().setUp()
        self.context = LogicContext(
            three_nodes(hidden_os=["hidden"]), handlers={"os_diagnose": self.answer}
        )

    async def answer(self, node: str, request: Any) -> OsDiagnosis:
        """Report what a node has."""
        if node.endswith("3"):
            raise errors.RemoteError("Its disk is gone.")
        status = {"good": "", "broken": "It is broken.", "hidden": ""}
        return OsDiagnosis([OsReport(name, f"/os/{name}", why) for name, why in status.items()])

    def test_usable(self) -> None:
        """Who does not ask for a state, by field or filter, gets what can be used."""
        self.assertEqual(self.data("os", ["name"]), [[[NORMAL, "good"]]])
        found = self.data("os", ["name", "valid"])
        self.assertEqual([row[0][1] for row in found], ["broken", "good"])
        found = self.data("os", ["name"], ["?", "hidden"])
        self.assertEqual([row[0][1] for row in found], ["hidden"])

    def test_every_field(self) -> None:
        """Every field of the table has a value; a node that does not answer is told."""
        names = [row["name"] for row in spec.load("query_fields")["resources"]["os"]["fields"]]
        for row in self.data("os", names):
            self.assertEqual({status for status, _ in row}, {NORMAL})
        self.assertIn("node3.example.com could not be asked", self.context.logged[-1])


class FieldsTests(QueryTestCase):
    """OP_QUERY_FIELDS."""

    def test_all(self) -> None:
        """Without names all fields of any resource are defined."""
        for what, table in spec.load("query_fields")["resources"].items():
            found = self.run_op(OpQueryFields(what=what))["fields"]
            self.assertEqual(len(found), table["field_count_expanded"], what)

    def test_named(self) -> None:
        """Named fields come in that order; an unknown one says so."""
        found = self.run_op(OpQueryFields(what="os", fields=["valid", "colour"]))["fields"]
        self.assertEqual([(row["name"], row["kind"]) for row in found],
                         [("valid", "bool"), ("colour", "unknown")])  # fmt: skip
        self.assertEqual(json.dumps(self.run_op(OpQueryFields(what="os", fields=[]))).count("kind"),
                         11)  # fmt: skip

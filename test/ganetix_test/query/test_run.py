"""Queries: every field of the tables has a value; filters, name requests, statuses."""

from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.master.livestate import LiveState
from ganetix.query import definitions, run
from ganetix.query.results import NODATA, NORMAL, OFFLINE, UNKNOWN
from ganetix.query.view import NoLiveFacts, View
from ganetix.rpc.tables.instances import InstanceState
from ganetix.testing import masters
from ganetix_test import spec


def expanded(row: dict[str, Any]) -> list[str]:
    """Return the names that a table row stands for."""
    if "index_max" not in row:
        return [row["name"]]
    return [row["name"].replace("{i}", str(n)) for n in range(row["index_max"] + 1)]


def view(live: LiveState | None = None, **fields: Any) -> View:
    """Return a view of a cluster with three instances."""
    rows = tuple(masters.instance(n) for n in (1, 2, 10))
    return View(masters.cluster(2, rows, **fields), live or NoLiveFacts())


class TableTests(SynchronousTestCase):
    """The tables of the interface reference against ours."""

    def test_every_field_has_its_title_and_kind(self) -> None:
        """Names, titles, kinds and number of fields are the table's."""
        for resource, table in spec.load("query_fields")["resources"].items():
            ours = definitions.fields_of(resource)
            names = [name for row in table["fields"] for name in expanded(row)]
            self.assertEqual(sorted(ours), sorted(names), resource)
            for row in table["fields"]:
                for name in expanded(row):
                    self.assertEqual(ours[name].kind, row["kind"], name)

    def test_every_field_has_a_value(self) -> None:
        """Each field of each resource that LUXI answers can be computed."""
        for resource in run.RESOURCES:
            names = list(definitions.fields_of(resource))
            found = run.query(view(), resource, names, None)
            self.assertEqual([row["name"] for row in found["fields"]], names)
            for row in found["data"]:
                self.assertNotIn(UNKNOWN, [status for status, _ in row])


class StatusTests(SynchronousTestCase):
    """What a list shows of instances and nodes."""

    def status(self, live: LiveState) -> str:
        """Return the status word of the first instance."""
        found = run.query(view(live), "instance", ["status"], ["==", "name", "instance1"])
        return str(found["data"][0][0][1])

    def test_words(self) -> None:
        """Silent node, stopped, running, running elsewhere: each has its word."""
        live = LiveState()
        self.assertEqual(self.status(live), "ERROR_nodedown")
        live.whole("node1-uuid", [])
        self.assertEqual(self.status(live), "ERROR_down")
        state = InstanceState("instance1.example.com", 128, 1, "running")
        live.note_instance("node1-uuid", state.name, state)
        self.assertEqual(self.status(live), "running")
        live.note_instance("node2-uuid", state.name, state)
        self.assertEqual(self.status(live), "ERROR_wrongnode")

    def test_lost_node_has_no_data(self) -> None:
        """Live fields of a node that is not heard are no data."""
        found = run.query(view(), "node", ["mfree"], None)
        self.assertEqual(found["data"][0][0], (NODATA, None))

    def test_offline_node(self) -> None:
        """Live fields of an offline node say so."""
        cluster = masters.cluster(1)
        offline = masters.node(1, offline=True)
        shown = View(
            cluster.__class__(
                cluster=cluster.cluster, nodes={offline.uuid: offline}, indexes=cluster.indexes
            ),
            LiveState(),
        )
        self.assertEqual(run.query(shown, "node", ["mfree"], None)["data"][0][0][0], OFFLINE)


class FilterTests(SynchronousTestCase):
    """The filter language in its JSON form."""

    def names(self, qfilter: Any) -> list[str]:
        """Return the names of the instances that *qfilter* selects."""
        found = run.query(view(), "instance", ["name"], qfilter)
        return [row[0][1].partition(".")[0] for row in found["data"]]

    def test_natural_order(self) -> None:
        """Without names, rows come in natural order."""
        self.assertEqual(self.names(None), ["instance1", "instance2", "instance10"])

    def test_request_order(self) -> None:
        """A name request keeps its order."""
        asked = ["|", ["==", "name", "instance10"], ["==", "name", "instance1.example.com"]]
        self.assertEqual(self.names(asked), ["instance10", "instance1"])

    def test_missing_name(self) -> None:
        """A name that there is not is an error of class unknown_entity."""
        error = self.assertRaises(errors.OpPrereqError, self.names, ["==", "name", "nobody"])
        self.assertEqual(error.kind, errors.NOENT)

    def test_operators(self) -> None:
        """Each operator selects what the reference says."""
        cases: list[tuple[Any, int]] = [
            (["&"], 3),
            (["|"], 0),
            (["=~", "name", "^instance1\\."], 1),
            (["!=", "name", "instance2.example.com"], 2),
            (["!", ["=~", "name", "2"]], 2),
            (["?", "admin_up"], 3),
            (["<", "serial_no", 2], 3),
            ([">", "serial_no", 1], 0),
            (["=[]", "tags", "x"], 0),
            (["==", "oper_ram", 5], 3),
        ]
        for qfilter, expected in cases:
            self.assertEqual(len(self.names(qfilter)), expected, qfilter)

    def test_wrong_types(self) -> None:
        """Comparing different types, or reading an unknown field, is a ParameterError."""
        for qfilter in (["<", "serial_no", "x"], ["?", "name"], ["==", "nonsense", 1]):
            self.assertRaises(errors.ParameterError, self.names, qfilter)

    def test_malformed(self) -> None:
        """What is no filter is a parse failure."""
        for qfilter in ([], ["nonsense", 1], ["==", "name"], ["==", "name", 1.5], "text"):
            self.assertRaises(errors.ParseError, self.names, qfilter)

    def test_unknown_result_field(self) -> None:
        """An unknown result field is defined as unknown and has no value."""
        found = run.query(view(), "instance", ["nonsense"], None)
        self.assertEqual(found["fields"][0]["kind"], "unknown")
        self.assertEqual(found["data"][0][0], (UNKNOWN, None))


class ClassicTests(SynchronousTestCase):
    """The classic form."""

    def test_bare_values(self) -> None:
        """Values come bare; names that there are not give no row."""
        found = run.classic(view(), "instance", ["instance1", "nobody"], ["name", "oper_ram"])
        self.assertEqual(found.bare(0, 9), [("instance1.example.com", None)])

    def test_shared_mappings(self) -> None:
        """Parameters that many instances inherit, and those that one sets, are each one's own."""
        rows = tuple(
            msgspec.structs.replace(masters.instance(n), beparams={"maxmem": 999} if n == 3 else {})
            for n in range(1, 6)
        )
        shown = View(masters.cluster(2, rows), LiveState())
        found = run.classic(shown, "instance", [], ["name", "beparams", "hvparams"])
        cells = run.query(shown, "instance", ["name", "beparams", "hvparams"], None)["data"]
        bare = msgspec.json.decode(msgspec.json.encode(found.bare(0, 9)))
        self.assertEqual(bare, [[value for _, value in row] for row in cells])
        self.assertEqual(
            [row[1]["maxmem"] == 999 for row in bare], [False, False, True, False, False]
        )
        self.assertEqual(found.bare(9, 18), [])

    def test_full_names(self) -> None:
        """Full names are found at once, in the order in which they are asked for."""
        names = ["instance10.example.com", "instance2.example.com"]
        found = run.classic(view(), "instance", names, ["name"])
        self.assertEqual(found.bare(0, 9), [(name,) for name in names])
        asked = ["|", *(["=", "name", name] for name in (*names, names[0]))]
        cells = run.query(view(), "instance", ["name"], asked)["data"]
        self.assertEqual([row[0][1] for row in cells], names)

    def test_unknown_field(self) -> None:
        """An unknown field is refused as wrong input."""
        error = self.assertRaises(
            errors.OpPrereqError, run.classic, view(), "instance", [], ["nonsense"]
        )
        self.assertEqual((error.kind, NORMAL), (errors.INVAL, 0))

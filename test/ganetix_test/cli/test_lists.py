"""Promises of list commands: columns, units, separators, placeholders, filters, exit codes."""

from typing import Any

from ganetix_test.cli.scripted import CommandCase

NAME = {"name": "name", "title": "Node", "kind": "text", "doc": "Name"}
TOTAL = {"name": "dtotal", "title": "DTotal", "kind": "unit", "doc": "Disk"}
COUNT = {"name": "pinst_cnt", "title": "Pinst", "kind": "number", "doc": "Count"}
UP = {"name": "offline", "title": "Offline", "kind": "bool", "doc": "Offline"}
TAGS = {"name": "tags", "title": "Tags", "kind": "other", "doc": "Tags"}
BAD = {"name": "xx", "title": "xx", "kind": "unknown", "doc": ""}


def table(fields: list[dict[str, str]], *rows: list[Any]) -> dict[str, Any]:
    """A query's answer; a value that is no pair has the normal status."""
    data = [[v if isinstance(v, tuple) else (0, v) for v in row] for row in rows]
    return {"fields": fields, "data": data}


ANSWER = table(
    [NAME, TOTAL, COUNT, UP, TAGS],
    ["node1.example.com", 2048, 3, False, ["a", "b"]],
    ["n2", (4, None), (2, None), True, []],
)


class ListTests(CommandCase):
    """gnt-node list stands for all."""

    def test_aligned(self) -> None:
        """Columns are aligned, numbers to the right, the last one without padding."""
        ran = self.run_command("gnt-node list", ANSWER)
        self.assertEqual(
            ran.out,
            "Node              DTotal Pinst Offline Tags\n"
            "node1.example.com   2.0G     3 N       a,b\n"
            "n2                     *     ? Y       \n",
        )
        self.assertEqual((ran.code, ran.err), (0, ""))

    def test_separated(self) -> None:
        """With a separator sizes are plain MiB and nothing is aligned."""
        ran = self.run_command("gnt-node list --separator : --no-headers", ANSWER)
        self.assertEqual(ran.out, "node1.example.com:2048:3:N:a,b\nn2:*:?:Y:\n")

    def test_units_and_verbose(self) -> None:
        """--units and -v change sizes and placeholders."""
        ran = self.run_command("gnt-node list --units g -v --no-headers", ANSWER)
        self.assertEqual(
            ran.out.splitlines(),
            [
                "node1.example.com       2.0        3 N a,b",
                "n2                (offline) (nodata) Y ",
            ],
        )

    def test_unknown_field(self) -> None:
        """An unknown field is shown as such; exit code 14 and how to see the fields."""
        ran = self.run_command("gnt-node list -o name,xx", table([NAME, BAD], ["n1", (1, None)]))
        self.assertEqual((ran.code, ran.out), (14, "Node xx\nn1   ??\n"))
        self.assertIn("gnt-node list-fields", ran.err)

    def test_query(self) -> None:
        """What is asked: usual columns, added ones, names, globs and filters."""
        empty = table([NAME])
        usual = ["name", "dtotal", "dfree", "mtotal", "mnode", "mfree", "pinst_cnt", "sinst_cnt"]
        for words, fields, chosen in (
            ([], usual, None),
            (["-o", "+tags"], [*usual, "tags"], None),
            (["-o", "name", "n1"], ["name"], ["|", ["==", "name", "n1"]]),
            (["-o", "name", "offline or drained"], ["name"],
             ["|", ["?", "offline"], ["?", "drained"]]),
            (["-o", "name", "-F", "offline"], ["name"], ["?", "offline"]),
        ):  # fmt: skip
            ran = self.run_words(["gnt-node", "list", *words], empty)
            self.assertEqual(ran.args("Query"), ["node", fields, chosen], words)

    def test_environment(self) -> None:
        """GNT_NODE_LIST gives options before those that are typed."""
        self.environ["GNT_NODE_LIST"] = "--no-headers --separator '|'"
        ran = self.run_command("gnt-node list --separator :", ANSWER)
        self.assertEqual(ran.out.splitlines()[0], "node1.example.com:2048:3:N:a,b")

    def test_bad_filter(self) -> None:
        """A filter that can't be read is exit code 1 with its place."""
        ran = self.run_words(["gnt-node", "list", "name =="], ANSWER)
        self.assertEqual(ran.code, 1)
        self.assertIn("character 8", ran.err)

    def test_fields(self) -> None:
        """list-fields shows name, type, title and description."""
        ran = self.run_command("gnt-node list-fields name dtotal", {"fields": [NAME, TOTAL]})
        self.assertEqual(
            ran.out,
            "Name   Type         Title  Description\n"
            "name   Text         Node   Name\n"
            "dtotal Storage size DTotal Disk\n",
        )
        self.assertEqual(ran.args("QueryFields"), ["node", ["name", "dtotal"]])

    def test_all_fields(self) -> None:
        """Without arguments all fields are asked for; an unknown one is exit code 14."""
        ran = self.run_command("gnt-group list-fields", {"fields": [BAD]})
        self.assertEqual((ran.code, ran.args("QueryFields")), (14, ["group", None]))


class JobListTests(CommandCase):
    """gnt-job list and gnt-debug locks have a few own ways."""

    FIELDS = (
        {"name": "id", "title": "ID", "kind": "number", "doc": ""},
        {"name": "start_ts", "title": "Start", "kind": "other", "doc": ""},
        {"name": "summary", "title": "Summary", "kind": "other", "doc": ""},
    )

    def test_cells(self) -> None:
        """Times are shown as such, and one that has not come as N/A; summaries are joined."""
        answer = table(
            list(self.FIELDS), [7, [0, 5], ["TEST_DELAY(1.0)", "TAGS_SET"]], [12, None, []]
        )
        first, second = self.run_command("gnt-job list --no-headers", answer).out.splitlines()
        self.assertRegex(
            first, r"^ 7 (1970|1969)-\d\d-\d\d \d\d:\d\d:\d\d\.000005 TEST.*,TAGS_SET$"
        )
        self.assertEqual(second.split(), ["12", "N/A"])

    def test_states(self) -> None:
        """A state option is a filter, also beside numbers; --archived looks there too."""
        empty = table(list(self.FIELDS))
        ran = self.run_command("gnt-job list --running", empty)
        self.assertEqual(ran.args("Query")[2], ["|", ["==", "status", "running"]])
        ran = self.run_command("gnt-job list --pending 5", empty)
        states = ["|", *(["==", "status", s] for s in ("canceling", "queued", "waiting"))]
        self.assertEqual(ran.args("Query")[2], ["&", ["|", ["==", "id", 5]], states])
        ran = self.run_command("gnt-job list --archived", empty)
        self.assertEqual(ran.args("Query")[1], ["id", "status", "summary", "archived"])

    def test_locks(self) -> None:
        """Locks show who holds them and who waits in which mode."""
        fields = [{"name": n, "title": n, "kind": "other", "doc": ""}
                  for n in ("name", "mode", "owner", "pending")]  # fmt: skip
        answer = table(
            fields,
            ["instance/web1", "exclusive", ["job 3/0"], [["shared", ["job 4/0", "job 5/0"]]]],
            ["cluster/BGL", None, [], []],
        )
        ran = self.run_command("gnt-debug locks --no-headers", answer)
        self.assertEqual(
            [line.rstrip() for line in ran.out.splitlines()],
            [
                "instance/web1 exclusive job 3/0 shared:job 4/0,job 5/0",
                "cluster/BGL   -         -       -",
            ],
        )

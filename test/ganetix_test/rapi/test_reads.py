"""Promises of the resources that look, against a master daemon that is a list of answers."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.rapi.answers import ROWS
from ganetix.rapi.faults import HttpFault, fault_of
from ganetix.rapi.nouns import INSTANCES, JOBS, NODES, Noun
from ganetix_test.rapi.master import Master, ask


def row_of(noun: Noun, **values: Any) -> list[Any]:
    """Return a row in which all is null but *values*."""
    return [values.get(name) for name in noun.fields]


class ReadTests(SynchronousTestCase):
    """What resources answer."""

    def status_of(self, master: Master, asked: str, body: Any = None, **query: str) -> int:
        """Return the status with which a request is refused."""
        failure = self.failureResultOf(ask(master, asked, body, **query), HttpFault)
        return int(failure.value.status)

    def test_constants(self) -> None:
        """Version and features need no master."""
        master = Master({})
        self.assertEqual(self.successResultOf(ask(master, "GET /version")), 2)
        self.assertIsNone(self.successResultOf(ask(master, "GET /2")))
        self.assertEqual(len(self.successResultOf(ask(master, "GET /2/features"))), 4)

    def test_lists(self) -> None:
        """Without ``bulk`` a list has names with where to ask for more."""
        answers = {
            "QueryInstances": [["a.x"]], "QueryJobs": [[7]], "QueryGroups": [["g"]],
            "QueryFilters": [["u-1"]],
        }  # fmt: skip
        for path, item in (
            ("/2/instances", {"id": "a.x", "uri": "/2/instances/a.x"}),
            ("/2/jobs", {"id": 7, "uri": "/2/jobs/7"}),
            ("/2/groups", {"name": "g", "uri": "/2/groups/g"}),
            ("/2/filters", {"uuid": "u-1", "uri": "/2/filters/u-1"}),
        ):
            asked = ask(Master(answers), f"GET {path}")
            self.assertEqual(self.successResultOf(asked), [item])

    def test_instance(self) -> None:
        """An instance's memory is its maximum, in lists too."""
        row = row_of(INSTANCES, name="a.x", beparams={"maxmem": 128, "minmem": 64})
        master = Master({"QueryInstances": [row]})
        found = self.successResultOf(ask(master, "GET /2/instances/a.x"))
        self.assertEqual(found["name"], "a.x")
        self.assertEqual(found["beparams"]["memory"], 128)
        self.assertEqual(self.successResultOf(ask(master, "GET /2/instances", bulk="1")), [found])

    def test_long_lists(self) -> None:
        """Each of many objects has its own values, as the master gave them."""
        rows = [
            row_of(INSTANCES, name=f"%s {n} \u2603", beparams={"maxmem": n % 3}, hvparams={"{}": n})
            for n in range(2 * ROWS + 1)
        ]
        master = Master({"QueryInstances": rows})
        found = self.successResultOf(ask(master, "GET /2/instances", bulk="1"))
        self.assertEqual(len(found), len(rows))
        for row, one in zip(rows, found, strict=True):
            wanted = dict(zip(INSTANCES.bulk, row, strict=True))
            memory = wanted["beparams"]["maxmem"]
            self.assertEqual(one, {**wanted, "beparams": {"maxmem": memory, "memory": memory}})
        none = Master({"QueryInstances": []})
        self.assertEqual(self.successResultOf(ask(none, "GET /2/instances", bulk="1")), [])

    def test_node(self) -> None:
        """A node has its second address under two names, and its role in a word."""
        master = Master({"QueryNodes": [row_of(NODES, sip="10.0.0.1", role="C")]})
        found = self.successResultOf(ask(master, "GET /2/nodes/n"))
        self.assertEqual((found["sip"], found["secondary_ip"]), ("10.0.0.1", "10.0.0.1"))
        role = self.successResultOf(ask(master, "GET /2/nodes/n/role"))
        self.assertEqual(role, "master-candidate")

    def test_info(self) -> None:
        """The older names of two parameters are there too."""
        answer = {"name": "c", "volume_group_name": "vg", "drbd_usermode_helper": "/bin/true"}
        found = self.successResultOf(ask(Master({"QueryClusterInfo": answer}), "GET /2/info"))
        self.assertEqual((found["vg_name"], found["drbd_helper"]), ("vg", "/bin/true"))

    def test_missing(self) -> None:
        """What is not there is 404."""
        nulls: list[Any] = [None] * len(JOBS.fields)
        master = Master({"QueryInstances": [], "QueryNodes": [], "QueryJobs": [nulls]})
        for path in ("/2/instances/a", "/2/nodes/a", "/2/nodes/a/role", "/2/jobs/1"):
            self.assertEqual(self.status_of(master, f"GET {path}"), 404, path)

    def test_locks(self) -> None:
        """A lock is asked of the master, which refuses it."""
        master = Master({"QueryNodes": errors.OpPrereqError("No locks.", errors.INVAL)})
        failure = self.failureResultOf(
            ask(master, "GET /2/nodes/a", lock="1"), errors.OpPrereqError
        )
        self.assertEqual(master.asked[0][-1], True)
        self.assertEqual(fault_of(failure.value).status, 400)

    def test_arguments(self) -> None:
        """Flags are numbers."""
        self.assertEqual(self.status_of(Master({}), "GET /2/instances", bulk="yes"), 400)

    def test_query(self) -> None:
        """Fields come from the query or the body; the filter under either name."""
        answer: dict[str, Any] = {"fields": [], "data": []}
        for verb, body, query, asked in (
            ("GET", None, {"fields": "a,b"}, (["a", "b"], None)),
            ("PUT", {"fields": ["a"], "qfilter": ["=", "a", 1]}, {}, (["a"], ["=", "a", 1])),
            ("PUT", {"filter": ["?", "a"]}, {"fields": "a"}, (["a"], ["?", "a"])),
        ):
            master = Master({"Query": answer})
            found = ask(master, f"{verb} /2/query/node", body, **query)
            self.assertEqual(self.successResultOf(found), answer)
            self.assertEqual(master.asked, [("Query", "node", *asked)])

    def test_query_refused(self) -> None:
        """An unknown resource is 404, wrong types and no fields are 400."""
        self.assertEqual(self.status_of(Master({}), "GET /2/query/pet", fields="a"), 404)
        for body in ({}, {"fields": "a"}, {"fields": [1]}, {"fields": ["a"], "qfilter": "x"}, [1]):
            self.assertEqual(self.status_of(Master({}), "PUT /2/query/node", body), 400, body)

    def test_console(self) -> None:
        """An instance without a console now is 503."""
        for value, status in (([0, {"kind": "vnc"}], 0), ([3, None], 503)):
            master = Master({"Query": {"fields": [], "data": [[value]]}})
            asked = "GET /2/instances/a/console"
            if status:
                self.assertEqual(self.status_of(master, asked), status)
            else:
                self.assertEqual(self.successResultOf(ask(master, asked)), {"kind": "vnc"})

    def test_oses(self) -> None:
        """Valid and visible systems are listed, each with its variants."""
        rows = [
            ["plain", True, [], [], [20], False, False, False],
            ["deb", True, ["min", "max"], [], [20], False, False, False],
            ["broken", False, [], [], [20], False, False, False],
            ["hidden", True, [], [], [20], False, True, False],
            ["black", True, [], [], [20], True, False, False],
        ]
        master = Master({"SubmitJob": 3, "WaitForJobChange": [["success", [rows]], []]})
        found = self.successResultOf(ask(master, "GET /2/os"))
        self.assertEqual(found, ["plain", "deb+min", "deb+max"])
        whole = self.successResultOf(ask(master, "GET /2/os", bulk="1"))
        self.assertEqual([row["name"] for row in whole], [row[0] for row in rows])

    def test_oses_fail(self) -> None:
        """The error of the job is the answer's."""
        news = [["error", [["OpExecError", ["no node answers"]]]], []]
        master = Master({"SubmitJob": 3, "WaitForJobChange": news})
        self.failureResultOf(ask(master, "GET /2/os"), errors.OpExecError)

    def test_wait(self) -> None:
        """Waiting answers the change; null when there was none and there may be one yet."""
        body = {"fields": ["status"], "previous_job_info": ["running"], "previous_log_serial": 2}
        asked = "GET /2/jobs/1/wait"
        master = Master({"WaitForJobChange": [["success"], []]})
        self.assertEqual(
            self.successResultOf(ask(master, asked, body)),
            {"job_info": ["success"], "log_entries": []},
        )
        self.assertEqual(master.asked[0][1:5], (1, ["status"], ["running"], 2))
        for status, answer in (
            ("running", None),
            ("success", {"job_info": ["running"], "log_entries": []}),
        ):
            same = Master({"WaitForJobChange": [["running"], []], "QueryJobs": [[status]]})
            self.assertEqual(self.successResultOf(ask(same, asked, body)), answer)
        for wrong in (None, {}, {"fields": "status"}, {**body, "previous_job_info": 1}):
            self.assertEqual(self.status_of(master, asked, wrong), 400, wrong)

    def test_tags(self) -> None:
        """The tags of each kind of object."""
        for path, kind, name in (
            ("/2/tags", "cluster", ""),
            ("/2/instances/a/tags", "instance", "a"),
            ("/2/nodes/n/tags", "node", "n"),
            ("/2/groups/g/tags", "nodegroup", "g"),
            ("/2/networks/w/tags", "network", "w"),
        ):
            master = Master({"QueryTags": ["t"]})
            self.assertEqual(self.successResultOf(ask(master, f"GET {path}")), ["t"])
            self.assertEqual(master.asked, [("QueryTags", kind, name)])


class FaultTests(SynchronousTestCase):
    """Errors become status codes."""

    def test_statuses(self) -> None:
        """Each class of error has its status."""
        for error, status in (
            (errors.OpPrereqError("x", errors.NOENT), 404),
            (errors.OpPrereqError("x", errors.INVAL), 400),
            (errors.OpPrereqError("x", errors.STATE), 500),
            (errors.JobQueueDrainError("x"), 500),
            (errors.JobQueueFull("x"), 503),
            (errors.JobLost("x"), 404),
            (errors.LuxiError("x"), 502),
        ):
            self.assertEqual(fault_of(error).status, status)

    def test_body(self) -> None:
        """The message is about the request, escaped as for a page."""
        body = fault_of(errors.LuxiError("<gone>")).body()
        self.assertEqual(
            body,
            {
                "code": 502,
                "message": "&lt;gone&gt;",
                "explain": "Invalid responses from another server/proxy",
            },
        )

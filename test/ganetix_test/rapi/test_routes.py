"""Tests of `ganetix.rapi`: routes, resources and errors, against a master daemon that is a list."""

from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.rapi import reads
from ganetix.rapi.auth import Users, parse_users
from ganetix.rapi.faults import HttpFault, fault_of
from ganetix.rapi.request import Request
from ganetix.rapi.routes import RESOURCES, route
from ganetix_test import spec

TABLE = {row["path"]: row["methods"] for row in spec.load("rapi")["resources"]}
USERS: Users = parse_users("jack secret write\n")


@attrs.define
class Master:
    """Answers what it was told to, and keeps what it was asked."""

    answers: dict[str, Any]
    asked: list[tuple[Any, ...]] = attrs.field(factory=list)

    async def call(self, method: str, *args: Any) -> Any:
        """See `ganetix.rapi.request.Luxi`."""
        self.asked.append((method, *args))
        answer = self.answers[method]
        if isinstance(answer, errors.GanetiError):
            raise answer
        return answer


class TableTests(SynchronousTestCase):
    """What is offered is as in the reference."""

    def test_paths_and_methods(self) -> None:
        """Each path and method is one of the reference's, with its access options."""
        for resource in RESOURCES:
            for verb, method in resource.methods.items():
                row = TABLE[resource.path][verb]
                self.assertEqual(method.options, set(row["access_options"]), resource.path)

    def test_fields(self) -> None:
        """Lists with ``bulk`` have the reference's fields."""
        fields = spec.load("rapi")["field_sets"]
        for ours, theirs in (
            (reads.INSTANCE_FIELDS, "instance"),
            (reads.NODE_FIELDS, "node"),
            (reads.BULK_JOB_FIELDS, "job_bulk"),
            (reads.JOB_FIELDS, "job"),
        ):
            self.assertEqual(list(ours), fields[theirs])
        self.assertEqual(list(reads.FEATURES), spec.load("rapi")["features"])

    def test_unknown(self) -> None:
        """An unknown path is 404; a known one with another method is 501."""
        for path, verb, status in (
            ("/3", "GET", 404),
            ("/2/instances/a/b", "GET", 404),
            ("/2/jobs/x", "GET", 404),
            ("/2/nodes", "PATCH", 501),
        ):
            with self.assertRaises(HttpFault) as caught:
                route(path, verb)
            self.assertEqual(caught.exception.status, status, path)


class ResourceTests(SynchronousTestCase):
    """What resources answer."""

    def ask(
        self, verb: str, path: str, master: Master, body: Any = None, **query: str
    ) -> "Deferred[Any]":
        """Ask for a resource."""
        found = route(path, verb)
        arguments = {name.replace("_", "-"): [value] for name, value in query.items()}
        name = found.resource.name
        request = Request(master, found.names, arguments, body, name, 5)
        answer = found.method.answer(request)

        async def run() -> Any:
            return await answer

        return Deferred.fromCoroutine(run())

    def status_of(self, asked: "Deferred[Any]") -> int:
        """Return the status with which a request is refused."""
        return int(self.failureResultOf(asked, HttpFault).value.status)

    def test_constants(self) -> None:
        """Version and features need no master."""
        master = Master({})
        self.assertEqual(self.successResultOf(self.ask("GET", "/version", master)), 2)
        self.assertIsNone(self.successResultOf(self.ask("GET", "/2/", master)))
        self.assertEqual(len(self.successResultOf(self.ask("GET", "/2/features", master))), 4)

    def test_lists(self) -> None:
        """Without ``bulk`` a list has names with where to ask for more."""
        master = Master({"QueryInstances": [["a.x"]], "QueryJobs": [[7]]})
        self.assertEqual(
            self.successResultOf(self.ask("GET", "/2/instances", master)),
            [{"id": "a.x", "uri": "/2/instances/a.x"}],
        )
        self.assertEqual(
            self.successResultOf(self.ask("GET", "/2/jobs", master)),
            [{"id": 7, "uri": "/2/jobs/7"}],
        )

    def test_instance(self) -> None:
        """An instance's memory is its maximum."""
        row: list[Any] = [None] * len(reads.INSTANCE_FIELDS)
        row[0] = "a.x"
        row[reads.INSTANCE_FIELDS.index("beparams")] = {"maxmem": 128, "minmem": 64}
        master = Master({"QueryInstances": [row]})
        found = self.successResultOf(self.ask("GET", "/2/instances/a.x", master))
        self.assertEqual(found["name"], "a.x")
        self.assertEqual(found["beparams"]["memory"], 128)

    def test_missing(self) -> None:
        """What is not there is 404."""
        master = Master({"QueryInstances": [], "QueryNodes": [], "QueryJobs": [None]})
        for path in ("/2/instances/a", "/2/nodes/a", "/2/jobs/1"):
            self.assertEqual(self.status_of(self.ask("GET", path, master)), 404, path)

    def test_arguments(self) -> None:
        """Flags are numbers; a list never takes a lock."""
        master = Master({"QueryInstances": []})
        for query in ({"bulk": "yes"}, {"lock": "1"}):
            self.assertEqual(self.status_of(self.ask("GET", "/2/instances", master, **query)), 400)

    def test_create(self) -> None:
        """A new instance is a job; the body's older names are known, the trail says who asked."""
        master = Master({"SubmitJob": 12})
        body = {
            "__version__": 1, "name": "a.x", "os": "dummy", "mode": "create",
            "disk_template": "diskless", "disks": [], "nics": [],
        }  # fmt: skip
        asked = self.ask("POST", "/2/instances", master, body, dry_run="1", reason="why")
        self.assertEqual(self.successResultOf(asked), 12)
        [(_, [op])] = master.asked
        self.assertEqual((op["OP_ID"], op["instance_name"]), ("OP_INSTANCE_CREATE", "a.x"))
        self.assertEqual((op["os_type"], op["dry_run"]), ("dummy", True))
        self.assertEqual(
            op["reason"], [["gnt:user", "why", 5], ["gnt:library:rlib2:instances", "", 5]]
        )

    def test_create_refused(self) -> None:
        """Bodies that do not fit are 400 and submit nothing."""
        master = Master({"SubmitJob": 12})
        whole = {"__version__": 1, "name": "a.x", "mode": "create"}
        bodies: tuple[Any, ...] = (
            None,
            [],
            {"name": "a.x"},
            {**whole, "instance_name": "b.x"},
            {**whole, "colour": "red"},
            {**whole, "dry_run": True},
            {**whole, "OP_ID": "OP_CLUSTER_DESTROY"},
            {**whole, "disks": "many"},
        )
        for body in bodies:
            self.assertEqual(
                self.status_of(self.ask("POST", "/2/instances", master, body)), 400, body
            )
        self.assertEqual(master.asked, [])

    def test_remove(self) -> None:
        """Removing an instance is a job too."""
        master = Master({"SubmitJob": 13})
        asked = self.ask("DELETE", "/2/instances/a.x", master)
        self.assertEqual(self.successResultOf(asked), 13)
        [(_, [op])] = master.asked
        self.assertEqual((op["OP_ID"], op["instance_name"]), ("OP_INSTANCE_REMOVE", "a.x"))

    def test_wait(self) -> None:
        """Waiting answers the change, or null when there was none."""
        body = {"fields": ["status"], "previous_job_info": None, "previous_log_serial": None}
        master = Master({"WaitForJobChange": [["success"], []]})
        self.assertEqual(
            self.successResultOf(self.ask("GET", "/2/jobs/1/wait", master, body)),
            {"job_info": ["success"], "log_entries": []},
        )
        master = Master({"WaitForJobChange": "nochange"})
        self.assertIsNone(self.successResultOf(self.ask("GET", "/2/jobs/1/wait", master, body)))
        self.assertEqual(self.status_of(self.ask("GET", "/2/jobs/1/wait", master)), 400)


class FaultTests(SynchronousTestCase):
    """Errors become status codes."""

    def test_statuses(self) -> None:
        """Each class of error has the reference's status."""
        for error, status in (
            (errors.OpPrereqError("x", errors.NOENT), 404),
            (errors.OpPrereqError("x", errors.STATE), 500),
            (errors.JobQueueDrainError("x"), 500),
            (errors.JobQueueFull("x"), 503),
            (errors.JobLost("x"), 404),
            (errors.LuxiError("x"), 502),
        ):
            self.assertEqual(fault_of(error).status, status)

    def test_body(self) -> None:
        """The body explains, escaped as for a page."""
        body = fault_of(errors.LuxiError("<gone>")).body()
        self.assertEqual(body, {"code": 502, "message": "Bad Gateway", "explain": "&lt;gone&gt;"})

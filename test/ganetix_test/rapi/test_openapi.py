"""Promises of the OpenAPI document: it is valid, whole, and says what the server does."""

import ast
import inspect
import pathlib
import re
from http import HTTPStatus
from typing import Any

import jsonschema
import openapi_spec_validator

from ganetix import errors
from ganetix import rapi as package
from ganetix.rapi.nouns import INSTANCES, JOBS
from ganetix.rapi.openapi import MASTER, REFUSALS, document
from ganetix.rapi.ours import ALL, OURS, SHAPES
from ganetix.rapi.submit import Submit, takes
from ganetix_test import spec
from ganetix_test.rapi.test_changes import BODIES
from ganetix_test.rapi.test_service import ServiceTestCase

DOCUMENT = document(ALL, SHAPES)
METHODS = [
    (row, verb, method, DOCUMENT["paths"][row.path][verb.lower()])
    for row in ALL
    for verb, method in row.methods.items()
]


def body(operation: dict[str, Any]) -> Any:
    """Return the schema of an operation's body, which may refer to the document's parts."""
    found = operation["requestBody"]["content"]["application/json"]["schema"]
    return {**found, "components": DOCUMENT["components"]}


def asked_path(path: str) -> str:
    """Return *path* with a name, or a number, where it varies."""
    named = path.replace("{job_id}", "7").replace("{disk}", "0")
    return re.sub(r"\{\w+\}", "a", named.replace("{query_resource}", "node"))


class DocumentTests(ServiceTestCase):
    """The document."""

    def test_it_is_valid(self) -> None:
        """It is a valid document of OpenAPI 3.1."""
        openapi_spec_validator.validate(DOCUMENT)
        self.assertTrue(DOCUMENT["openapi"].startswith("3.1."))

    def test_it_is_offered(self) -> None:
        """The server has it at a resource of its own."""
        answer = self.ask("GET /2/openapi.json")
        self.assertEqual(answer.status, 200)
        self.assertEqual(set(answer.json()["paths"]), {row.path for row in ALL})

    def test_it_is_whole(self) -> None:
        """Each row of the reference's table is there with its methods and query arguments."""
        paths = DOCUMENT["paths"]
        for row in spec.load("rapi")["resources"]:
            found = paths[row["path"]]
            self.assertEqual(
                {name.upper() for name in found if name != "parameters"}, set(row["methods"])
            )
            for verb, told in row["methods"].items():
                named = {one["name"] for one in found[verb.lower()].get("parameters", ())}
                theirs = {re.split("[: ]", text)[0] for text in told["query"]}
                self.assertEqual(theirs - named, set(), (verb, row["path"]))
            given = {one["name"] for one in found.get("parameters", ())}
            self.assertEqual(given, set(re.findall(r"\{(\w+)\}", row["path"])))

    def test_nothing_is_made_up(self) -> None:
        """Each argument of the document is one that its method reads; no name comes twice."""
        for row, verb, method, operation in METHODS:
            named = [one["name"] for one in operation.get("parameters", ())]
            self.assertEqual(sorted(named), sorted(method.query), (verb, row.path))
        ids = [operation["operationId"] for *_, operation in METHODS]
        self.assertEqual(len(set(ids)), len(ids))

    def test_bodies_are_the_opcodes(self) -> None:
        """Who may give parameters in a body finds just those that the opcode takes."""
        for row, verb, method, operation in METHODS:
            how = method.answer
            if not isinstance(how, Submit):
                continue
            self.assertEqual("requestBody" in operation, how.body, (verb, row.path))
            if how.body:
                schema = body(operation)
                told = set(schema.get("anyOf", [schema])[0]["properties"])
                self.assertEqual(told - takes(how.op_id) - set(how.renames), set())
                self.assertIn("depends", told)

    def test_bodies_that_are_taken(self) -> None:
        """What the server takes is valid by the document; what has an unknown key is not."""
        seen = 0
        for row, verb, _, operation in METHODS:
            asked = f"{verb} {asked_path(row.path)}"
            if asked in BODIES:
                seen += 1
                jsonschema.validate(BODIES[asked], body(operation))
                if isinstance(BODIES[asked], dict):
                    with self.assertRaises(jsonschema.ValidationError):
                        jsonschema.validate({**BODIES[asked], "no such": 1}, body(operation))
        self.assertEqual(seen, len(BODIES))

    def test_answers(self) -> None:
        """Lists and objects are as the document says, whatever is unavailable null."""
        rows = [[{"maxmem": 1} if name == "beparams" else None for name in INSTANCES.fields]]
        self.master.answers |= {"QueryInstances": rows, "QueryJobs": [[None] * len(JOBS.bulk)]}
        for path in ("/2/instances", "/2/jobs", "/2/instances/a"):
            told = DOCUMENT["paths"][path.replace("/a", "/{instance_name}")]["get"]
            schema = told["responses"]["200"]["content"]["application/json"]["schema"]
            found = self.ask(f"GET {path}?bulk=1").json()
            if path == "/2/jobs":
                found[0]["id"] = 5
            jsonschema.validate(found, {**schema, "components": DOCUMENT["components"]})

    def test_security(self) -> None:
        """Who may is told as roles, one of which is enough."""
        for row, verb, method, operation in METHODS:
            told = {role for one in operation["security"] for role in one["basic"]}
            self.assertEqual(told, set(method.options), (verb, row.path))
        self.assertIn("401", DOCUMENT["paths"]["/version"]["get"]["responses"])

    def test_descriptions(self) -> None:
        """Each method says in a sentence what it does, and each kind of refusal what it means."""
        for row, verb, _, operation in METHODS:
            self.assertTrue(operation["summary"].endswith((".", ")", "`")), (verb, row.path))
        for refusal in DOCUMENT["components"]["responses"].values():
            self.assertTrue(refusal["description"])


class StatusTests(ServiceTestCase):
    """Every status that the code can answer is documented."""

    def test_statuses_in_the_code(self) -> None:
        """A status that the remote API's code names is a refusal of the document; 501 has none.

        OpenAPI has no place for a method that a path does not have.
        """
        named = set()
        for source in pathlib.Path(inspect.getfile(package)).parent.glob("*.py"):
            for node in ast.walk(ast.parse(source.read_text("utf-8"))):
                match node:
                    case ast.Attribute(value=ast.Name("HTTPStatus"), attr=name):
                        named.add(HTTPStatus[name])
        self.assertEqual(
            named - {HTTPStatus(status) for status in REFUSALS},
            {HTTPStatus.OK, HTTPStatus.NOT_IMPLEMENTED},
        )

    def test_statuses_of_the_masters_errors(self) -> None:
        """Whatever error the master daemon answers, its status is told of all that asks it."""
        kinds = [errors.OpPrereqError("x", kind) for kind in errors.PREREQ_CLASSES]
        told = [cls([], 0) for cls in errors.TABLE.values() if cls is not errors.OpPrereqError]
        for error in (*kinds, *told):
            self.master.answers["QueryClusterInfo"] = error
            status = self.ask("GET /2/info").status
            self.assertIn(status, {*MASTER, 400, 500}, error)
        for row, verb, method, operation in METHODS:
            asks = method.answer.__name__ if inspect.isfunction(method.answer) else ""
            if asks not in ("nothing", "version", "features") and row not in OURS:
                told_of = {int(status) for status in operation["responses"]}
                self.assertEqual(set(MASTER) - told_of, set(), (verb, row.path))

    def test_statuses_of_bad_requests(self) -> None:
        """Each method refuses what it can't understand, or may not do, as documented."""
        kind = "application/json"
        for row, verb, _, operation in METHODS:
            asked = f"{verb} {asked_path(row.path)}"
            for how in (
                {"user": ""}, {"user": "joe:secret"}, {"body": b"{", "kind": kind},
                {"body": b"a", "kind": "text/plain"}, {"body": b"[]", "kind": kind},
                {"body": b'{"no such": 1}', "kind": kind},
            ):  # fmt: skip
                self.master.answers = {"SubmitJob": errors.LuxiError("away")}
                self.master.answers |= dict.fromkeys(METHOD_NAMES, errors.LuxiError("away"))
                status = self.ask(asked, **how).status
                self.assertIn(str(status), operation["responses"], (asked, how))


METHOD_NAMES = (
    "QueryClusterInfo", "QueryInstances", "QueryNodes", "QueryGroups", "QueryNetworks",
    "QueryFilters", "QueryJobs", "QueryTags", "Query", "QueryFields", "CancelJob",
    "WaitForJobChange", "ReplaceFilter", "DeleteFilter", "QueryMetrics",
)  # fmt: skip

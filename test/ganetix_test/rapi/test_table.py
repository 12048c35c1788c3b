"""Promises of the table of resources: it is the reference's, whole."""

import re

from twisted.trial.unittest import SynchronousTestCase

from ganetix.opcodes.table import TABLE
from ganetix.rapi import cluster
from ganetix.rapi.faults import HttpFault
from ganetix.rapi.nouns import FILTERS, GROUPS, INSTANCES, JOBS, NETWORKS, NODES
from ganetix.rapi.routes import route
from ganetix.rapi.submit import Submit, takes
from ganetix.rapi.table import RESOURCES
from ganetix_test import spec

REFERENCE = {row["path"]: row["methods"] for row in spec.load("rapi")["resources"]}
OURS = {row.path: row for row in RESOURCES}
NEW = {("/2/os", "GET"): {"bulk"}, ("/2/instances/{instance_name}/reinstall", "POST"): {"reason"}}
"""Query arguments beyond the reference's: one of its next release, and one that all others have."""


class TableTests(SynchronousTestCase):
    """What is offered."""

    def test_paths_and_methods(self) -> None:
        """There are the reference's 60 resources with their 82 methods, each once."""
        self.assertEqual(len(OURS), len(RESOURCES))
        self.assertEqual(
            {path: set(row.methods) for path, row in OURS.items()},
            {path: set(methods) for path, methods in REFERENCE.items()},
        )
        self.assertEqual(sum(len(row.methods) for row in RESOURCES), 82)

    def test_access(self) -> None:
        """Each method wants the reference's options of its users."""
        for path, methods in REFERENCE.items():
            for verb, row in methods.items():
                self.assertEqual(
                    OURS[path].methods[verb].options, set(row["access_options"]), (verb, path)
                )

    def test_query_arguments(self) -> None:
        """Each method reads the reference's query arguments."""
        for path, methods in REFERENCE.items():
            for verb, row in methods.items():
                names = {re.split("[: ]", text)[0] for text in row["query"]}
                self.assertEqual(
                    set(OURS[path].methods[verb].query),
                    names | NEW.get((path, verb), set()),
                    (verb, path),
                )

    def test_opcodes(self) -> None:
        """What only submits an opcode submits the reference's, with its renamed parameters."""
        for path, row in OURS.items():
            for verb, method in row.methods.items():
                if not isinstance(method.answer, Submit):
                    continue
                theirs = REFERENCE[path][verb]
                self.assertEqual(method.answer.op_id, theirs["opcode"], (verb, path))
                self.assertEqual(dict(method.answer.renames), theirs.get("body_renames", {}))
                self.assertEqual(method.answer.refused, set(theirs.get("forbidden_params", ())))
                body = isinstance(theirs["body"], str) and theirs["body"].startswith("parameters")
                self.assertEqual(method.answer.body, body, (verb, path))

    def test_parameters_are_the_opcodes(self) -> None:
        """Whatever a path, a query or a rename gives is a parameter of its opcode."""
        for row in RESOURCES:
            for method in row.methods.values():
                how = method.answer
                if isinstance(how, Submit):
                    given = {arg.param or arg.name.replace("-", "_") for arg in how.args}
                    given |= set(how.renames.values()) | set(how.lists.values())
                    self.assertEqual(given - set(TABLE[how.op_id].__struct_fields__), set())
                    self.assertIn("depends", takes(how.op_id))

    def test_fields(self) -> None:
        """Lists with ``bulk``, and single objects, have the reference's fields."""
        fields = spec.load("rapi")["field_sets"]
        for noun, bulk, single in (
            (INSTANCES, "instance", "instance"),
            (NODES, "node", "node"),
            (GROUPS, "group", "group"),
            (NETWORKS, "network", "network"),
            (FILTERS, "filter", "filter"),
            (JOBS, "job_bulk", "job"),
        ):
            self.assertEqual(list(noun.bulk), fields[bulk])
            self.assertEqual(list(noun.fields), fields[single])

    def test_constants(self) -> None:
        """Features, and what can be queried, are the reference's."""
        reference = spec.load("rapi")
        self.assertEqual(list(cluster.FEATURES), reference["features"])
        self.assertEqual(cluster.QUERYABLE, set(reference["queryable_resources"]))


class RouteTests(SynchronousTestCase):
    """From a path to its resource."""

    def test_every_resource_is_found(self) -> None:
        """A path with names in it leads to the resource that has it, and to no other one."""
        for path, row in OURS.items():
            asked = path.replace("{job_id}", "7").replace("{disk}", "0")
            asked = re.sub(r"\{\w+\}", "a-b.example.com", asked)
            self.assertIs(route(asked, next(iter(row.methods))).resource, row)

    def test_unknown(self) -> None:
        """An unknown path is 404; a known one with another method is 501."""
        for path, verb, status in (
            ("/3", "GET", 404),
            ("/2/", "GET", 404),
            ("/2/instances/a/b", "GET", 404),
            ("/2/instances/a%20b", "GET", 404),
            ("/2/jobs/x", "GET", 404),
            ("/2/nodes", "PATCH", 501),
        ):
            with self.assertRaises(HttpFault) as caught:
                route(path, verb)
            self.assertEqual(caught.exception.status, status, path)

    def test_names_for_the_reason_trail(self) -> None:
        """A part that varies has the last word of its name, a dash becomes an underscore."""
        for path, name in (
            ("/2/instances", "instances"),
            ("/2/instances/{instance_name}/activate-disks", "instances_name_activate_disks"),
            ("/2/jobs/{job_id}/wait", "jobs_id_wait"),
            ("/2/redistribute-config", "redistribute_config"),
        ):
            self.assertEqual(OURS[path].name, name)

"""Generated requests to the remote API of a virtual cluster: no defect, nothing undocumented."""

import atexit
import copy
import functools
import json
from collections.abc import Mapping
from typing import Any, Final

import attrs
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import ValidationError, validate
from requests.adapters import HTTPAdapter
from schemathesis import GenerationMode, checks
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi import checks as conformance
from twisted.trial.unittest import SynchronousTestCase

from ganetix_test.vcluster.cluster import VirtualCluster

USER: Final = ("jack", "secret")
INSTANCES: Final = ("instance1.example.com", "instance2.example.com")

EXAMPLES: Final = settings(
    max_examples=4, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
"""So many of each of both kinds: requests that fit the document, and some that do not."""

CONFIG: Final = SchemathesisConfig.from_dict({"generation": {"with-security-parameters": False}})
"""Every request has the right password: guessing at it is slow by intent, and tried elsewhere."""

CHECKS: Final = [conformance.status_code_conformance, conformance.content_type_conformance]

EXPECTED: Final[Mapping[tuple[str, int], str]] = {
    ("GET /2/instances/{instance_name}/console", 503): "an instance that is down has no console",
}
"""Statuses from 500 on that are answers, not defects: operation and status, and why."""

EXCLUDED: Final[Mapping[str, str]] = {
    "GET /2/events": "its answer does not end; ganetix_test.vcluster.test_watching reads it",
    "POST /2/nodes/{node_name}/powercycle": "it restarts the daemons that answer; parity tries it",
}
"""Operations that are not asked, and why."""


class Unverified(HTTPAdapter):  # type: ignore[misc] # requests ships no types
    """Trusts the cluster's certificate, which is made out to no address."""

    def init_poolmanager(self, *args: Any, **how: Any) -> None:
        """Compare no names."""
        super().init_poolmanager(*args, **how, assert_hostname=False)


@attrs.frozen(slots=False)
class Target:
    """The running cluster, as its clients see it."""

    cluster: VirtualCluster
    url: str
    session: requests.Session

    @functools.cached_property
    def plain(self) -> dict[str, Any]:
        """The API's document."""
        found: dict[str, Any] = self.session.get(f"{self.url}/2/openapi.json", timeout=60).json()
        return found

    def document(self) -> dict[str, Any]:
        """Return the API's document, with the names that are there as those of its paths."""
        found = copy.deepcopy(self.plain)
        there = self.names()
        for path in found["paths"].values():
            for parameter in path.get("parameters", ()):
                if parameter["name"] in there:
                    parameter["schema"] = {"enum": there[parameter["name"]]}
        return found

    def names(self) -> dict[str, list[Any]]:
        """Return names of what is there, by parameter of a path."""
        return {
            "instance_name": list(INSTANCES),
            "node_name": [self.cluster.name(1), self.cluster.name(2)],
            "group_name": ["default"],
            "network_name": ["net1"],
            "job_id": [1, 2, 3],
            "disk": [0],
        }

    def without_filters(self) -> None:
        """Remove the job filters: they would hold back every job that comes after them."""
        for row in self.session.get(f"{self.url}/2/filters", timeout=60).json():
            self.session.delete(self.url + row["uri"], timeout=60).raise_for_status()


@functools.cache
def target() -> Target:
    """Return a cluster of two nodes with two instances, removed when the tests have ended."""
    cluster = VirtualCluster.make(2)
    atexit.register(cluster.remove)
    cluster.begin(2)
    for name in INSTANCES:
        cluster.run(
            1, "gnt-instance", "add", "-t", "diskless", "-o", "dummy", "-n", cluster.name(2), name
        )
    users = cluster.root(1) / "var/lib/ganeti/rapi/users"
    users.write_text(f"{' '.join(USER)} write\n", "ascii")
    address = (cluster.directory / "network").read_text("ascii").strip() + ".11"
    session = requests.Session()
    session.mount("https://", Unverified())
    session.auth, session.trust_env = USER, False
    session.verify = str(cluster.root(1) / "var/lib/ganeti/rapi.pem")
    return Target(cluster, f"https://{address}:5080", session)


def late(label: str) -> tuple[int, str]:
    """Return the order of operations: what looks, changes, removes, and holds jobs back."""
    if "filters" in label or label == "PUT /2/modify":
        return 4, label
    return ("GET", "PUT", "POST", "DELETE").index(label.split(maxsplit=1)[0]), label


class GeneratedRequestTests(SynchronousTestCase):
    """Whatever is asked, the answer is a documented one, and the cluster lives."""

    def test_generated_requests(self) -> None:
        """No request is a defect, none has a status or an answer that the document lacks."""
        there = target()
        document = there.document()
        schema = schemathesis.openapi.from_dict(document, config=CONFIG)
        operations = {one.ok().label: one.ok() for one in schema.get_all_operations()}
        self.assertGreater(len(operations), 80)
        self.assertEqual(set(EXCLUDED) - set(operations), set())
        asked: dict[str, dict[int, int]] = {}
        wrong = []
        for label in sorted(set(operations) - set(EXCLUDED), key=late):
            for mode in modes(operations[label]):
                try:
                    self.ask(there, operations[label], mode, asked.setdefault(label, {}))
                except (AssertionError, checks.FailureGroup, ValidationError) as error:
                    wrong.append(f"{label} ({mode.value}): {told(error)}")
            there.without_filters()
        print(json.dumps(asked, indent=1))  # noqa: T201 - the record of what was asked
        self.assertEqual(wrong, [], "\n\n".join(wrong))
        master = there.cluster.run(1, "gnt-cluster", "getmaster")
        self.assertEqual(master.strip(), there.cluster.name(1))
        for daemon in ("master", "rapi"):
            self.assertNotIn("Traceback", there.cluster.log(1, daemon))

    def ask(self, there: Target, operation: Any, mode: Any, seen: dict[int, int]) -> None:
        """Send some requests of *mode* to *operation*; count in *seen* how they were answered."""

        @EXAMPLES
        @given(case=operation.as_strategy(generation_mode=mode))
        def run(case: Any) -> None:
            response = case.call(there.url, there.session, timeout=60, verify=there.session.verify)
            status = response.status_code
            seen[status] = seen.get(status, 0) + 1
            defect = status >= 500 and (operation.label, status) not in EXPECTED
            self.assertFalse(defect, f"{status} {response.text} for {case.as_curl_command()}")
            case.validate_response(response, checks=CHECKS)
            schema = answer_of(there.plain, operation.label)
            if status == 200 and schema is not None:
                validate(response.json(), schema)

        run()


def answer_of(document: Mapping[str, Any], label: str) -> dict[str, Any] | None:
    """Return the schema of what an operation answers, None for one that answers no JSON.

    Not by schemathesis itself, which misreads ``prefixItems``.
    """
    verb, path = label.split()
    told_of = document["paths"][path][verb.lower()]["responses"]["200"]["content"]
    if "application/json" not in told_of:
        return None
    return {**told_of["application/json"]["schema"], "components": document["components"]}


def modes(operation: Any) -> list[GenerationMode]:
    """Return the kinds of requests there are: what takes nothing can't be asked wrongly."""
    takes = any(True for _ in operation.iter_parameters()) or bool(operation.body)
    return list(GenerationMode) if takes else [GenerationMode.POSITIVE]


def told(error: BaseException) -> str:
    """Return what *error* and those in it say."""
    inner = getattr(error, "exceptions", ())
    return "; ".join([str(error), *(told(one) for one in inner)])

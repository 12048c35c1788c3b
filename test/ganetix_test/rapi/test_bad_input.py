"""Promises about whatever a client may send: a documented refusal in one sentence, and no harm.

Every method of the table is asked, over HTTP in memory, with a real master behind it.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import attrs
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs

from ganetix import errors
from ganetix.luxi.messages import MalformedRequest, RequestRefused
from ganetix.luxi.peercred import Peer
from ganetix.luxi.server import encode_result
from ganetix.master.handler.door import Door
from ganetix.master.handler.table import Handler
from ganetix.master.livestate import LiveState
from ganetix.master.logic.unit import Context
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.os import OpOsDiagnose
from ganetix.rapi.auth import parse_users
from ganetix.rapi.openapi import document
from ganetix.rapi.ours import ALL, SHAPES
from ganetix.rapi.service import MAX_BODY, Api, Surroundings
from ganetix.rapi.site import LimitedSite
from ganetix.testing import masters
from ganetix.testing.masters import MasterWorld, ScriptedUnit
from ganetix.toolkit.clock import Clock
from ganetix_test.rapi.master import OWN
from ganetix_test.rapi.test_changes import BODIES
from ganetix_test.rapi.test_service import USERS, Answer, ServiceTestCase, parsed

METHODS = [(f"{verb} {row.path}", method) for row in ALL for verb, method in row.methods.items()]
OPERATIONS: Mapping[str, Any] = {
    f"{verb.upper()} {path}": operation
    for path, row in document(ALL, SHAPES)["paths"].items()
    for verb, operation in row.items()
    if verb != "parameters"
}
LONG = "x" * 3000

TEXTS = st.sampled_from(
    ["", "0", "1", "-1", "1.5", "true", "null", "9" * 5000, LONG, "\0", "a\nb"]
) | st.text(max_size=20)
SCALARS = (
    st.none()
    | st.booleans()
    | st.sampled_from([0, -1, 2**31, 2**63, 2**64, 10**30, -(10**30), 1e308, 0.5, LONG, "\0", ""])
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=8) | st.sampled_from(["OP_ID", "reason", "depends"]), inner
        )
    ),
    max_leaves=8,
)
RAW = st.sampled_from(
    [
        b"", b"null", b"{}", b"[]", b'""', b"0", b"{", b"\xff\xfe", b"nul", b"NaN", b'{"a":1}{}',
        b"[" * 5000, b"[" * 5000 + b"]" * 5000, b'{"a":' * 3000 + b"1" + b"}" * 3000,
        b" " * 5000, b"9" * 5000, b'{"a":1,"a":2}', b'{"\\ud800":1}', b'"\\ud800"',
        b"x" * (MAX_BODY + 1),
    ]
)  # fmt: skip
KINDS = st.sampled_from(
    [
        "application/json", "application/json; charset=latin-1", "APPLICATION/JSON", "text/plain",
        "application/x-www-form-urlencoded", "multipart/form-data", "", ";", "x" * 300,
    ]
)  # fmt: skip
NAMES = st.sampled_from(["a", "instance1.example.com", "node1.example.com", "default"])
ODD_NAMES = st.sampled_from(["%00", "%2e%2e", "..", "a b".replace(" ", "%20"), "%E2%82%AC", LONG])


async def oses(op: OpOsDiagnose, context: Context) -> Any:
    """Find no operating systems."""
    return []


@attrs.frozen
class Luxi:
    """A real master's door, with everything that goes through it put into JSON and back."""

    handler: Handler

    async def call(self, method: str, *args: Any, raw: bool = False) -> Any:
        """See `ganetix.luxi.aclient.Luxi`."""
        given = json.loads(json.dumps(list(args)))
        try:
            answer = encode_result(await self.handler(method, given, Peer(1, 0, 0)))
        except MalformedRequest as error:
            raise RequestRefused(str(error)) from error
        except errors.GanetiError as error:
            raise errors.from_wire(json.loads(json.dumps(error.to_wire()))) from error
        result = json.loads(answer[:-1])["result"]
        return msgspec.Raw(json.dumps(result).encode()) if raw else result


class BadInputTests(ServiceTestCase):
    """A server in front of a master with a node and an instance."""

    def make(self, always: bool = True, most: int = 2) -> LimitedSite:
        """Return the server, and boot the master."""
        units: dict[type[OpCode], Any] = {OpOsDiagnose: ScriptedUnit(oses)}
        self.world = MasterWorld(units, reactor=self.time)
        self.world.install(masters.cluster(1, (masters.instance(1),)))
        self.successResultOf(self.world.boot())
        clock = Clock(self.time, self.time.seconds)
        luxi = Luxi(Handler(Door(self.world.master, LiveState(), clock)))
        api = Api(Surroundings(lambda: parse_users(USERS), luxi, clock, OWN, always))
        site = LimitedSite(clock, api, most)
        site.startFactory()
        self.addCleanup(site.stopFactory)
        return site

    def patient(self, asked: str, body: bytes, kind: str) -> Answer:
        """Return the answer to a request, however long it takes."""
        protocol, transport = self.connect()
        protocol.dataReceived(self.raw(asked, body=body, kind=kind))
        for _ in range(100):
            if transport.value():
                break
            self.time.advance(1)
        answer = parsed(transport.value())
        transport.loseConnection()
        return answer

    def check(self, label: str, asked: str, body: bytes = b"", kind: str = "") -> Answer:
        """Ask; fail unless the answer is a documented one and a refusal a sentence."""
        before = self.world.master.store.cluster
        with capturedLogs() as logged:
            answer = self.patient(asked, body, kind)
        defects = [event for event in logged if "log_failure" in event]
        self.assertEqual(defects, [], (asked, body[:300]))
        documented = {*map(int, OPERATIONS[label]["responses"]), 501}
        told = (asked[:300], body[:300], answer.body[:300])
        self.assertIn(answer.status, documented, told)
        self.assertTrue(answer.status < 500 or answer.status in (501, 503), told)
        if answer.status != 200:
            self.assert_sentence(answer)
            self.assertIs(self.world.master.store.cluster, before, told)
        return answer

    def assert_sentence(self, answer: Answer) -> None:
        """Fail unless *answer* says in one line what is wrong."""
        fault = answer.json()
        self.assertEqual(set(fault), {"code", "message", "explain"})
        self.assertEqual(fault["code"], answer.status)
        for secret in ("Traceback", "object at 0x", 'File "'):
            self.assertNotIn(secret, fault["message"])
        self.assertTrue(fault["message"] and fault["explain"])
        if answer.status == 400:
            self.assertTrue(fault["message"].endswith((".", "?")), fault["message"][-80:])

    def path(self, label: str, name: str, number: str = "1") -> str:
        """Return what is asked for, with *name* or *number* where the path varies."""
        asked = re.sub(r"\{(job_id|disk)\}", number, label)
        return re.sub(r"\{\w+\}", name, asked.replace("{query_resource}", "node"))

    @settings(max_examples=3, deadline=None)
    @given(st.data())
    def test_bodies(self, data: st.DataObject) -> None:
        """Whatever a body has, of whatever content type."""
        for label, _ in METHODS:
            name = data.draw(NAMES)
            body = data.draw(RAW | VALUES.map(lambda value: json.dumps(value).encode()))
            self.check(label, self.path(label, name), body, data.draw(KINDS))

    @settings(max_examples=3, deadline=None)
    @given(st.data())
    def test_parameters(self, data: st.DataObject) -> None:
        """A good body in which one parameter is wrong, unknown, or given twice."""
        for label, _ in METHODS:
            asked = self.path(label, "a", "0")
            known = BODIES.get(asked, {})
            if not isinstance(known, dict) or "requestBody" not in OPERATIONS[label]:
                continue
            schema = OPERATIONS[label]["requestBody"]["content"]["application/json"]["schema"]
            [shape] = [one for one in schema.get("anyOf", [schema]) if "properties" in one]
            names = st.sampled_from(sorted(shape["properties"]))
            body = {**known, data.draw(names | st.text(max_size=8)): data.draw(VALUES)}
            raw = json.dumps(body).encode()
            self.check(label, self.path(label, data.draw(NAMES)), raw, "application/json")

    @settings(max_examples=3, deadline=None)
    @given(st.data())
    def test_queries(self, data: st.DataObject) -> None:
        """Whatever the arguments of the query are, known ones and others."""
        for label, method in METHODS:
            pairs = data.draw(
                st.lists(st.tuples(st.sampled_from([*method.query, "x", "a[]"]), TEXTS), max_size=4)
            )
            query = "&".join(
                f"{quote(name)}={quote(value.encode('utf-8', 'surrogatepass'))}"
                for name, value in pairs
            )
            self.check(label, f"{self.path(label, data.draw(NAMES))}?{query}")

    def test_many_arguments(self) -> None:
        """More arguments than anybody needs are refused."""
        answer = self.check("GET /2/jobs", "GET /2/jobs?" + "&".join("a=1" for _ in range(1500)))
        self.assertEqual(answer.status, 400)

    @settings(max_examples=4, deadline=None)
    @given(ODD_NAMES, st.sampled_from(["-1", "x", "9" * 30, "9" * 4000, "1e3", "%31", ""]))
    def test_names(self, name: str, number: str) -> None:
        """Whatever stands for a name or a number in a path: not found, or refused."""
        for label, _ in METHODS:
            if "{" in label and "{query_resource}" not in label:
                answer = self.check(label, self.path(label, name, number))
                self.assertIn(answer.status, (200, 400, 404, 501), (label, name, number))

    def test_what_can_not_be_queried(self) -> None:
        """Resources and fields that are not there, filters that are none."""
        kind = "application/json"
        for path, body, status in (
            ("/2/query/x?fields=name", None, 404),
            ("/2/query/node", None, 400),
            ("/2/query/node?fields=", None, 400),
            ("/2/query/node", {"fields": [1]}, 400),
            ("/2/query/node", {"fields": "name"}, 400),
            ("/2/query/node", {"fields": ["name"], "qfilter": "x"}, 400),
            ("/2/query/node", {"fields": ["name"], "qfilter": ["x"]}, 400),
            ("/2/query/node", {"fields": ["name"], "filter": [5]}, 400),
            ("/2/query/node", {"fields": ["name"], "qfilter": ["=", "name"]}, 400),
            ("/2/query/node", {"fields": ["name"], "qfilter": ["=~", "name", "("]}, 400),
            ("/2/query/node", {"fields": ["no such"], "qfilter": None}, 200),
        ):
            raw = b"" if body is None else json.dumps(body).encode()
            label = "PUT /2/query/{query_resource}"
            self.assertEqual(self.check(label, f"PUT {path}", raw, kind).status, status, body)

    def test_deep_filters(self) -> None:
        """A filter as deep as a body can be is refused, or judged; nothing breaks."""
        for depth in (10, 100, 400):
            deep: Any = ["=", "name", "a"]
            for _ in range(depth):
                deep = ["!", deep]
            raw = json.dumps({"fields": ["name"], "qfilter": deep}).encode()
            label = "PUT /2/query/{query_resource}"
            self.check(label, "PUT /2/query/node", raw, "application/json")

    def test_the_master_lives(self) -> None:
        """After all that, jobs are taken as before."""
        self.check("GET /2/os", "GET /2/os")
        done: Deferred[Any] = Deferred.fromCoroutine(self.world.master.queue.stop())
        self.time.advance(60)
        self.successResultOf(done)

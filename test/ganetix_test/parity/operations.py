"""Opcodes that ended in success, and hooks that ran: what the other walks have set off."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ganetix_test import spec
from ganetix_test.parity.place import INSTANCE, Place

Op = Mapping[str, Any]


def opcodes() -> Iterator[str]:
    """Yield all opcodes."""
    for row in spec.load("opcodes")["opcodes"]:
        yield row["id"]


def hooks() -> Iterator[str]:
    """Yield the opcodes that have hooks."""
    for row in spec.load("opcodes")["opcodes"]:
        if row["hooks"]:
            yield row["id"]


def _submitted() -> Mapping[str, tuple[Op, Callable[[Place, Any], bool]]]:
    """Return the opcodes that nothing else submits, with what tells whether a result is right."""
    web = {"instance_name": INSTANCE}
    values = ["cluster_name", "master_node", "drain_flag"]
    fields = {row["name"] for row in spec.load("query_fields")["resources"]["network"]["fields"]}
    keys = set(spec.load("luxi")["cluster_info_keys"])
    return {
        "OP_CLUSTER_CONFIG_QUERY": (
            {"output_fields": values},
            lambda place, result: result == ["cluster.example.com", place.cluster.name(1), False],
        ),
        "OP_CLUSTER_QUERY": (
            {},
            lambda place, result: keys <= set(result)
            and result["uuid"] == place.configuration()["cluster"]["uuid"],
        ),
        "OP_INSTANCE_CONSOLE": (
            web, lambda place, result: (result["instance"], result["kind"]) == (INSTANCE, "msg")
        ),
        "OP_QUERY_FIELDS": (
            {"what": "network", "fields": None},
            lambda place, result: {row["name"] for row in result["fields"]} == fields,
        ),
        "OP_TAGS_GET": (
            {"kind": "instance", "name": INSTANCE}, lambda place, result: result == ["blue"]
        ),
    }  # fmt: skip


def wrong(place: Place) -> set[str]:
    """Submit what nothing else submits; return the opcodes whose results were wrong."""
    found = set()
    for op_id, (given, right) in _submitted().items():
        number = place.client.call("SubmitJob", [{"OP_ID": op_id, **given, "reason": []}])
        place.wait(number)
        [[status, [result]]] = place.client.call("QueryJobs", [number], ["status", "opresult"])
        if status != "success" or not right(place, result):
            place.say(f"{op_id}: {status} with {result!r}"[:300])
            found.add(op_id)
    return found


def succeeded(place: Place) -> Iterator[str]:
    """Yield the opcodes that jobs of this cluster have done, archived ones too."""
    bad = wrong(place)
    rows = place.client.call("Query", "job", ["ops", "opstatus", "archived"], None)["data"]
    found = set()
    for (_, ops), (_, states), _ in rows:
        found |= {op["OP_ID"] for op, state in zip(ops, states, strict=True) if state == "success"}
    yield from sorted((found - bad) & set(opcodes()))


def hooked(place: Place) -> Iterator[str]:
    """Yield the opcodes whose hooks ran in the phases that they have."""
    seen = place.hooked()
    for op in hooks():
        wanted = {(op, "post")} if op in _ONLY_AFTER else {(op, "pre"), (op, "post")}
        if wanted <= seen:
            yield op


_ONLY_AFTER: Final = frozenset(
    {"OP_CLUSTER_DESTROY", "OP_CLUSTER_POST_INIT", "OP_CLUSTER_VERIFY_GROUP"}
)
"""Opcodes whose hooks run on no node before them, here and in the reference."""

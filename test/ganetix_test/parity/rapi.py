"""The remote API: each method of each resource, called once."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from ganetix_test import spec
from ganetix_test.parity import expected
from ganetix_test.parity.place import INSTANCE, NETWORK, Place

OTHER: Final = "instance2.example.com"
_SUB: Final = {
    "{instance_name}": OTHER, "{network_name}": "net2", "{group_name}": "default", "{disk}": "0",
}  # fmt: skip
_LISTS: Final = ("instances", "nodes", "groups", "networks")


def rows() -> Iterator[str]:
    """Yield a row for each method of each resource."""
    for resource in spec.load("rapi")["resources"]:
        for method in resource["methods"]:
            yield f"{method} {resource['path']}"


def done(place: Place) -> Iterator[str]:
    """Yield the rows that answered, and whose answer or job was right."""
    for row, right in (*_reads(place), *_changes(place)):
        if right():
            yield row


Check = tuple[str, Callable[[], bool]]


def _reads(place: Place) -> list[Check]:
    """Return the rows that only look, with what tells whether they are right."""
    config = place.configuration()
    node = place.cluster.name(2)

    def same(path: str, wanted: Any) -> Callable[[], bool]:
        return lambda: _told(place, path, place.http("GET", path), (200, wanted))

    def has(path: str, wanted: dict[str, Any]) -> Callable[[], bool]:
        def check() -> bool:
            status, answer = place.http("GET", path)
            found = {key: answer.get(key) for key in wanted} if status == 200 else answer
            return _told(place, path, (status, found), (200, wanted))

        return check

    [group] = [row for row in config["nodegroups"].values() if row["name"] == "default"]
    [instance] = [row for row in config["instances"].values() if row["name"] == INSTANCE]
    [network] = [row for row in config["networks"].values() if row["name"] == NETWORK]
    [mine] = [row for row in config["nodes"].values() if row["name"] == node]
    [rule] = config["filters"].values()
    names = {noun: sorted(row["name"] for row in table.values()) for noun, table in (
        ("instances", config["instances"]), ("nodes", config["nodes"]),
        ("networks", config["networks"]), ("groups", config["nodegroups"]),
    )}  # fmt: skip
    label = {"instances": "id", "nodes": "id", "groups": "name", "networks": "name"}
    sets = spec.load("rapi")["field_sets"]

    def of(kind: str, values: dict[str, Any]) -> dict[str, Any]:
        told = {name: values[name] for name in sets[kind] if name in values}
        plain: dict[str, Any] = {
            name: None if value is expected.ABSENT else value for name, value in told.items()
        }
        if kind == "instance":
            plain["beparams"] = {**plain["beparams"], "memory": plain["beparams"]["maxmem"]}
        return plain

    job = expected.job(place.job_file())
    del job["archived"]
    return [
        ("GET /", same("/", None)), ("GET /2", same("/2", None)),
        ("GET /version", same("/version", 2)),
        ("GET /2/features", same("/2/features", spec.load("rapi")["features"])),
        ("GET /2/info", has("/2/info", {
            "name": config["cluster"]["cluster_name"], "uuid": config["cluster"]["uuid"],
            "ipolicy": config["cluster"]["ipolicy"], "beparams": config["cluster"]["beparams"],
        })),
        ("GET /2/os", lambda: "dummy" in place.http("GET", "/2/os")[1]),
        *((f"GET /2/{noun}", same(f"/2/{noun}", [
            {label[noun]: name, "uri": f"/2/{noun}/{name}"} for name in names[noun]
        ])) for noun in _LISTS),
        ("GET /2/filters", same("/2/filters", [
            {"uuid": rule["uuid"], "uri": f"/2/filters/{rule['uuid']}"},
        ])),
        ("GET /2/filters/{filter_uuid}", has(f"/2/filters/{rule['uuid']}", of("filter", rule))),
        ("GET /2/instances/{instance_name}", has(
            f"/2/instances/{INSTANCE}", of("instance", expected.instance(config, instance)))),
        ("GET /2/nodes/{node_name}", has(
            f"/2/nodes/{node}", of("node", expected.node(config, mine)))),
        ("GET /2/groups/{group_name}", has(
            "/2/groups/default", of("group", expected.group(config, group)))),
        ("GET /2/networks/{network_name}", has(
            f"/2/networks/{NETWORK}", of("network", expected.network(config, network)))),
        ("GET /2/nodes/{node_name}/role", same(f"/2/nodes/{node}/role", "master-candidate")),
        ("GET /2/jobs", lambda: {"id": place.job, "uri": f"/2/jobs/{place.job}"}
            in place.http("GET", "/2/jobs")[1]),
        ("GET /2/jobs/{job_id}", has(f"/2/jobs/{place.job}", of("job", job))),
        ("GET /2/jobs/{job_id}/wait", lambda: place.http(
            "GET", f"/2/jobs/{place.job}/wait",
            {"fields": ["status"], "previous_job_info": None, "previous_log_serial": None},
        ) == (200, {"job_info": ["success"], "log_entries": []})),
        ("GET /2/query/{query_resource}", lambda: place.http(
            "GET", "/2/query/node?fields=name",
        )[1]["data"] == [[[0, name]] for name in names["nodes"]]),
        ("PUT /2/query/{query_resource}", lambda: place.http(
            "PUT", "/2/query/instance", {"fields": ["uuid"], "qfilter": ["=", "name", INSTANCE]},
        )[1]["data"] == [[[0, instance["uuid"]]]]),
        ("GET /2/query/{query_resource}/fields", lambda: len(place.http(
            "GET", "/2/query/node/fields")[1]["fields"]) == 46),
        ("GET /2/tags", same("/2/tags", config["cluster"]["tags"])),
        ("GET /2/instances/{instance_name}/tags", same(f"/2/instances/{INSTANCE}/tags", ["blue"])),
        ("GET /2/nodes/{node_name}/tags", same(f"/2/nodes/{node}/tags", mine["tags"])),
        ("GET /2/groups/{group_name}/tags", same("/2/groups/default/tags", group["tags"])),
        ("GET /2/networks/{network_name}/tags", same(
            f"/2/networks/{NETWORK}/tags", network["tags"])),
        ("GET /2/instances/{instance_name}/console", has(
            f"/2/instances/{INSTANCE}/console", {"instance": INSTANCE, "kind": "msg"})),
    ]  # fmt: skip


def _told(place: Place, path: str, found: Any, wanted: Any) -> bool:
    if found != wanted:
        place.say(f"{path}: {found!r}"[:400] + f"; expected {wanted!r}"[:400])
    return bool(found == wanted)


NODE: Final = "node2.example.com"
_PLAIN: Final = {
    "__version__": 1, "mode": "create", "instance_name": OTHER, "disk_template": "sharedfile",
    "disks": [{"size": 16}], "nics": [{}], "os_type": "dummy", "pnode": NODE,
}  # fmt: skip
_TYPED: Final[tuple[tuple[str, str, Any], ...]] = (
    ("POST /2/instances", "", _PLAIN),
    ("POST /2/instances-multi-alloc", "?dry-run=1", {"instances": [
        {"OP_ID": "OP_INSTANCE_CREATE", "mode": "create", "instance_name": "instance3.example.com",
         "disk_template": "diskless", "disks": [], "nics": [{}], "os_type": "dummy"},
    ]}),
    ("GET /2/instances/{instance_name}/info", "", None),
    ("PUT /2/instances/{instance_name}/modify", "", {"beparams": {"vcpus": 2}}),
    ("PUT /2/instances/{instance_name}/shutdown", "", None),
    ("PUT /2/instances/{instance_name}/startup", "", None),
    ("POST /2/instances/{instance_name}/reboot", "?type=hard", None),
    ("PUT /2/instances/{instance_name}/migrate", "", {"mode": "live", "allow_failover": True}),
    ("PUT /2/instances/{instance_name}/failover", "", {}),
    ("POST /2/instances/{instance_name}/disk/{disk}/grow", "", {"amount": 16}),
    ("PUT /2/instances/{instance_name}/activate-disks", "", None),
    ("PUT /2/instances/{instance_name}/prepare-export", "?mode=remote", None),
    ("PUT /2/instances/{instance_name}/shutdown", "", None),
    ("PUT /2/instances/{instance_name}/export", "", {"target_node": NODE, "shutdown": True}),
    ("POST /2/instances/{instance_name}/reinstall", "?os=dummy&nostartup=1", None),
    ("PUT /2/instances/{instance_name}/deactivate-disks", "?force=1", None),
    ("POST /2/instances/{instance_name}/recreate-disks", "", {}),
    ("PUT /2/instances/{instance_name}/rename", "", {"new_name": "instance4.example.com"}),
    ("PUT /2/instances/instance4.example.com/rename", "", {"new_name": OTHER}),
    ("PUT /2/instances/{instance_name}/tags", "?tag=x", None),
    ("DELETE /2/instances/{instance_name}/tags", "?tag=x", None),
    ("DELETE /2/instances/{instance_name}", "", None),
    ("PUT /2/nodes/{node_name}/role", "?force=1", "drained"),
    ("PUT /2/nodes/{node_name}/role", "", "master-candidate"),
    ("POST /2/nodes/{node_name}/modify", "", {"drained": False}),
    ("POST /2/nodes/{node_name}/evacuate", "", {"mode": "secondary-only", "iallocator": "hail"}),
    ("POST /2/nodes/{node_name}/migrate", "", {"iallocator": "hail"}),
    ("GET /2/nodes/{node_name}/storage", "?storage_type=file&output_fields=name,free", None),
    ("PUT /2/nodes/{node_name}/tags", "?tag=x", None),
    ("DELETE /2/nodes/{node_name}/tags", "?tag=x", None),
    ("POST /2/groups", "", {"group_name": "other"}),
    ("PUT /2/groups/{group_name}/modify", "", {"alloc_policy": "preferred"}),
    ("PUT /2/groups/{group_name}/assign-nodes", "?force=1", {"nodes": [NODE]}),
    ("PUT /2/groups/{group_name}/tags", "?tag=x", None),
    ("DELETE /2/groups/{group_name}/tags", "?tag=x", None),
    ("PUT /2/groups/other/rename", "", {"new_name": "another"}),
    ("DELETE /2/groups/another", "", None),
    ("POST /2/networks", "", {"network_name": "net2", "network": "198.51.100.0/24"}),
    ("PUT /2/networks/{network_name}/modify", "", {"gateway": "198.51.100.1"}),
    ("PUT /2/networks/{network_name}/connect", "", {
        "group_name": "default", "network_mode": "bridged", "network_link": "br0"}),
    ("PUT /2/networks/{network_name}/disconnect", "", {"group_name": "default"}),
    ("PUT /2/networks/{network_name}/tags", "?tag=x", None),
    ("DELETE /2/networks/{network_name}/tags", "?tag=x", None),
    ("DELETE /2/networks/{network_name}", "", None),
    ("PUT /2/modify", "", {"candidate_pool_size": 6}),
    ("PUT /2/redistribute-config", "", None),
    ("PUT /2/tags", "?tag=x", None),
    ("DELETE /2/tags", "?tag=x", None),
)  # fmt: skip
"""Changes in order: row, query, body. Their jobs must succeed with the opcode of the table."""
_NAMED: Final = {
    "PUT /2/groups/other/rename": "PUT /2/groups/{group_name}/rename",
    "DELETE /2/groups/another": "DELETE /2/groups/{group_name}",
    "PUT /2/instances/instance4.example.com/rename": "PUT /2/instances/{instance_name}/rename",
}


_RECREATED: Final = "POST /2/instances/{instance_name}/recreate-disks"


def _disks(place: Place) -> Iterator[Path]:
    """Yield the files of the disks of `OTHER`."""
    yield from (place.cluster.directory / "shared-file-storage" / OTHER).glob("*.disk*")


def _changes(place: Place) -> list[Check]:
    """Return the rows that change something."""

    def typed(row: str, query: str, body: Any) -> Callable[[], bool]:
        def check() -> bool:
            for disk in _disks(place) if row == _RECREATED else ():
                disk.unlink()
            method, path = row.split()
            for part, name in {**_SUB, "{node_name}": NODE}.items():
                path = path.replace(part, name)
            status, answer = place.http(method, path + query, body)
            if status != 200 or not isinstance(answer, int):
                return _told(place, row, (status, answer), "a job")
            return _succeeded(place, row, answer) and (row != _RECREATED or any(_disks(place)))

        return check

    found = [(_NAMED.get(row, row), typed(row, query, body)) for row, query, body in _TYPED]
    return [*found, *_others(place)]


def _succeeded(place: Place, row: str, number: int) -> bool:
    """Whether the job has the opcode that the table names, and success."""
    place.wait(number)
    [[status, ops, results]] = place.client.call(
        "QueryJobs", [number], ["status", "ops", "opresult"]
    )
    row = _NAMED.get(row, row)
    method, path = row.split()
    [resource] = [one for one in spec.load("rapi")["resources"] if one["path"] == path]
    wanted = resource["methods"][method]["opcode"]
    ids = [op["OP_ID"] for op in ops]
    return _told(
        place,
        row,
        (status, wanted in ids, results if status != "success" else ""),
        ("success", True, ""),
    )


def _others(place: Place) -> list[Check]:
    """Return the rows about jobs and filters, which are no jobs."""
    rule = {"priority": 7, "predicates": [], "action": "CONTINUE", "reason": []}

    def cancel() -> bool:
        op = {
            "OP_ID": "OP_TEST_DELAY",
            "duration": 30.0,
            "on_master": True,
            "on_nodes": [],
            "reason": [],
        }
        number = place.client.call("SubmitJob", [op])
        status, answer = place.http("DELETE", f"/2/jobs/{number}")
        place.wait(number)
        [[state]] = place.client.call("QueryJobs", [number], ["status"])
        return (status, answer[0], state) == (200, True, "canceled")

    def added() -> bool:
        status, uuid = place.http("POST", "/2/filters", rule)
        return status == 200 and place.configuration()["filters"][uuid]["priority"] == 7

    def uuid_of() -> str:
        rows = place.configuration()["filters"].values()
        return str(next(row["uuid"] for row in rows if row["priority"] in (7, 8)))

    def replaced() -> bool:
        uuid = uuid_of()
        answer = place.http("PUT", f"/2/filters/{uuid}", {**rule, "priority": 8})
        return answer == (200, uuid) and place.configuration()["filters"][uuid]["priority"] == 8

    def dropped() -> bool:
        uuid = uuid_of()
        answer = place.http("DELETE", f"/2/filters/{uuid}")
        return answer == (200, None) and uuid not in place.configuration()["filters"]

    def rebooted() -> bool:
        row, there = "POST /2/nodes/{node_name}/powercycle", place.rebooting(2)
        status, number = place.http("POST", f"/2/nodes/{NODE}/powercycle")
        return status == 200 and _succeeded(place, row, number) and there()

    return [
        ("POST /2/nodes/{node_name}/powercycle", rebooted),
        ("DELETE /2/jobs/{job_id}", cancel),
        ("POST /2/filters", added),
        ("PUT /2/filters/{filter_uuid}", replaced),
        ("DELETE /2/filters/{filter_uuid}", dropped),
    ]

"""A master daemon that answers anything: what commands are tried against, in this process."""

import json
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from ganetix import errors
from ganetix.luxi import messages
from ganetix.luxi.server import encode_result
from ganetix_test import spec

_INFO: Final = Path(__file__).parents[1] / "compat/luxi/recorded.json"
_NODATA: Final = frozenset({"ctime", "end_ts", "watermark", "export", "pending"})
"""Fields that nobody can tell the value of now."""
_DISK: Final = {
    "dev_type": "plain", "iv_name": "disk/0", "logical_id": ["xenvg", "d0"], "mode": "rw",
    "size": 1024, "spindles": 4, "name": None, "uuid": "d0", "pstatus": None, "sstatus": None,
    "children": [], "physical_id": None, "params": {},
}  # fmt: skip
_DATA: Final = {
    "name": "web", "uuid": "i0", "serial_no": 4, "ctime": 1.0, "mtime": 1.0, "config_state": "up",
    "run_state": "up", "pnode": "node1", "pnode_group_name": "g1", "pnode_group_uuid": "g0",
    "snodes": [], "snodes_group_names": [], "snodes_group_uuids": [], "os": "dummy",
    "os_instance": {}, "os_actual": {}, "hypervisor": "fake", "hv_instance": {}, "hv_actual": {},
    "be_instance": {}, "be_actual": {}, "nics": [], "disk_template": "plain", "disks": [_DISK],
    "network_port": None, "osparams_private": {},
}  # fmt: skip
UNKNOWN: Final = "node9"
"""The name of what there is not yet."""
RESULTS: Final[Mapping[str, Any]] = {
    "OP_BACKUP_EXPORT": [True, [True]],
    "OP_EXT_STORAGE_DIAGNOSE": [["x", {"node1": [["/srv/x", True, "", []]]}, {"g1": True}, []]],
    "OP_GROUP_EVACUATE": {"jobs": []},
    "OP_INSTANCE_ACTIVATE_DISKS": [["node1", "disk/0", "/dev/x"]],
    "OP_INSTANCE_CHANGE_GROUP": {"jobs": []},
    "OP_INSTANCE_MULTI_ALLOC": {"jobs": [], "allocatable": ["web"], "failed": []},
    "OP_INSTANCE_QUERY_DATA": {"web": _DATA},
    "OP_NODE_EVACUATE": {"jobs": []},
    "OP_NODE_MIGRATE": {"jobs": []},
    "OP_NODE_QUERYVOLS": [["node2", "/dev/vdb", "xenvg", "d0", 1024, "web"]],
    "OP_NODE_QUERY_STORAGE": [["node2", "file", "/srv", 2048, 1024, 1024, True]],
    "OP_RESTRICTED_COMMAND": [[True, "fine"]],
    "OP_TAGS_SEARCH": [["/cluster", "x"]],
    "OP_TEST_JQUEUE": True,
}
"""What jobs end with, where that is looked at; else None."""
_SYSTEM: Final = {
    "name": "dummy", "valid": True, "variants": ["one"], "node_status": {}, "hidden": False,
    "blacklisted": False, "api_versions": [20], "parameters": [],
}  # fmt: skip
_CELLS: Final[Mapping[str, Any]] = {
    "name": "web", "status": "running", "uuid": "f0", "pinst_list": ["web"], "sinst_list": ["db"],
    "node_list": ["node2"], "tags": ["web"], "group": "g1", "admin_state": "up", "sip": "192.0.2.2",
    "ndp/ssh_port": 22, "owner": [], "snodes": [], "disk_template": "plain",
    "ipolicy": {"minmax": [{"min": {"cpu-count": 1}, "max": {"cpu-count": 8}}]},
    "custom_ipolicy": {}, "os": "dummy", "pnode": "node1",
    "console": {
        "instance": "web", "kind": "ssh", "user": "root", "host": "node1", "command": ["console"],
    },
}  # fmt: skip


class Anybody:
    """A master daemon that answers anything, for one run."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        rows = json.loads(_INFO.read_text("utf-8"))["calls"]
        self._info = next(row["answer"] for row in rows if row["call"] == "QueryClusterInfo")
        self._jobs: list[list[dict[str, Any]]] = []

    def connect(self, path: str, timeout: float) -> socket.socket:
        """Return a connection."""
        ours, theirs = socket.socketpair()
        threading.Thread(target=self._serve, args=(theirs,), daemon=True).start()
        return ours

    def _serve(self, end: socket.socket) -> None:
        framer = messages.Framer()
        with end:
            while data := end.recv(1 << 16):
                for text in framer.feed(data):
                    message = json.loads(text)
                    method, args = message["method"], message["args"]
                    self.asked.append(json.dumps([method, args], sort_keys=True))
                    end.sendall(encode_result(self._answer(method, args)))

    def _answer(self, method: str, args: list[Any]) -> Any:
        if method == "QueryClusterInfo":
            return self._info
        if method == "SubmitManyJobs":
            return [[True, self._taken(ops)] for ops in args[0]]
        if method in ("SubmitJob", "SubmitJobToDrainedQueue"):
            return self._taken(args[0])
        if method == "QueryJobs" and "opresult" in args[1]:
            return [[self._ended(number)[field] for field in args[1]] for number in args[0]]
        if method == "WaitForJobChange" and args[1] == ["status"]:
            return [[self._ended(args[0])["status"]], []]
        return _ANSWERS[method](args) if method in _ANSWERS else True

    def _taken(self, ops: list[dict[str, Any]]) -> int:
        self._jobs.append(ops)
        return 6 + len(self._jobs)

    def _ended(self, number: int) -> dict[str, Any]:
        ops = self._jobs[int(number) - 7] if self._jobs else []
        failed = any(op.get("fail") for op in ops)
        state = "error" if failed else "success"
        refusal = errors.OpExecError("As asked.").to_wire()
        return {
            "id": number, "status": state, "opstatus": [state for _ in ops],
            "opresult": [refusal if failed else _result(op) for op in ops],
        }  # fmt: skip


def _result(op: Mapping[str, Any]) -> Any:
    if op["OP_ID"] == "OP_OS_DIAGNOSE":
        return [[_SYSTEM[field] for field in op["output_fields"]]]
    if op["OP_ID"] in ("OP_NODE_QUERYVOLS", "OP_NODE_QUERY_STORAGE"):
        return [row[: len(op["output_fields"])] for row in RESULTS[op["OP_ID"]]]
    if op["OP_ID"] == "OP_OOB_COMMAND":
        health = op["command"] == "health"
        return [[[0, "node2"], [0, [["PSU0", "OK"]] if health else {"powered": True}]]]
    return RESULTS.get(op["OP_ID"])


def _query(args: list[Any]) -> Any:
    what, fields, _ = args
    return {"fields": [_definition(what, one) for one in fields], "data": [_row(what, fields)]}


def _row(what: str, fields: list[str]) -> list[Any]:
    kinds = _kinds(what)
    return [
        [2, None] if field in _NODATA else [0, _value(field, kinds.get(field, "text"))]
        for field in fields
    ]


def _classic(what: str) -> Callable[[list[Any]], Any]:
    """Return what answers a classic query: a row, another in group g2 too if none is named."""

    def answer(args: list[Any]) -> Any:
        names, fields, *_ = args
        if names == [UNKNOWN]:
            return []
        told = {field: value for field, (_, value) in zip(fields, _row(what, fields), strict=True)}
        others = [{"name": "other", "group": "g2", "group.uuid": "u2"}]
        found = [{"name": name} for name in names] or [
            {},
            *(others if "ndp/ssh_port" in fields else ()),
        ]
        return [[{**told, **one}[field] for field in fields] for one in found]

    return answer


def _definitions(args: list[Any]) -> Any:
    what, fields = args
    return {"fields": [_definition(what, name) for name in fields or sorted(_kinds(what))]}


_ANSWERS: Final[Mapping[str, Callable[[list[Any]], Any]]] = {
    "WaitForJobChange": lambda args: [[_job(field) for field in args[1]], []],
    "QueryJobs": lambda args: [[_job(field) for field in args[1]]],
    "Query": _query,
    "QueryFields": _definitions,
    "QueryConfigValues": lambda args: ["cluster.example.com", "node1", False, None][: len(args[0])],
    "CancelJob": lambda args: [True, "done"],
    "ChangeJobPriority": lambda args: [True, "done"],
    "QueryInstances": _classic("instance"),
    "QueryNodes": _classic("node"),
    "QueryGroups": _classic("group"),
    "QueryNetworks": _classic("network"),
    "QueryTags": lambda args: ["a"],
    "AutoArchiveJobs": lambda args: [1, 0],
}


def _kinds(what: str) -> dict[str, str]:
    table = spec.load("query_fields")["resources"].get(what, {"fields": []})
    return {row["name"]: row["kind"] for row in table["fields"]}


def _definition(what: str, name: str) -> dict[str, str]:
    return {"name": name, "title": name, "kind": _kinds(what).get(name, "other"), "doc": "A field"}


def _value(field: str, kind: str) -> Any:
    if field in _CELLS:
        return _CELLS[field]
    numbers = {"number": 1, "float": 1.5, "unit": 64, "timestamp": 1.0, "bool": False}
    if kind in numbers:
        return numbers[kind]
    return [] if field.endswith(("list", "s")) and field != "alias" else "x"


def _job(field: str) -> Any:
    return {
        "id": 7, "status": "success", "opstatus": ["success"], "opresult": [None], "ops": [],
        "summary": ["X"], "oplog": [[]],
    }.get(field)  # fmt: skip

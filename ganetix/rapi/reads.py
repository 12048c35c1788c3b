"""The resources that only look."""

from typing import Any, Final

from ganetix.rapi.faults import bad_request, not_found
from ganetix.rapi.request import Request

FEATURES: Final = (
    "instance-create-reqv1",
    "instance-reinstall-reqv1",
    "node-evac-res1",
    "node-migrate-reqv1",
)

_COMMON: Final = ("ctime", "mtime", "uuid", "serial_no", "tags")
INSTANCE_FIELDS: Final = (
    "name", "admin_state", "os", "pnode", "snodes", "disk_template", "nic.ips", "nic.macs",
    "nic.modes", "nic.uuids", "nic.names", "nic.links", "nic.networks", "nic.networks.names",
    "nic.bridges", "network_port", "disk.sizes", "disk.spindles", "disk_usage", "disk.uuids",
    "disk.names", "beparams", "hvparams", "oper_state", "oper_ram", "oper_vcpus", "status",
    "custom_hvparams", "custom_beparams", "custom_nicparams", *_COMMON,
)  # fmt: skip
NODE_FIELDS: Final = (
    "name", "offline", "master_candidate", "drained", "dtotal", "dfree", "sptotal", "spfree",
    "mtotal", "mnode", "mfree", "pinst_cnt", "sinst_cnt", "ctotal", "cnos", "cnodes", "csockets",
    "pip", "sip", "role", "pinst_list", "sinst_list", "master_capable", "vm_capable", "ndparams",
    "group.uuid", *_COMMON,
)  # fmt: skip
BULK_JOB_FIELDS: Final = (
    "id", "ops", "status", "summary", "opstatus", "received_ts", "start_ts", "end_ts",
)  # fmt: skip
JOB_FIELDS: Final = (*BULK_JOB_FIELDS, "oplog", "opresult")

WAIT: Final = 10.0
"""Seconds after which a wait for a job's change is answered with null."""


async def nothing(request: Request) -> None:
    """``/`` and ``/2``."""


async def version(request: Request) -> int:
    """``/version``."""
    return 2


async def features(request: Request) -> list[str]:
    """``/2/features``."""
    return list(FEATURES)


async def info(request: Request) -> Any:
    """``/2/info``."""
    return await request.luxi.call("QueryClusterInfo")


async def instances(request: Request) -> list[Any]:
    """``/2/instances``."""
    _refuse_lock(request)
    if request.flag("bulk"):
        rows = await request.luxi.call("QueryInstances", [], list(INSTANCE_FIELDS), False)
        return [_instance(row) for row in rows]
    rows = await request.luxi.call("QueryInstances", [], ["name"], False)
    return [{"id": name, "uri": f"/2/instances/{name}"} for (name,) in rows]


async def instance(request: Request) -> dict[str, Any]:
    """``/2/instances/NAME``."""
    _refuse_lock(request)
    name = request.names["instance_name"]
    rows = await request.luxi.call("QueryInstances", [name], list(INSTANCE_FIELDS), False)
    return _instance(_only(rows, f"There is no instance {name}."))


async def nodes(request: Request) -> list[Any]:
    """``/2/nodes``."""
    _refuse_lock(request)
    if request.flag("bulk"):
        rows = await request.luxi.call("QueryNodes", [], list(NODE_FIELDS), False)
        return [_struct(NODE_FIELDS, row) for row in rows]
    rows = await request.luxi.call("QueryNodes", [], ["name"], False)
    return [{"id": name, "uri": f"/2/nodes/{name}"} for (name,) in rows]


async def node(request: Request) -> dict[str, Any]:
    """``/2/nodes/NAME``."""
    _refuse_lock(request)
    name = request.names["node_name"]
    rows = await request.luxi.call("QueryNodes", [name], list(NODE_FIELDS), False)
    return _struct(NODE_FIELDS, _only(rows, f"There is no node {name}."))


async def jobs(request: Request) -> list[Any]:
    """``/2/jobs``."""
    if request.flag("bulk"):
        rows = await request.luxi.call("QueryJobs", [], list(BULK_JOB_FIELDS))
        return [_struct(BULK_JOB_FIELDS, row) for row in rows]
    rows = await request.luxi.call("QueryJobs", [], ["id"])
    return [{"id": job, "uri": f"/2/jobs/{job}"} for (job,) in rows]


async def job(request: Request) -> dict[str, Any]:
    """``/2/jobs/ID``."""
    number = int(request.names["job_id"])
    rows = await request.luxi.call("QueryJobs", [number], list(JOB_FIELDS))
    return _struct(JOB_FIELDS, _only(rows, f"There is no job {number}."))


async def wait(request: Request) -> dict[str, Any] | None:
    """``/2/jobs/ID/wait``: the answer comes with the change, or null after a while."""
    body = request.struct()
    fields, before = body.get("fields"), body.get("previous_job_info")
    if not isinstance(fields, list):
        raise bad_request("The body needs 'fields', a list of field names.")
    number = int(request.names["job_id"])
    serial = body.get("previous_log_serial")
    found = await request.luxi.call("WaitForJobChange", number, fields, before, serial, WAIT)
    if found == "nochange":
        return None
    return {"job_info": found[0], "log_entries": found[1]}


def _only(rows: list[Any], missing: str) -> list[Any]:
    """Return the only row; raise `HttpFault` saying *missing* when there is none."""
    if not rows or rows[0] is None:
        raise not_found(missing)
    row: list[Any] = rows[0]
    return row


def _refuse_lock(request: Request) -> None:
    if request.flag("lock"):
        raise bad_request("Queries never take locks; leave out 'lock'.")


def _instance(row: list[Any]) -> dict[str, Any]:
    found = _struct(INSTANCE_FIELDS, row)
    beparams = found["beparams"]
    return {**found, "beparams": {**beparams, "memory": beparams["maxmem"]}}


def _struct(fields: tuple[str, ...], row: list[Any]) -> dict[str, Any]:
    return dict(zip(fields, row, strict=True))

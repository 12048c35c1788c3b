"""What creating, reinstalling, and the disks of instances need beside their opcodes."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from ganetix.rapi.faults import HttpFault, bad_request
from ganetix.rapi.request import Request
from ganetix.rapi.submit import DRY_RUN, Arg, Submit, filled, submit

RENAMES: Final = {"os": "os_type", "name": "instance_name"}

CREATE: Final = Submit("OP_INSTANCE_CREATE", (DRY_RUN,), RENAMES)
SEVERAL: Final = Submit("OP_INSTANCE_CREATE", (), RENAMES)
"""One of those that are created together."""
MULTI_ALLOC: Final = Submit("OP_INSTANCE_MULTI_ALLOC", (DRY_RUN,))
REPLACE_DISKS: Final = Submit("OP_INSTANCE_REPLACE_DISKS")

REPLACE_ARGS: Final = (
    Arg("remote_node", "text"),
    Arg("mode", "text"),
    Arg("disks", "list"),
    Arg("iallocator", "text"),
)


async def create(request: Request) -> Any:
    """Create an instance; the body says which version of the request it is."""
    body = request.struct()
    if body.pop("__version__", None) != 1:
        raise bad_request("The body needs '__version__': 1; older forms are not understood.")
    return await submit(request, [CREATE.opcode(request, body)])


async def multi_alloc(request: Request) -> Any:
    """Create several instances, which the allocator places together."""
    body = request.struct()
    instances = body.get("instances")
    if not isinstance(instances, list) or not all(isinstance(one, dict) for one in instances):
        raise bad_request("The body needs 'instances', a list of objects.")
    body["instances"] = [_instance(request, one) for one in instances]
    return await submit(request, [MULTI_ALLOC.opcode(request, body)])


def _instance(request: Request, one: Mapping[str, Any]) -> dict[str, Any]:
    plain = {key: value for key, value in one.items() if key not in ("__version__", "OP_ID")}
    return SEVERAL.opcode(request, plain)


async def reinstall(request: Request) -> Any:
    """Stop, install again, and start, as one job."""
    if request.body is None:
        body = {"os": request.text("os"), "start": not request.flag("nostartup")}
    else:
        body = request.struct()
    start = body.pop("start", True)
    if not isinstance(start, bool):
        raise bad_request("'start' must be true or false.")
    install = {"os_type": body.pop("os", None), "osparams": body.pop("osparams", None)}
    if body:
        raise bad_request(f"A reinstallation has no '{min(body)}': give os, start or osparams.")
    ops = {"OP_INSTANCE_SHUTDOWN": {}, "OP_INSTANCE_REINSTALL": install}
    if start:
        ops["OP_INSTANCE_STARTUP"] = {}
    return await submit(request, [filled(request, op, {}, {**_name(request), **given})
                                  for op, given in ops.items()])  # fmt: skip


def _name(request: Request) -> dict[str, str]:
    return {"instance_name": request.names["instance_name"]}


async def replace_disks(request: Request) -> Any:
    """Replace disks: by the body, or by the query where there is none."""
    body = {} if request.body is None else request.struct()
    if request.body is None:
        for arg in REPLACE_ARGS:
            body.update(arg.read(request))
    if isinstance(disks := body.get("disks"), list):
        body["disks"] = [_index(disk) for disk in disks]
    return await submit(request, [REPLACE_DISKS.opcode(request, body)])


def _index(disk: Any) -> Any:
    return int(disk) if isinstance(disk, str) and disk.isascii() and disk.isdigit() else disk


async def console(request: Request) -> Any:
    """Answer how to reach the console of a running instance."""
    name = request.names["instance_name"]
    found = await request.luxi.call("Query", "instance", ["console"], ["=", "name", name])
    [[[_, value]]] = found["data"]
    if value is None:
        raise HttpFault(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"Instance '{name}' does not run, or its node does not answer: it has no console now.",
        )
    return value

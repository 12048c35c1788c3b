"""The resources that submit a job and answer its number."""

from collections.abc import Mapping
from typing import Any, Final

from ganetix import errors
from ganetix.opcodes import codec
from ganetix.rapi.faults import bad_request
from ganetix.rapi.request import Request

CREATE_RENAMES: Final = {"os": "os_type", "name": "instance_name"}


async def create_instance(request: Request) -> Any:
    """POST ``/2/instances``."""
    body = request.struct()
    if body.pop("__version__", None) != 1:
        raise bad_request("The body needs '__version__': 1.")
    for old, new in CREATE_RENAMES.items():
        if old in body:
            if new in body:
                raise bad_request(f"'{old}' and '{new}' mean the same; give one of them.")
            body[new] = body.pop(old)
    return await submit(request, "OP_INSTANCE_CREATE", body, {"dry_run": request.flag("dry-run")})


async def remove_instance(request: Request) -> Any:
    """DELETE ``/2/instances/NAME``."""
    fixed = {
        "instance_name": request.names["instance_name"],
        "ignore_failures": False,
        "dry_run": request.flag("dry-run"),
    }
    body = {} if request.body is None else request.struct()
    return await submit(request, "OP_INSTANCE_REMOVE", body, fixed)


async def cancel_job(request: Request) -> Any:
    """DELETE ``/2/jobs/ID``."""
    return await request.luxi.call("CancelJob", int(request.names["job_id"]))


async def submit(
    request: Request, op_id: str, body: Mapping[str, Any], fixed: Mapping[str, Any]
) -> Any:
    """Submit a job of one opcode: *body*'s parameters and the *fixed* ones; return its number.

    Raise `HttpFault` for parameters that the opcode does not take, or that the path decides.
    """
    for name in body:
        if name in fixed or name in ("OP_ID", "reason"):
            raise bad_request(f"'{name}' can't be given in the body.")
    raw = {"OP_ID": op_id, **body, **fixed, "reason": request.reason()}
    try:
        op = codec.decode(raw)
    except errors.GanetiError as error:
        raise bad_request(error.message) from error
    return await request.luxi.call("SubmitJob", [codec.encode(op)])

"""What nodes need beside their opcodes: roles, migration of all, storage units."""

from typing import Any, Final

from ganetix.rapi.faults import bad_request
from ganetix.rapi.nouns import NODES
from ganetix.rapi.request import Request
from ganetix.rapi.submit import FORCE, Arg, Submit, submit

_NAMES: Final = {
    "M": "master",
    "C": "master-candidate",
    "R": "regular",
    "D": "drained",
    "O": "offline",
}
ROLES: Final[dict[str, dict[str, bool | None]]] = {
    "regular": {"master_candidate": False, "offline": False, "drained": False},
    "master-candidate": {"master_candidate": True, "offline": None, "drained": None},
    "drained": {"master_candidate": None, "offline": None, "drained": True},
    "offline": {"master_candidate": None, "offline": True, "drained": None},
}

SET_PARAMS: Final = Submit("OP_NODE_SET_PARAMS", (FORCE, Arg("auto-promote")), body=False)
MIGRATE: Final = Submit("OP_NODE_MIGRATE")
MODIFY_STORAGE: Final = Submit(
    "OP_NODE_MODIFY_STORAGE",
    (Arg("storage_type", "text", required=True), Arg("name", "text", required=True)),
)


async def single(request: Request) -> dict[str, Any]:
    """Answer one node."""
    found = await NODES.single(request)
    return {**found, "secondary_ip": found["sip"]}


async def role(request: Request) -> str:
    """Answer a node's role."""
    found = await NODES.single(request)
    return _NAMES[found["role"]]


async def set_role(request: Request) -> Any:
    """Change a node's role to the one that the body names."""
    if not isinstance(request.body, str) or request.body not in ROLES:
        raise bad_request(f"The body must be one of the texts {', '.join(ROLES)}.")
    return await submit(request, [SET_PARAMS.opcode(request, ROLES[request.body])])


async def migrate(request: Request) -> Any:
    """Migrate all primary instances of a node away."""
    body, live, mode = request.params(), request.text("live"), request.text("mode")
    if live is not None and mode is not None:
        raise bad_request("'live' and 'mode' say the same; give one of them.")
    if live is not None:
        body["mode"] = "live" if request.flag("live") else "non-live"
    elif mode is not None:
        body["mode"] = mode
    return await submit(request, [MIGRATE.opcode(request, body)])


async def modify_storage(request: Request) -> Any:
    """Change a storage unit."""
    allocatable = Arg("allocatable").read(request)
    return await submit(request, [MODIFY_STORAGE.opcode(request, {"changes": allocatable})])

"""Calls about sessions and requests themselves, which the server answers."""

from typing import Any, Final

import msgspec

from ganetix.rpc.call import Call, Nothing, Role, Truth

_ANY_NODE: Final[frozenset[Role]] = frozenset({"master", "candidate", "node"})


class MasterInfo(msgspec.Struct, frozen=True):
    """Who is master in the node's eyes: name from ssconf, and the highest epoch obeyed."""

    master_node: str
    epoch: int


class VersionInfo(msgspec.Struct, frozen=True):
    """Versions of the node's software, call table and journal."""

    software: str
    calls: int
    journal: int


class RequestQuery(msgspec.Struct, frozen=True):
    """A request id of an earlier call."""

    request_id: str


class RequestState(msgspec.Struct, frozen=True):
    """*state*: ``unknown`` (never began), ``running`` or ``done`` (with the encoded answer)."""

    state: str
    answer: bytes = b""


MASTER_INFO: Final = Call("master_node_name", Nothing, MasterInfo, "urgent", True, _ANY_NODE)
VERSION: Final = Call("version", Nothing, VersionInfo, "urgent", True, _ANY_NODE)
REQUEST_STATUS: Final = Call("request_status", RequestQuery, RequestState, "urgent", True)
REQUEST_CANCEL: Final = Call("request_cancel", RequestQuery, Truth, "urgent", True)

CALLS: Final[tuple[Call[Any, Any], ...]] = (
    MASTER_INFO,
    VERSION,
    REQUEST_STATUS,
    REQUEST_CANCEL,
)

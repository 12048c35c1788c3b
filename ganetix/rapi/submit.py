"""Resources that submit an opcode: which, and where its parameters come from."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import attrs

from ganetix import errors
from ganetix.opcodes import codec
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.table import TABLE
from ganetix.rapi.faults import bad_request, forbidden
from ganetix.rapi.request import Request

_COMMON: Final = frozenset(OpCode.__struct_fields__) - {"depends"}
"""Parameters of every opcode; of them a body may give `depends` alone."""


@attrs.frozen
class Arg:
    """A query argument that is the parameter *param* (by default of the same name).

    A flag is a number, a text itself, a list is separated by commas. Without a *default* the
    parameter is left to the opcode when the argument is not there.
    """

    name: str
    kind: Literal["flag", "text", "list"] = "flag"
    param: str = ""
    default: Any = None
    required: bool = False

    def read(self, request: Request) -> dict[str, Any]:
        """Return the parameter with its value, or nothing; raise `HttpFault`."""
        given = request.text(self.name)
        if given is None and self.required:
            raise bad_request(f"The argument '{self.name}' is missing.")
        if given is None:
            value = self.default
        elif self.kind == "flag":
            value = request.flag(self.name)
        else:
            value = given if self.kind == "text" else given.split(",")
        return {} if value is None else {self.param or self.name.replace("-", "_"): value}


DRY_RUN: Final = Arg("dry-run")
FORCE: Final = Arg("force")


@attrs.frozen
class Submit:
    """Submits *op_id*; the answer is the job's number.

    Its parameters are what stands in the path (under the same names, but those in *lists*, which
    become lists of one), what *args* read from the query, what is *fixed*, and, unless *body* is
    false, what the body has: under the opcode's names or those in *renames*. *refused* may not be
    set by this way at all.
    """

    op_id: str
    args: tuple[Arg, ...] = ()
    renames: Mapping[str, str] = {}
    body: bool = True
    fixed: Mapping[str, Any] = {}
    lists: Mapping[str, str] = {}
    refused: frozenset[str] = frozenset()

    async def __call__(self, request: Request) -> Any:
        """Answer *request*."""
        return await submit(request, [self.opcode(request, self._body(request))])

    def _body(self, request: Request) -> dict[str, Any]:
        return request.params() if self.body else {}

    def opcode(self, request: Request, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the opcode for *request* with the parameters in *body*; raise `HttpFault`."""
        static: dict[str, Any] = dict(self.fixed)
        for name, value in request.names.items():
            if name in self.lists:
                static[self.lists[name]] = [value]
            else:
                static[name] = int(value) if name == "disk" else value
        for arg in self.args:
            static.update(arg.read(request))
        if unfit := self.refused & set(body):
            raise forbidden(f"'{min(unfit)}' can't be changed through the remote API.")
        return filled(request, self.op_id, renamed(body, self.renames), static)


def renamed(body: Mapping[str, Any], renames: Mapping[str, str]) -> dict[str, Any]:
    """Return *body* with the keys of *renames* under their other names; raise `HttpFault`."""
    fresh = dict(body)
    for old, new in renames.items():
        if old in fresh:
            if new in fresh:
                raise bad_request(f"'{old}' and '{new}' mean the same; give one of them.")
            fresh[new] = fresh.pop(old)
    return fresh


def filled(
    request: Request, op_id: str, body: Mapping[str, Any], static: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the opcode *op_id* with the parameters of *body* and the *static* ones.

    Raise `HttpFault` when the body gives a static parameter, or the opcode does not take it all.
    """
    for name in body:
        if name in static:
            raise bad_request(f"'{name}' is given by the path or the query, not in the body.")
        if name in _COMMON or name == "OP_ID":
            raise bad_request(f"'{name}' can't be given in the body.")
    raw = {"OP_ID": op_id, **body, **static, "reason": request.reason()}
    try:
        codec.decode_submitted(raw)
    except errors.GanetiError as error:
        raise bad_request(error.message) from error
    return raw


async def submit(request: Request, ops: Sequence[Mapping[str, Any]]) -> Any:
    """Submit a job of *ops*; return its number."""
    return await request.luxi.call("SubmitJob", list(ops))


def takes(op_id: str) -> frozenset[str]:
    """Return the parameters that a body may give for *op_id*."""
    return frozenset(TABLE[op_id].__struct_fields__) - _COMMON

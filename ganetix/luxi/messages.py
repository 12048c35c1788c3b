"""LUXI messages: JSON text ended by one byte 0x03, and nothing but that.

Pure: bytes in, values out. The client of the command line lives on this module, so it imports only
what starts fast.
"""

import json
from collections.abc import Callable
from typing import Any, Final

from ganetix import errors

TERMINATOR: Final = b"\x03"
VERSION: Final = 3000000
"""What our clients send as ``version``; servers ignore it."""
MAX_MESSAGE: Final = 16 * 1024 * 1024
"""Default limit of one message in bytes, without its end byte."""


class RequestRefused(errors.LuxiError):
    """A request that was malformed; the server closes the connection after it says so."""


class MalformedRequest(Exception):
    """A request that can't be understood: answered with a plain string, then the end.

    The LUXI handler raises it for an unknown method or for arguments of a wrong number or type.
    """


class Framer:
    """Cuts a stream of bytes into messages, whatever pieces it comes in."""

    __slots__ = ("_limit", "_parts", "_size")

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        """Refuse messages that are longer than *limit* bytes."""
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0

    @property
    def begun(self) -> bool:
        """Whether the first part of a message is here and its end is not."""
        return bool(self._parts)

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that *data* completes, in order.

        Raise `MalformedRequest` if one is longer than the limit, as soon as that is known.
        """
        *ends, rest = data.split(TERMINATOR)
        done = []
        for part in ends:
            self._add(part)
            done.append(b"".join(self._parts))
            self._parts, self._size = [], 0
        self._add(rest)
        return done

    def _add(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._limit:
            raise MalformedRequest(
                f"The message is longer than the limit of {self._limit} bytes; send less at once."
            )
        if part:
            self._parts.append(part)


def _dumps(message: Any) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()


def encode_request(method: str, args: list[Any], dumps: Callable[[Any], bytes] = _dumps) -> bytes:
    """Return the framed request to call *method* with *args*, which *dumps* encodes."""
    return dumps({"method": method, "args": args, "version": VERSION}) + TERMINATOR


def decode_request(message: Any) -> tuple[str, list[Any]]:
    """Return method and arguments of *message*, a parsed request.

    Raise `MalformedRequest` if it is not an object with a method's name and a list of arguments.
    """
    if not isinstance(message, dict):
        raise MalformedRequest("A request is a JSON object with the keys method and args.")
    method, args = message.get("method"), message.get("args")
    if not isinstance(method, str):
        raise MalformedRequest("The request has no method: give its name as text.")
    if not isinstance(args, list):
        raise MalformedRequest(f"The request {method} has no args: give a list.")
    return method, args


def encode_error(error: errors.GanetiError) -> bytes:
    """Return the framed answer of a call that failed with *error*."""
    return _encode_failure(error.to_wire())


def encode_refusal(sentence: str) -> bytes:
    """Return the framed answer to a request that was not understood."""
    return _encode_failure(sentence)


def _encode_failure(result: Any) -> bytes:
    message = {"success": False, "result": result}
    return _dumps(message) + TERMINATOR


def decode_response(text: bytes, loads: Callable[[bytes], Any] = json.loads) -> Any:
    """Return the result in the answer *text*, which *loads* parses or raises ValueError.

    Raise the error that the answer carries, or `LuxiError` if it is no answer at all.
    """
    try:
        message = loads(text)
    except ValueError as error:
        raise errors.LuxiError(f"The master daemon's answer is not JSON: {error}.") from None
    if not isinstance(message, dict) or "success" not in message or "result" not in message:
        raise errors.LuxiError("The master daemon's answer has no keys success and result.")
    if message.get("version", VERSION) != VERSION:
        raise errors.LuxiError(
            f"The master daemon speaks LUXI version {message['version']}, this program {VERSION}."
            " Install the same release on both ends."
        )
    if message["success"]:
        return message["result"]
    if isinstance(message["result"], str):
        raise RequestRefused(f"The master daemon refused the request: {message['result']}")
    raise errors.from_wire(message["result"])

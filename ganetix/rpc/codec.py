"""Node calls as bytes: one frame for a request, one for its answer.

Frames are MessagePack. Envelopes are arrays, bodies are maps by field name, so that structs may
gain fields with defaults and the other end ignores what it does not know. Sizes are checked here,
before anything reaches a connection.
"""

from functools import cache
from typing import Any, Final, TypeVar

import msgspec

from ganetix import errors
from ganetix.rpc.call import Call

PAGE: Final = 64 * 1024
"""Bytes of a page: what is long goes in pages, one in flight."""

ONE_PIECE: Final = PAGE + 1024
"""Bytes that a frame may have to go without pages: a page of data with what is around it."""

MAX_FRAME: Final = 32 * 1024 * 1024
"""Bytes that a request or an answer may have in all."""

T = TypeVar("T", bound=msgspec.Struct)
Request = TypeVar("Request", bound=msgspec.Struct)
Response = TypeVar("Response", bound=msgspec.Struct)


class Envelope(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A request on its way: *seconds* is what is left of its deadline when it was sent."""

    call: str
    request_id: str
    job_id: int | None
    seconds: float
    body: msgspec.Raw


class Answer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An answer: the response, or the wire form of the error (`errors.GanetiError.to_wire`)."""

    ok: bool
    body: msgspec.Raw


_encoder: Final = msgspec.msgpack.Encoder()
_envelopes: Final = msgspec.msgpack.Decoder(Envelope)
_answers: Final = msgspec.msgpack.Decoder(Answer)


@cache
def _decoder(kind: type[T]) -> msgspec.msgpack.Decoder[T]:
    return msgspec.msgpack.Decoder(kind)


def pack(value: msgspec.Struct) -> bytes:
    """Encode *value*."""
    return _encoder.encode(value)


def unpack(kind: type[T], data: bytes) -> T:
    """Decode *data* as *kind*; raise `errors.ParseError` if it is something else."""
    try:
        value: T = _decoder(kind).decode(data)
        return value
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise errors.ParseError(f"A message is not a {kind.__name__}: {error}.") from error


def encode_request(
    call: Call[Any, Any],
    request: msgspec.Struct,
    request_id: str,
    job_id: int | None,
    seconds: float,
) -> bytes:
    """Return the frame of *request*; raise `errors.RemoteError` if it is too long to send."""
    body = msgspec.Raw(_encoder.encode(request))
    frame = _encoder.encode(Envelope(call.name, request_id, job_id, seconds, body))
    if len(frame) > MAX_FRAME:
        raise errors.RemoteError(_too_long(f"The request of call {call.name}", len(frame)))
    return frame


def decode_envelope(frame: bytes) -> Envelope:
    """Return the envelope of a request's *frame*; raise `errors.ParseError`."""
    try:
        return _envelopes.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise errors.ParseError(f"A request frame can't be read: {error}.") from error


def decode_request(call: Call[Request, Any], body: msgspec.Raw) -> Request:
    """Return the request in *body*; raise `errors.ParseError` if it does not fit the table."""
    try:
        request: Request = _decoder(call.request).decode(body)
        return request
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise errors.ParseError(
            f"The request of call {call.name} does not fit: {error}."
        ) from error


def encode_answer(call: Call[Any, Any], response: msgspec.Struct) -> bytes:
    """Return the frame of *response*, or of an error when it is too long to send."""
    frame = _encoder.encode(Answer(True, msgspec.Raw(_encoder.encode(response))))
    if len(frame) > MAX_FRAME:
        return encode_error(
            errors.RemoteError(_too_long(f"The answer of call {call.name}", len(frame)))
        )
    return frame


def encode_error(error: errors.GanetiError) -> bytes:
    """Return the frame of an answer that raises *error* on the other end."""
    return _encoder.encode(Answer(False, msgspec.Raw(_encoder.encode(error.to_wire()))))


def decode_answer(call: Call[Any, Response], frame: bytes) -> Response:
    """Return the response in *frame*, or raise the error that it carries."""
    try:
        answer = _answers.decode(frame)
        if answer.ok:
            response: Response = _decoder(call.response).decode(answer.body)
            return response
        wire = msgspec.msgpack.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise errors.RemoteError(
            f"The answer to call {call.name} does not fit: {error}."
        ) from error
    raise errors.from_wire(wire)


def _too_long(what: str, size: int) -> str:
    return f"{what} has {size} bytes; the limit is {MAX_FRAME}."

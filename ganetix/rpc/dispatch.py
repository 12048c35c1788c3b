"""From a request's frame to its handler, and back."""

from functools import partial
from typing import Any

import attrs
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from ganetix import errors
from ganetix.rpc import codec
from ganetix.rpc.call import Call, Role
from ganetix.rpc.calls import TABLE
from ganetix.rpc.interfaces import CallContext, Handler, Handlers
from ganetix.rpc.requests import Requests
from ganetix.rpc.tables.sessions import VersionInfo
from ganetix.tls.identity import Identity
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.logcontext import working_for


@attrs.define(eq=False)
class Dispatch:
    """The table of calls with a handler for each, run at most once for each request id."""

    handlers: Handlers
    requests: Requests
    clock: Clock
    versions: VersionInfo
    log: Logger = attrs.field(factory=Logger)

    def answer(self, frame: bytes, role: Role, peer: Identity) -> Deferred[bytes]:
        """Return the frame that answers *frame*, sent by *peer* in *role*; never fails."""
        try:
            envelope = codec.decode_envelope(frame)
            call, handler = self._row(envelope.call, role)
            request = codec.decode_request(call, envelope.body)
        except errors.GanetiError as error:
            return succeed(codec.encode_error(error))
        deadline = self.clock.monotonic() + envelope.seconds
        context = CallContext(envelope.request_id, envelope.job_id, deadline, role, peer)
        begin = partial(self._run, call, handler, request, context)
        return self.requests.answer(envelope.request_id, call.idempotent, deadline, begin)

    def _row(self, name: str, role: Role) -> tuple[Call[Any, Any], Handler]:
        call, handler = TABLE.get(name), self.handlers.get(name)
        if call is None or handler is None:
            raise errors.RemoteError(
                f"The call {name} is not known here (ganetix {self.versions.software}, call table"
                f" {self.versions.calls}); upgrade this node."
            )
        if role not in call.roles:
            raise errors.RemoteError(
                f"The call {name} is refused: it is for {' or '.join(sorted(call.roles))}, and this"
                f" session is one of a {role}."
            )
        return call, handler

    async def _run(
        self, call: Call[Any, Any], handler: Handler, request: Any, context: CallContext
    ) -> bytes:
        with working_for(job=context.job_id, request=context.request_id, call=call.name):
            try:
                return codec.encode_answer(call, await handler(request, context))
            except CancelledError:
                return codec.encode_error(errors.RemoteError(f"Call {call.name} was cancelled."))
            except errors.GanetiError as error:
                return codec.encode_error(error)
            except OSError as error:
                return codec.encode_error(_refused_by_system(call.name, error))
            except Exception as error:  # noqa: BLE001 - a defect is logged, and told in a sentence
                self.log.failure("Call {call} failed", Failure(), call=call.name)
                return codec.encode_error(_defect(call.name, context.request_id, error))


def _refused_by_system(call: str, error: OSError) -> errors.StorageError:
    where = f"{error.filename}: " if error.filename else ""
    return errors.StorageError(f"Call {call} failed: {where}{error.strerror or error}.")


def _defect(call: str, request_id: str, error: Exception) -> errors.RemoteError:
    return errors.RemoteError(
        f"Call {call} met a defect in ganetix ({type(error).__name__}: {error}); the node daemon's"
        f" log has more under request {request_id}."
    )

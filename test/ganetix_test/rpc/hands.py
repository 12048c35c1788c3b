"""A node's handlers for tests of calls."""

from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from ganetix.rpc.call import Done
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.checks import Delay
from ganetix.rpc.tables.files import FileUpload
from ganetix.rpc.tables.hooks import HookResult, HookResults, HooksRun


class Hands:
    """A node's handlers that count what they do and can be held up."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.contexts: list[CallContext] = []
        self.cancelled = 0
        self.gate: Deferred[None] | None = None

    def table(self) -> dict[str, Any]:
        """The handlers by call name."""
        return {
            "test_delay": self.delay,
            "instance_reboot": self.reboot,
            "hooks_runner": self.hooks,
            "upload_file": self.upload,
            "os_diagnose": self.defect,
        }

    async def delay(self, request: Delay, context: CallContext) -> Done:
        """Note the call."""
        return await self._do("delay", context)

    async def reboot(self, request: Any, context: CallContext) -> Done:
        """Note the call; not idempotent."""
        return await self._do("reboot", context)

    async def hooks(self, request: HooksRun, context: CallContext) -> HookResults:
        """Answer with the path, many times over."""
        await self._do("hooks", context)
        size = int(request.env.get("SIZE", "1"))
        return HookResults([HookResult(request.path, 2, "x" * size)])

    async def upload(self, request: FileUpload, context: CallContext) -> Done:
        """Say how much came."""
        await self._do("upload", context)
        return Done(str(len(request.data)))

    async def defect(self, request: Any, context: CallContext) -> Done:
        """Fail as no handler should."""
        raise KeyError("oops")

    async def _do(self, what: str, context: CallContext) -> Done:
        self.did.append(what)
        self.contexts.append(context)
        if self.gate is not None:
            try:
                await self.gate
            except CancelledError:
                self.cancelled += 1
                raise
        return Done(what)

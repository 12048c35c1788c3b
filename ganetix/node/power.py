"""The machine's own power, and that of other machines through the out-of-band helper."""

from typing import Final

import attrs

from ganetix import errors
from ganetix.paths import Paths
from ganetix.process.command import Command, ProcessRunner
from ganetix.rpc.call import Done, Nothing
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.node_care import OobRun, Output
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.tasks import Tasks

SEARCH_PATH: Final = "/sbin:/bin:/usr/sbin:/usr/bin"
DELAY: Final = 5.0
"""Seconds in which the answer still gets away."""

_RESET: Final = (
    "echo 1 > /proc/sys/kernel/sysrq; echo b > /proc/sysrq-trigger; exec /sbin/reboot -n -f"
)
_RESTART: Final = """\
exec < /dev/null > /dev/null 2>&1
"$0/cmd" daemon-util stop-all
rm -f "$0"/var/run/ganeti/fake-hypervisor/*
exec "$0/cmd" daemon-util start-all
"""
"""What a node of a virtual cluster can have of a reboot: its guests are gone."""


@attrs.define(eq=False)
class Power:
    """The calls about power. What was promised is done, or forgotten at `stop`."""

    paths: Paths
    clock: Clock
    processes: ProcessRunner
    name: str = "power"
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)

    async def start(self) -> None:
        """Nothing is promised yet."""

    async def stop(self) -> None:
        """Forget what was not done yet."""
        await self._tasks.stop()

    async def powercycle(self, request: Nothing, context: CallContext) -> Done:
        """``node_powercycle``: the machine reboots in a moment, without any shutdown.

        A node of a virtual cluster has no machine: it loses its guests, and its daemons start anew.
        """
        self._tasks.spawn("reboot", self._reboot())
        return Done(f"{self.paths.hostname} reboots in {DELAY:.0f} seconds.")

    async def _reboot(self) -> None:
        await self.clock.sleep(DELAY)
        # The shell of a virtual node outlives this daemon, whose children go with it.
        line = (
            ("/usr/bin/setsid", "--fork", "/bin/sh", "-c", _RESTART, self.paths.root)
            if self.paths.virtual
            else ("/bin/sh", "-c", _RESET)
        )
        await self.processes.run(Command(line, {"PATH": SEARCH_PATH}))

    async def run_oob(self, request: OobRun, context: CallContext) -> Output:
        """``run_oob``: what the helper wrote; raise `errors.OpExecError` when it fails."""
        program = self.paths.incoming(request.program)
        line = (program, request.command, request.node)
        try:
            result = await self.processes.run(
                Command(line, {"PATH": SEARCH_PATH}, timeout=request.timeout)
            )
            result.check()
        except errors.CommandError as error:
            raise errors.OpExecError(error.message) from error
        return Output(result.stdout.decode("utf-8", "replace"))

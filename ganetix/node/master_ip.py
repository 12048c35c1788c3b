"""The cluster's address on this node, turned up and down; and the end of the master's daemons."""

from collections.abc import Mapping
from typing import Final

import attrs

from ganetix import errors
from ganetix.network.addresses import Addresses
from ganetix.node.hooks import FAILED, Hooks
from ganetix.paths import Paths
from ganetix.process.command import Command, ProcessRunner
from ganetix.rpc.call import Done, Nothing
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.cluster import MasterIp
from ganetix.rpc.tables.hooks import HooksRun
from ganetix.toolkit.interfaces import IFileSystem, IWorker

SEARCH_PATH: Final = "/sbin:/bin:/usr/sbin:/usr/bin"
IP_PROGRAMS: Final = ("/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip")
ARPING_PROGRAMS: Final = ("/usr/sbin/arping", "/sbin/arping", "/usr/bin/arping", "/bin/arping")

LIMIT: Final = 120.0
"""Seconds that a set-up program has."""


@attrs.frozen
class MasterDuty:
    """The calls about what only the master node has.

    *stop_master* is the command that stops the master's daemons in good order.
    """

    paths: Paths
    files: IFileSystem
    worker: IWorker
    processes: ProcessRunner
    addresses: Addresses
    hooks: Hooks
    stop_master: Command

    async def stop(self, request: Nothing, context: CallContext) -> Done:
        """``node_stop_master``: returns when the daemons have ended; raises `CommandError`."""
        (await self.processes.run(self.stop_master)).check()
        return Done()

    async def activate_ip(self, request: MasterIp, context: CallContext) -> Done:
        """``node_activate_master_ip``; raise `errors.OpExecError` with what the program said."""
        if self.paths.virtual:
            return _nothing_to_do("up", request)
        await self._hooked("master-ip-turnup", "OP_CLUSTER_IP_TURNUP", request, "start")
        return Done(f"The master IP {request.ip} is up on {self.paths.hostname}.")

    async def deactivate_ip(self, request: MasterIp, context: CallContext) -> Done:
        """``node_deactivate_master_ip``; raise `errors.OpExecError` with what the program said."""
        if self.paths.virtual:
            return _nothing_to_do("down", request)
        await self._hooked("master-ip-turndown", "OP_CLUSTER_IP_TURNDOWN", request, "stop")
        return Done(f"The master IP {request.ip} is down on {self.paths.hostname}.")

    async def _hooked(self, path: str, op_id: str, ip: MasterIp, verb: str) -> None:
        variables = _variables(ip)
        env = {f"GANETI_{key}": value for key, value in variables.items()}
        env |= await self._about_the_cluster(path, op_id)
        await self._hook(path, "pre", env)
        await (self._script(ip, verb) if ip.external else self._own(ip, verb))
        await self._hook(path, "post", env)

    async def _hook(self, path: str, phase: str, env: Mapping[str, str]) -> None:
        request = HooksRun(path, phase, {**env, "GANETI_HOOKS_PHASE": phase})
        found = await self.hooks.run_scripts(request)
        wrong = [row for row in found.results if row.status == FAILED]
        if wrong and phase == "pre":
            raise errors.HooksAbort(
                [(self.paths.hostname, row.script, row.output) for row in wrong]
            )

    async def _about_the_cluster(self, path: str, op_id: str) -> dict[str, str]:
        name, master = [await self._ssconf(key) for key in ("cluster_name", "master_node")]
        return {
            "PATH": SEARCH_PATH,
            "GANETI_HOOKS_VERSION": "2",
            "GANETI_HOOKS_PATH": path,
            "GANETI_OP_CODE": op_id,
            "GANETI_DATA_DIR": self.paths.data_dir,
            "GANETI_OBJECT_TYPE": "NODE",
            "GANETI_CLUSTER": name,
            "GANETI_MASTER": master,
        }

    async def _ssconf(self, key: str) -> str:
        try:
            text: bytes = await self.worker.run(self.files.read, self.paths.ssconf(key))
        except FileNotFoundError:
            return ""
        return text.decode().strip()

    async def _script(self, ip: MasterIp, verb: str) -> None:
        env = {"PATH": SEARCH_PATH, **_variables(ip)}
        await self._run(Command((self.paths.master_ip_script, verb), env, timeout=LIMIT))

    async def _own(self, ip: MasterIp, verb: str) -> None:
        if (verb == "start") == await self.addresses.owned(ip.ip):
            return
        program = await self._program(IP_PROGRAMS)
        action = "add" if verb == "start" else "del"
        line = [program, "address", action, f"{ip.ip}/{ip.netmask}", "dev", ip.netdev]
        if verb == "start" and ip.family == 4:
            line += ["label", f"{ip.netdev}:0"]
        await self._run(Command(tuple(line), {"PATH": SEARCH_PATH}, timeout=LIMIT))
        if verb == "start" and ip.family == 4:
            await self._announce(ip)

    async def _announce(self, ip: MasterIp) -> None:
        """Tell the neighbours where the address is now; without the program they learn it late."""
        program = await self._program(ARPING_PROGRAMS)
        if await self.worker.run(self.files.executable, program):
            line = (program, "-q", "-U", "-c", "3", "-I", ip.netdev, "-s", ip.ip, ip.ip)
            await self.processes.run(Command(line, {"PATH": SEARCH_PATH}, timeout=LIMIT))

    async def _program(self, places: tuple[str, ...]) -> str:
        """Return where the program is; the last place when it is nowhere."""
        for path in places:
            if await self.worker.run(self.files.executable, path):
                return path
        return places[-1]

    async def _run(self, command: Command) -> None:
        try:
            (await self.processes.run(command)).check()
        except errors.CommandError as error:
            raise errors.OpExecError(error.message) from error


def _variables(ip: MasterIp) -> dict[str, str]:
    return {
        "MASTER_IP": ip.ip,
        "MASTER_NETDEV": ip.netdev,
        "MASTER_NETMASK": str(ip.netmask),
        "CLUSTER_IP_VERSION": str(ip.family),
    }


def _nothing_to_do(verb: str, ip: MasterIp) -> Done:
    return Done(
        f"This is a virtual cluster: the master IP {ip.ip} is a loopback address, and nothing was "
        f"turned {verb}."
    )

"""What is around this node: its view of the network, of ssh, of LVM and DRBD, of its own lists."""

import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import attrs

from ganetix import errors
from ganetix.paths import Paths
from ganetix.process.command import Command, ProcessRunner
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.verify import DrbdFacts, Inspect, Inspected, Peer, VolumeFacts
from ganetix.storage import drbd_parse
from ganetix.storage.file_paths import AllowedPaths
from ganetix.storage.table import Drivers
from ganetix.toolkit.gather import gather
from ganetix.toolkit.interfaces import IFileSystem, IWorker

Reach = Callable[[str, int], Awaitable[str]]
"""``async reach(address, port)``: why a daemon does not answer there, nothing if it does."""

AUTHORIZED_KEYS: Final = "/root/.ssh/authorized_keys"
HELPER: Final = "/sys/module/drbd/parameters/usermode_helper"
STATUS: Final = "/proc/drbd"
SSH: Final = "/usr/bin/ssh"
SSH_LIMIT: Final = 20.0
AT_ONCE: Final = 20


@attrs.frozen
class Inspection:
    """The call ``node_verify_light``."""

    paths: Paths
    files: IFileSystem
    worker: IWorker
    processes: ProcessRunner
    drivers: Drivers
    reach: Reach
    port: int
    """At which the node daemons answer."""

    async def inspect(self, request: Inspect, context: CallContext) -> Inspected:
        """Look at everything that is asked for."""
        run = self.worker.run
        return Inspected(
            ssconf=await run(self._thd_ssconf, request.ssconf),
            unreachable=await self._unreachable(request.peers),
            ssh=await self._ssh(request.peers) if request.ssh else {},
            clutter=await run(self._thd_clutter) if request.clutter else [],
            volumes=await self._volumes(request) if request.vg_name else None,
            drbd=await run(self._thd_drbd) if request.drbd else None,
            programs=await run(self._thd_broken, request.programs),
            scripts=await run(self._thd_broken, request.scripts),
            forbidden=await run(self._thd_forbidden),
        )

    def _thd_ssconf(self, keys: Iterable[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for key in keys:
            data = self._thd_read(self.paths.ssconf(key))
            if data is not None:
                found[key] = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        return found

    async def _unreachable(self, peers: Iterable[Peer]) -> dict[str, str]:
        async def one(peer: Peer) -> str:
            for address in dict.fromkeys((peer.primary, peer.secondary)):
                why = await self.reach(address, self.port) if address else ""
                if why:
                    return f"{address}, port {self.port}: {why}"
            return ""

        return await self._wrong(one, peers)

    async def _ssh(self, peers: Iterable[Peer]) -> dict[str, str]:
        cluster = (await self.worker.run(self._thd_read, self.paths.ssconf("cluster_name"))) or b""

        async def one(peer: Peer) -> str:
            line = (
                SSH, "-oBatchMode=yes", "-oStrictHostKeyChecking=yes", "-oCheckHostIP=no",
                "-oHashKnownHosts=no", f"-oHostKeyAlias={cluster.decode().strip()}",
                f"-oUserKnownHostsFile={self.paths.known_hosts_file}",
                "-oGlobalKnownHostsFile=/dev/null", f"-oConnectTimeout={SSH_LIMIT / 2:.0f}",
                "-p", str(peer.ssh_port), f"root@{peer.name}", "true",
            )  # fmt: skip
            env = {"PATH": "/usr/bin:/bin", "HOME": "/root", "LC_ALL": "C"}
            try:
                (await self.processes.run(Command(line, env, timeout=SSH_LIMIT))).check()
            except errors.CommandError as error:
                return error.message.rstrip(".")
            return ""

        return await self._wrong(one, peers)

    async def _wrong(
        self, look: Callable[[Peer], Awaitable[str]], peers: Iterable[Peer]
    ) -> dict[str, str]:
        found = await gather(look, peers, AT_ONCE)
        return {peer.name: why for peer, why in found.items() if why}

    def _thd_clutter(self) -> list[str]:
        """Return the owners who have more than one key of a kind."""
        text = (self._thd_read(self.paths.at(AUTHORIZED_KEYS)) or b"").decode(errors="replace")
        rows = (row.split() for row in text.splitlines() if not row.startswith("#"))
        owners = Counter((row[0], row[2]) for row in rows if len(row) >= 3)
        return sorted({owner for (_, owner), count in owners.items() if count > 1})

    async def _volumes(self, request: Inspect) -> VolumeFacts:
        lvm, group = self.drivers.volumes, request.vg_name
        try:
            found = {one.name: one for one in await lvm.groups()}
            if group not in found:
                return VolumeFacts()
            physicals = [one.size for one in await lvm.physicals(group)]
            names = [one.name for one in await lvm.volumes(group)]
            others = [other for other in request.other_groups if other in found]
            elsewhere = [
                f"{other}/{one.name}" for other in others for one in await lvm.volumes(other)
            ]
        except errors.GanetiError as error:
            return VolumeFacts(error=error.message.rstrip("."))
        return VolumeFacts("", found[group].size, physicals, names, elsewhere)

    def _thd_drbd(self) -> DrbdFacts:
        status = (self._thd_read(STATUS) or b"").decode(errors="replace")
        helper = (self._thd_read(HELPER) or b"").decode(errors="replace").strip()
        used = [n for n, one in drbd_parse.minors(status).items() if one.configured]
        return DrbdFacts(drbd_parse.version(status), helper, sorted(used))

    def _thd_broken(self, sent: Iterable[str]) -> dict[str, str]:
        broken: dict[str, str] = {}
        for path in sent:
            local = self.paths.incoming(path)
            if not self.files.exists(local):
                broken[path] = "is not there"
            elif not self.files.executable(local):
                broken[path] = "is not an executable file"
        return broken

    def _thd_forbidden(self) -> list[str]:
        allowed = AllowedPaths(self.paths, self.files)
        found: list[str] = []
        for directory in allowed.directories():
            try:
                allowed.possible(directory)
            except errors.FileStoragePathError as error:
                found.append(error.message.rstrip("."))
        return found

    def _thd_read(self, path: str) -> bytes | None:
        try:
            return self.files.read(path)
        except OSError:
            return None

"""Cluster files on this node: simple configuration values, uploads, and their end."""

import re
from collections.abc import Callable, Mapping
from typing import Final

import attrs

from ganetix import errors
from ganetix.node.roles import Mastership, remove_candidate_files
from ganetix.paths import Paths
from ganetix.rpc.call import Done
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.files import FileUpload, LeaveCluster, SsconfUpdate
from ganetix.toolkit.interfaces import IFileSystem, IWorker

SSCONF_LIMIT: Final = 128 * 1024
CANDIDATES: Final = "master_candidates_certs"
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]*")


def uploads(paths: Paths) -> Mapping[str, int]:
    """Return the local paths that the master may write, with the widest mode of each."""
    return {
        paths.known_hosts_file: 0o644,
        paths.ssh_public_keys_file: 0o600,
        paths.rapi_cert_file: 0o640,
        paths.rapi_users_file: 0o640,
        paths.authority_cert_file: 0o644,
        paths.authority_key_file: 0o600,
        f"{paths.data_dir}/hmac.key": 0o440,
        f"{paths.data_dir}/cluster-domain-secret": 0o640,
        f"{paths.data_dir}/spice.pem": 0o440,
        f"{paths.data_dir}/spice-ca.pem": 0o440,
        paths.at("/etc/ganeti/vnc-cluster-password"): 0o600,
        paths.master_ip_script: 0o755,
        paths.at("/etc/ganeti/kvm-vif-bridge"): 0o755,
        paths.at("/etc/hosts"): 0o644,
    }


def parse_candidates(text: str) -> Mapping[str, str]:
    """Return node uuid to certificate digest from the lines ``uuid=digest`` of ssconf."""
    rows = (line.partition("=") for line in text.splitlines())
    return {uuid.strip(): digest.strip() for uuid, sign, digest in rows if sign}


@attrs.define(eq=False)
class ClusterFiles:
    """The file calls, and the list of those who may command as it is now.

    *candidates_changed* is told when that list is another one. *left* is told when the node has
    left the cluster: the daemon answers what it still has to, and ends.
    """

    paths: Paths
    files: IFileSystem
    worker: IWorker
    mastership: Mastership
    candidates_changed: Callable[[], None]
    left: Callable[[], None]
    name: str = "cluster files"
    _candidates: Mapping[str, str] = attrs.field(factory=dict, init=False)

    async def start(self) -> None:
        """Read the list of master candidates' certificates."""
        self._candidates = await self.worker.run(self._thd_candidates)

    async def stop(self) -> None:
        """Nothing is open between two calls."""

    def candidates(self) -> Mapping[str, str]:
        """Return who may command: node uuid to certificate digest."""
        return self._candidates

    async def write_ssconf(self, request: SsconfUpdate, context: CallContext) -> Done:
        """``write_ssconf_files``: only values that differ are written."""
        changed: frozenset[str] = await self.worker.run(self._thd_ssconf, request.values)
        if CANDIDATES in changed:
            self._candidates = parse_candidates(request.values[CANDIDATES])
            self.candidates_changed()
        return Done()

    async def upload(self, request: FileUpload, context: CallContext) -> Done:
        """``upload_file``; raise `errors.OpPrereqError` for any other path or a wider mode."""
        await self.worker.run(self._thd_upload, request)
        return Done()

    async def leave_cluster(self, request: LeaveCluster, context: CallContext) -> Done:
        """``node_leave_cluster``: remove keys, certificates and all state of the cluster."""
        await self.worker.run(self._thd_leave)
        await self.mastership.forget()
        self.left()
        return Done()

    def _thd_candidates(self) -> Mapping[str, str]:
        return parse_candidates((self._thd_value(CANDIDATES) or b"").decode())

    def _thd_ssconf(self, values: Mapping[str, str]) -> frozenset[str]:
        for key, text in values.items():
            if not _KEY.fullmatch(key):
                raise errors.ConfigurationError(
                    f"'{key}' is not a key of the simple configuration."
                )
            if len(text.encode()) > SSCONF_LIMIT:
                raise errors.ConfigurationError(
                    f"The value of ssconf_{key} is longer than {SSCONF_LIMIT} bytes."
                )
        changed = {key for key, text in values.items() if self._thd_value(key) != text.encode()}
        self.files.make_dirs(self.paths.data_dir, 0o755)
        for key in sorted(changed):
            # Who may command must survive a power cut: without it no master could mend the rest.
            sync = key == CANDIDATES
            self.files.replace(self.paths.ssconf(key), values[key].encode(), 0o444, sync)
        return frozenset(changed)

    def _thd_value(self, key: str) -> bytes | None:
        try:
            return self.files.read(self.paths.ssconf(key))
        except FileNotFoundError:
            return None

    def _thd_upload(self, request: FileUpload) -> None:
        path = self.paths.incoming(request.path)
        widest = uploads(self.paths).get(path)
        if widest is None:
            raise errors.OpPrereqError(
                f"{path} is not a cluster file; node {self.paths.hostname} does not let the master "
                f"write it.",
                errors.INVAL,
            )
        if request.mode & ~widest:
            raise errors.OpPrereqError(
                f"{path} may have mode {widest:04o} at most, not {request.mode:04o}.", errors.INVAL
            )
        self.files.make_dirs(path.rpartition("/")[0], 0o750)
        self.files.replace(path, request.data, request.mode, True)

    def _thd_leave(self) -> None:
        remove_candidate_files(self.paths, self.files)
        names = (n for n in self.files.entries(self.paths.data_dir) if n.startswith("ssconf_"))
        shared = (path for path in uploads(self.paths) if path.startswith(self.paths.data_dir))
        for path in (
            *(f"{self.paths.data_dir}/{name}" for name in names),
            *shared,
            self.paths.node_cert_file,
        ):
            if self.files.exists(path):
                self.files.remove(path)

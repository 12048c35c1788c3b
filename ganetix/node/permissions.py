"""Modes that files of the cluster may have at most; verify tells which have wider ones.

Source: the reference's path permissions. Owners are those of the daemons' accounts, which an
installation as root sets up.
"""

from collections.abc import Mapping

from ganetix.paths import Paths
from ganetix.toolkit.interfaces import IFileSystem


def widest(paths: Paths) -> Mapping[str, int]:
    """Return the local paths that are looked at, each with its widest mode."""
    return {
        paths.config_file: 0o640,
        paths.journal_file: 0o640,
        paths.epoch_file: 0o644,
        paths.authority_key_file: 0o600,
        paths.node_cert_file: 0o440 | 0o600,
        paths.rapi_cert_file: 0o640,
        paths.rapi_users_file: 0o640,
        paths.known_hosts_file: 0o644,
        paths.queue_dir: 0o750,
        f"{paths.data_dir}/hmac.key": 0o640,
        f"{paths.data_dir}/cluster-domain-secret": 0o640,
    }


def wrong(paths: Paths, files: IFileSystem) -> list[str]:
    """Return a sentence for each file that too many may read or write (blocking)."""
    return [
        f"{path} has mode {mode:04o}, which lets too many at it; 'chmod {most:o} {path}' mends it."
        for path, most in widest(paths).items()
        if files.exists(path) and (mode := files.mode(path)) & ~most
    ]

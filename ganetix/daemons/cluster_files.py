"""The files that make a machine a node, or the master, of a cluster: written, read, removed."""

import os
import shutil
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from ganetix import errors
from ganetix.daemons import layout
from ganetix.ids import Randomness
from ganetix.master.config import ssconf
from ganetix.master.store.recovery import recover
from ganetix.model.cluster import Cluster
from ganetix.model.codec import encode_config
from ganetix.paths import Paths
from ganetix.rpc.tables.sessions import MasterInfo
from ganetix.tls.authority import Authority
from ganetix.tls.credentials import Credentials, certificate_from_pem, key_from_pem, key_to_pem
from ganetix.tls.credentials import certificate_to_pem as to_pem
from ganetix.toolkit.files import FileSystem

SHARED: Final = (
    "hmac.key", "cluster-domain-secret", "rapi.pem", "known_hosts", "spice.pem", "spice-ca.pem",
)  # fmt: skip
"""What every node has the same copy of, by its name in the data directory."""

CLUSTER_ONLY: Final = (
    "config.data", "config.data.good", "journal", "mastership", "authority.key", "authority.pem",
    "server.pem", "joining.key", "rapi.pem", "hmac.key", "cluster-domain-secret", "known_hosts",
    "ganeti_pub_keys", "spice.pem", "spice-ca.pem", "watcher.pause",
)  # fmt: skip
"""Everything in the data directory that goes when a machine leaves its cluster."""


def data_file(paths: Paths, name: str) -> str:
    """Return the path of *name* in the data directory."""
    return f"{paths.data_dir}/{name}"


def read_text(path: str) -> str | None:
    """Return the text of *path*, None if it is not there."""
    try:
        with open(path, encoding="utf-8") as source:
            return source.read()
    except FileNotFoundError:
        return None


def cluster_name(paths: Paths) -> str | None:
    """Return the name of the cluster that this machine is part of, None if of none."""
    named = read_text(paths.ssconf("cluster_name"))
    return named.strip() if named else None


def write_configuration(paths: Paths, cluster: Cluster) -> None:
    """Write what a master has: configuration, ssconf, mastership and an empty job queue."""
    layout.write(paths, "config.data", encode_config(cluster))
    for key, text in ssconf.values(cluster).items():
        layout.write_ssconf(paths, key, text)
    info = MasterInfo(cluster.master.name, cluster.cluster.epoch)
    layout.write(paths, "mastership", msgspec.json.encode(info))
    layout.write(paths, "queue/serial", b"0\n")
    layout.write(paths, "queue/version", b"1\n")


def write_secrets(paths: Paths, randomness: Randomness) -> None:
    """Make the secrets that the cluster's nodes share."""
    layout.write(paths, "hmac.key", f"{randomness.secret(32)}\n".encode())
    layout.write(paths, "cluster-domain-secret", f"{randomness.secret(32)}\n".encode())


def write_authority(paths: Paths, authority: Authority) -> None:
    """Keep the authority: its key for candidates alone, its certificate for all."""
    layout.write(paths, "authority.key", key_to_pem(authority.credentials.key))
    layout.write(paths, "authority.pem", to_pem(authority.certificate))


def read_authority(paths: Paths, randomness: Randomness) -> Authority:
    """Return the cluster's authority; raise `errors.OpPrereqError` where its key is not."""
    key, certificate = paths.authority_key_file, paths.authority_cert_file
    files = FileSystem()
    try:
        pem = files.read(key)
    except FileNotFoundError as error:
        raise errors.OpPrereqError(
            f"{key} does not exist: certificates are made on the master, and this is not it."
        ) from error
    found = Credentials(
        key_from_pem(pem, key), certificate_from_pem(files.read(certificate), certificate)
    )
    return Authority(found, randomness)


def read_cluster(paths: Paths) -> Cluster:
    """Return the newest configuration on this machine's disk, the journal included."""
    return recover(FileSystem(), paths).replay.cluster()


def shared_files(paths: Paths) -> Mapping[str, str]:
    """Return the texts of `SHARED` that are here."""
    texts = {name: read_text(data_file(paths, name)) for name in SHARED}
    return {name: text for name, text in texts.items() if text is not None}


def remove_cluster(paths: Paths) -> None:
    """Remove everything that made this machine part of a cluster; logs stay."""
    for path in (*(data_file(paths, name) for name in CLUSTER_ONLY), *_ssconf_files(paths)):
        if os.path.lexists(path):
            os.unlink(path)
    shutil.rmtree(paths.queue_dir, ignore_errors=True)


def _ssconf_files(paths: Paths) -> Iterable[str]:
    if os.path.isdir(paths.data_dir):
        for name in os.listdir(paths.data_dir):
            if name.startswith("ssconf_"):
                yield data_file(paths, name)

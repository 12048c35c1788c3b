"""The cluster's use of ssh: known hosts, host keys, root's key and whom it lets in.

As in the reference: all nodes show the same host keys, known under the cluster's name; the nodes'
public keys are in ``ganeti_pub_keys`` as ``<node uuid> <key>``, and root lets in those of master
candidates.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from typing import Final

from ganetix import errors
from ganetix.daemons import layout
from ganetix.daemons.cluster_files import data_file, read_text
from ganetix.model.cluster import Cluster
from ganetix.model.ssh import public_keys
from ganetix.paths import Paths

HOST_KEY_TYPES: Final = ("rsa", "dsa", "ecdsa", "ed25519")
HOST_KEY_DIR: Final = "/etc/ssh"
HOSTS: Final = "/etc/hosts"
SSHD_PID: Final = "/run/sshd.pid"


def begin(paths: Paths, cluster: Cluster) -> None:
    """Set up the first node: its host keys are the cluster's, and its root may log in."""
    layout.write(paths, "known_hosts", known_hosts(cluster.cluster.cluster_name).encode())
    public = own_key(cluster.cluster.ssh_key_type, cluster.cluster.ssh_key_bits)
    row = f"{cluster.cluster.master_node} {public}\n"
    layout.write(paths, "ganeti_pub_keys", row.encode())
    authorise([public])


def known_hosts(cluster_name: str) -> str:
    """Return the known hosts: the cluster's name with each type of host key that is here."""
    return "".join(
        f"{cluster_name} {' '.join(text.split()[:2])}\n"
        for name, text in host_keys().items()
        if name.endswith(".pub")
    )


def host_keys() -> dict[str, str]:
    """Return this machine's host keys, private and public, by file name."""
    names = [f"ssh_host_{kind}_key{end}" for kind in HOST_KEY_TYPES for end in ("", ".pub")]
    texts = {name: read_text(f"{HOST_KEY_DIR}/{name}") for name in names}
    return {name: text for name, text in texts.items() if text is not None}


def directory() -> str:
    """Return where this daemon's user, root, has its ssh keys."""
    return f"{pwd.getpwuid(os.geteuid()).pw_dir}/.ssh"


def own_key(kind: str, bits: int) -> str:
    """Return root's public key of *kind*, made if it is not there."""
    path = f"{directory()}/id_{kind}"
    if not os.path.exists(path):
        os.makedirs(directory(), mode=0o700, exist_ok=True)
        program = shutil.which("ssh-keygen")
        if program is None:
            raise errors.OpPrereqError(
                "ssh-keygen is not installed. Install openssh-client, or leave ssh alone with "
                "--no-ssh-init.",
                errors.ENVIRON,
            )
        command = [program, "-q", "-t", kind, "-b", str(bits), "-N", "", "-f", path]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return (read_text(f"{path}.pub") or "").strip()


def candidates_keys(paths: Paths, cluster: Cluster) -> tuple[str, ...]:
    """Return the public keys of the cluster's master candidates."""
    keys = public_keys(read_text(data_file(paths, "ganeti_pub_keys")) or "")
    candidates = (node.uuid for node in cluster.nodes.values() if node.master_candidate)
    return tuple(key for uuid in candidates for key in keys.get(uuid, ()))


def authorise(keys: Iterable[str]) -> None:
    """Let the owners of *keys* log in as root here; those that may already are not repeated."""
    path = f"{directory()}/authorized_keys"
    os.makedirs(directory(), mode=0o700, exist_ok=True)
    present = (read_text(path) or "").splitlines()
    fresh = [key for key in keys if key and key not in present]
    _replace(path, "".join(f"{row}\n" for row in (*present, *fresh)), 0o600)


def take(keys: Mapping[str, str], authorised: Iterable[str]) -> None:
    """Make this machine one of the cluster's for ssh.

    *keys* are the cluster's host keys by file name. Keys that were here are kept beside the new
    ones as ``.before-ganeti``.
    """
    allowed = {f"ssh_host_{kind}_key{end}" for kind in HOST_KEY_TYPES for end in ("", ".pub")}
    for name, text in keys.items():
        if name not in allowed:
            raise errors.OpPrereqError(f"'{name}' is no ssh host key.", errors.INVAL)
        path = f"{HOST_KEY_DIR}/{name}"
        if os.path.exists(path) and not os.path.exists(f"{path}.before-ganeti"):
            os.link(path, f"{path}.before-ganeti")
        _replace(path, text, 0o644 if name.endswith(".pub") else 0o600)
    _reload_sshd()
    authorise(authorised)


def _reload_sshd() -> None:
    """Have the ssh daemon read its new keys; it does so by itself for the next boot."""
    pid = (read_text(SSHD_PID) or "").strip()
    if pid.isdecimal():
        os.kill(int(pid), 1)


def add_to_hosts(address: str, name: str) -> None:
    """Add the node to ``/etc/hosts`` if its name is not there."""
    text = read_text(HOSTS) or ""
    if not any(name in line.partition("#")[0].split()[1:] for line in text.splitlines()):
        _replace(HOSTS, f"{text.rstrip()}\n{address} {name} {name.partition('.')[0]}\n", 0o644)


def _replace(path: str, text: str, mode: int) -> None:
    fd = os.open(f"{path}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(fd, "w", encoding="utf-8") as target:
        target.write(text)
        os.fchmod(fd, mode)
        os.fsync(fd)
    os.replace(f"{path}.new", path)

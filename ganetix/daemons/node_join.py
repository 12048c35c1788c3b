"""The master's side of joining: brings a machine the cluster's certificate and files."""

import os
import subprocess
import sys
import time
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ganetix import errors
from ganetix.daemons import cluster_files, daemon_util, settings, ssh_files
from ganetix.master.bootstrap.interface import IBootstrap, Target
from ganetix.master.bootstrap.join import Material, join
from ganetix.master.bootstrap.request import Join, Joined
from ganetix.master.bootstrap.sibling import SiblingDirectory
from ganetix.master.bootstrap.ssh import Ssh
from ganetix.master.config import ssconf
from ganetix.model.cluster import Cluster
from ganetix.paths import Paths

T = TypeVar("T")


def join_node(paths: Paths, request: Join) -> Joined:
    """Give the machine that *request* names its certificate; raise `errors.GanetiError`."""
    if not daemon_util.is_master(paths):
        raise errors.NotMasterError(
            f"{paths.hostname} is not the master; run 'gnt-node add' on the master node."
        )
    host = settings.resolve_now(paths, request.node_name)
    cluster = cluster_files.read_cluster(paths)
    uuid = uuid_for(cluster, host.name, request.readd)
    target = Target(host.name, host.address)
    material = _material(paths, cluster, request)
    bootstrap = _bootstrap(paths, request, material)
    return _finished(
        join(
            target, uuid, request.readd, bootstrap, material, time.time(), force=request.force_join
        )
    )


def uuid_for(cluster: Cluster, name: str, readd: bool) -> str:
    """Return the uuid that node *name* has or gets; raise `errors.OpPrereqError` if it can't join.

    Asked before anything is done: joining begins with stopping and cleaning the machine.
    """
    known = cluster.indexes.node_names.get(name)
    if known == cluster.cluster.master_node:
        raise errors.OpPrereqError(
            f"{name} is the master of this cluster; it can't be added again.", errors.INVAL
        )
    if readd:
        if known is None:
            raise errors.OpPrereqError(
                f"{name} is no node of this cluster, so it can't be added again; leave out "
                "--readd.",
                errors.NOENT,
            )
        return known
    if known is not None:
        raise errors.OpPrereqError(
            f"{name} is already a node of this cluster; 'gnt-node add --readd {name}' sets it up "
            "again.",
            errors.EXISTS,
        )
    return settings.randomness().uuid()


def _material(paths: Paths, cluster: Cluster, request: Join) -> Material:
    real_ssh = cluster.cluster.modify_ssh_setup and request.node_setup and not paths.virtual
    return Material(
        cluster.cluster.cluster_name,
        cluster_files.read_authority(paths, settings.randomness()),
        ssconf.values(cluster),
        cluster_files.shared_files(paths),
        ssh_files.host_keys() if real_ssh else {},
        ssh_files.candidates_keys(paths, cluster) if real_ssh else (),
        cluster.cluster.ssh_key_type,
        cluster.cluster.ssh_key_bits,
    )


def _bootstrap(paths: Paths, request: Join, material: Material) -> IBootstrap:
    if paths.virtual:
        return SiblingDirectory(paths, sys.executable, spawn, os.path.isdir)
    cluster = material.cluster_name if material.ssh_host_keys else ""
    return Ssh(
        sys.executable, spawn, request.ssh_port, request.ssh_key_check, cluster,
        paths.known_hosts_file,
    )  # fmt: skip


async def spawn(command: Sequence[str], environment: Mapping[str, str], request: bytes) -> bytes:
    """See `ganetix.master.bootstrap.interface.Spawn`; it blocks: this program does nothing else."""
    return _ran(command, environment, request)


def _ran(command: Sequence[str], environment: Mapping[str, str], request: bytes) -> bytes:
    done = subprocess.run(
        command, input=request, capture_output=True, check=False, env={**os.environ, **environment}
    )
    if done.returncode != 0:
        told = done.stderr.decode(errors="replace").strip().splitlines()
        last = told[-1] if told else f"it ended with exit code {done.returncode}."
        raise errors.CommandError(last)
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else b""


def _finished(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of *work*, which waits for nothing but blocking calls."""
    results: list[Any] = []
    deferred = Deferred.fromCoroutine(work).addBoth(results.append)
    if not deferred.called:
        raise errors.ProgrammerError("Joining waits for something that blocks not.")
    (result,) = results
    if isinstance(result, Failure):
        result.raiseException()
    found: T = result
    return found

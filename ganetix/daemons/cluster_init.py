"""``gnt-cluster init`` where it happens: on the machine that becomes the master."""

import os
import shutil
import socket
import subprocess
import time

from ganetix import errors
from ganetix.daemons import (
    cluster_files,
    daemon_util,
    layout,
    rapi_certificate,
    settings,
    ssh_files,
)
from ganetix.hypervisor.libvirt import library
from ganetix.hypervisor.table import WITH_LIBVIRT
from ganetix.ids import Randomness
from ganetix.master.allocation.programs import BUILT_IN, find_program
from ganetix.master.bootstrap.initial import Place, first_configuration
from ganetix.master.bootstrap.request import Init
from ganetix.model.cluster import Cluster
from ganetix.paths import Paths
from ganetix.storage.file_paths import AllowedPaths
from ganetix.tls.authority import Authority
from ganetix.tls.identity import NODE, digest_of
from ganetix.toolkit.files import FileSystem

MIN_VG_SIZE = 20 * 1024
"""MiB that a volume group must have for a cluster with LVM disks."""


def init(paths: Paths, request: Init) -> None:
    """Make this machine the master of a new cluster and start its daemons.

    Raise `errors.GanetiError` with a sentence; nothing of the cluster is left behind then.
    """
    _check_clean(paths)
    place = _place(paths, request)
    _check_addresses(paths, place)
    for daemon in daemon_util.MODULES:
        settings.account(daemon, paths)
    layout.make_directories(paths)
    randomness, now = settings.randomness(), time.time()
    authority = Authority.create(place.cluster_name, now, randomness)
    uuid = randomness.uuid()
    credentials = authority.credentials_for(uuid, [NODE], now)
    digest = digest_of(credentials.certificate)
    cluster = first_configuration(request, place, digest, uuid, randomness, now)
    _check_hypervisors(cluster)
    _check_volume_group(cluster)
    check_allocator(paths, cluster)
    check_directories(paths, cluster)
    try:
        cluster_files.write_authority(paths, authority)
        layout.write(paths, "server.pem", credentials.to_pem())
        _write(paths, cluster, randomness, now)
        _start(paths)
    except BaseException:
        daemon_util.stop_all(paths)
        cluster_files.remove_cluster(paths)
        raise


def _check_hypervisors(cluster: Cluster) -> None:
    """Raise `errors.HypervisorError` when this machine lacks what an enabled hypervisor needs."""
    if set(WITH_LIBVIRT).intersection(cluster.cluster.enabled_hypervisors):
        library.require()


def _write(paths: Paths, cluster: Cluster, randomness: Randomness, now: float) -> None:
    name = cluster.cluster.cluster_name
    cluster_files.write_secrets(paths, randomness)
    layout.write(paths, "rapi.pem", rapi_certificate.self_signed(name, now))
    if not os.path.exists(paths.rapi_users_file):
        layout.write(paths, "rapi/users", b"")
    if paths.virtual:
        print("A virtual cluster: the ssh set-up and /etc/hosts are left alone.")
    else:
        if cluster.cluster.modify_ssh_setup:
            ssh_files.begin(paths, cluster)
        if cluster.cluster.modify_etc_hosts:
            ssh_files.add_to_hosts(cluster.master.primary_ip, cluster.master.name)
    cluster_files.write_configuration(paths, cluster)


def _start(paths: Paths) -> None:
    for daemon in ("ganeti-noded", *daemon_util.MASTER_DAEMONS):
        print(f"Starting {daemon} ...", flush=True)
        if daemon_util.start(paths, daemon) != 0:
            raise errors.OpExecError(
                f"{daemon} did not start; the cluster was not made. The reason is above and in "
                f"{settings.log_file(paths, daemon)}."
            )


def _place(paths: Paths, request: Init) -> Place:
    node = settings.resolve_now(paths, paths.hostname)
    cluster = settings.resolve_now(paths, request.cluster_name)
    return Place(paths.hostname, node.address, cluster.name.lower(), cluster.address, paths.virtual)


def _check_clean(paths: Paths) -> None:
    known = cluster_files.cluster_name(paths)
    if known or os.path.exists(paths.config_file):
        raise errors.OpPrereqError(
            f"{paths.hostname} is already part of cluster {known or paths.config_file}; "
            "'gnt-cluster destroy' ends one.",
            errors.STATE,
        )
    for directory in (paths.data_dir, paths.queue_dir):
        left = [name for name in _names(directory) if os.path.isfile(f"{directory}/{name}")]
        if left:
            raise errors.OpPrereqError(
                f"{directory} is not empty ({', '.join(sorted(left)[:3])}): files of another "
                "cluster may be lost. Move them away first.",
                errors.STATE,
            )


def _names(directory: str) -> list[str]:
    return os.listdir(directory) if os.path.isdir(directory) else []


def _check_addresses(paths: Paths, place: Place) -> None:
    if not paths.virtual and place.node_ip.startswith("127."):
        raise errors.OpPrereqError(
            f"{place.node_name} resolves to {place.node_ip}, a loopback address that other nodes "
            "can't reach; correct /etc/hosts.",
            errors.INVAL,
        )
    if not _owned(place.node_ip):
        raise errors.OpPrereqError(
            f"{place.node_name} resolves to {place.node_ip}, which is no address of this machine; "
            "correct the name service or /etc/hosts.",
            errors.ENVIRON,
        )
    if place.cluster_ip == place.node_ip:
        raise errors.OpPrereqError(
            f"The cluster {place.cluster_name} resolves to this node's own address "
            f"{place.node_ip}; it needs one of its own.",
            errors.INVAL,
        )
    if _answers(place.cluster_ip, settings.default_port("ganeti-noded")):
        raise errors.OpPrereqError(
            f"The cluster's address {place.cluster_ip} answers already: it must be free.",
            errors.NOTUNIQUE,
        )


def _owned(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        try:
            trial.bind((address, 0))
        except OSError:
            return False
    return True


def _answers(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=1.0).close()
    except OSError:
        return False
    return True


def check_directories(paths: Paths, cluster: Cluster) -> None:
    """Raise `errors.FileStoragePathError` if an enabled template's directory can't be one."""
    settings_of = cluster.cluster
    allowed = AllowedPaths(paths, FileSystem())
    for template, directory in (
        ("file", settings_of.file_storage_dir),
        ("sharedfile", settings_of.shared_file_storage_dir),
    ):
        if template in settings_of.enabled_disk_templates:
            allowed.possible(directory)


def check_allocator(paths: Paths, cluster: Cluster) -> None:
    """Raise `errors.OpPrereqError` if the default instance allocator is not there."""
    name = cluster.cluster.default_iallocator
    if name not in ("", BUILT_IN) and find_program(paths, FileSystem(), name) is None:
        raise errors.OpPrereqError(
            f"There is no instance allocator '{name}'; leave -I out for {BUILT_IN}, which is built "
            f"in, or put the program into {paths.iallocator_search_path[0]}.",
            errors.INVAL,
        )


def _check_volume_group(cluster: Cluster) -> None:
    name = cluster.cluster.volume_group_name
    if name is None:
        return
    size = _volume_group_size(name)
    if size is None:
        raise errors.OpPrereqError(
            f"The volume group '{name}' does not exist here. Make it, name another with --vg-name, "
            "or leave plain and drbd out of --enabled-disk-templates.",
            errors.ENVIRON,
        )
    if size < MIN_VG_SIZE:
        raise errors.OpPrereqError(
            f"The volume group '{name}' has {size:.0f} MiB; it must have {MIN_VG_SIZE} at least.",
            errors.INVAL,
        )


def _volume_group_size(name: str) -> float | None:
    """Return the size in MiB, None when there is no such group or no LVM."""
    program = shutil.which("vgs")
    if program is None:
        return None
    command = [program, "--noheadings", "--nosuffix", "--units", "m", "-o", "vg_size", name]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return float(found.stdout) if found.returncode == 0 else None

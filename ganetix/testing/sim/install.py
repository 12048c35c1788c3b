"""A cluster as it is on disks before anything has started."""

from typing import Final

import msgspec

from ganetix.hypervisor.host import CPUINFO, MEMINFO
from ganetix.ids import Randomness
from ganetix.master.bootstrap.initial import Place, first_configuration
from ganetix.master.bootstrap.request import Init
from ganetix.master.config import ssconf
from ganetix.model.changes import Change, apply, stamped
from ganetix.model.cluster import Cluster
from ganetix.model.codec import encode_config
from ganetix.model.objects import Node
from ganetix.node.checks import BOOT_ID
from ganetix.rpc.tables.sessions import MasterInfo
from ganetix.testing.sim.machines import WALL, Machine, digest
from ganetix.testing.sim.noded import OS_DIR, SCRIPTS

FILE_DIR: Final = "/srv/ganeti/file-storage"
_TEXTS: Final = {
    MEMINFO: b"MemTotal: 8388608 kB\nMemFree: 8000000 kB\nBuffers: 0 kB\nCached: 0 kB\n",
    CPUINFO: b"".join(b"processor : %d\nphysical id : 0\n" % number for number in range(16)),
    "/etc/ganeti/file-storage-paths": f"{FILE_DIR}\n".encode(),
    f"{OS_DIR}/ganeti_api_version": b"20\n",
    f"{OS_DIR}/parameters.list": b"",
}


def cluster(size: int, dice: Randomness) -> Cluster:
    """Return a cluster of *size* nodes, all of them master candidates; the first is the master."""
    names = [f"node{number + 1}.example.com" for number in range(size)]
    uuids = [dice.uuid() for _ in names]
    request = Init(
        cluster_name="cluster.example.com",
        enabled_hypervisors=["fake"],
        enabled_disk_templates=["file", "diskless"],
        file_storage_dir=FILE_DIR,
        master_netdev="lo",
        hvparams={"fake": {}},
    )
    place = Place(names[0], "192.0.2.1", request.cluster_name, "192.0.2.254", virtual=True)
    first = first_configuration(request, place, digest(names[0]), uuids[0], dice, WALL)
    group = first.master.group
    others = tuple(
        Node(uuid, name, f"192.0.2.{at + 2}", f"192.0.2.{at + 2}", group, master_candidate=True)
        for at, (name, uuid) in enumerate(zip(names[1:], uuids[1:], strict=True))
    )
    certificates = {uuid: digest(name) for name, uuid in zip(names, uuids, strict=True)}
    settings = msgspec.structs.replace(first.cluster, candidate_certs=certificates)
    change = stamped(first, Change(cluster=settings, nodes=others), WALL)
    return apply(first, change, WALL)


def on_disk(machine: Machine, state: Cluster) -> None:
    """Put what a node of the cluster has on the disk of *machine*."""
    fs, paths = machine.fs, machine.paths
    for path in (paths.data_dir, paths.queue_dir, paths.archive_dir, FILE_DIR, OS_DIR, "/proc"):
        fs.make_dirs(path, 0o750)
    for path in ("/etc/ganeti", "/proc/sys/kernel/random"):
        fs.make_dirs(path, 0o755)
    for path, data in _TEXTS.items():
        fs.replace(path, data, 0o644, True)
    for name in SCRIPTS:
        fs.replace(f"{OS_DIR}/{name}", b"#!\n", 0o755, True)
    for key, text in ssconf.values(state).items():
        fs.replace(paths.ssconf(key), text.encode(), 0o444, True)
    if state.master.uuid == machine.uuid:
        fs.replace(paths.config_file, encode_config(state), 0o640, True)
    obeyed = MasterInfo(state.master.name, state.cluster.epoch)
    fs.replace(paths.epoch_file, msgspec.json.encode(obeyed), 0o600, True)
    booted(machine)


def booted(machine: Machine) -> None:
    """Put there what a machine has after it was switched on."""
    fs = machine.fs
    fs.make_dirs(machine.paths.run_dir, 0o755)
    fs.replace(BOOT_ID, f"boot {machine.starts} of {machine.name}\n".encode(), 0o444, True)

"""What the running master knows, for queries by LUXI and by opcode."""

from collections.abc import Collection, Mapping
from typing import Any, Final

import attrs

from ganetix import errors
from ganetix.master.config.ssconf import RELEASE
from ganetix.master.jobs.records import Job
from ganetix.master.livestate import LiveState
from ganetix.master.service import Master
from ganetix.model import schema
from ganetix.model.cluster import CONFIG_VERSION, Cluster
from ganetix.model.hypervisors import HYPERVISORS
from ganetix.query.job import ARCHIVED
from ganetix.query.view import View
from ganetix.rpc.call import Nothing
from ganetix.rpc.tables.export import EXPORT_LIST
from ganetix.toolkit.gather import gather

EXPORTS_WITHIN: Final = 10.0
"""Seconds that a node has to say which exports it keeps: they are its files, and nowhere else."""
ASKED_AT_ONCE: Final = 20
"""Nodes that are asked at the same time."""

_SAME: Final = (
    "os_hvp", "osparams", "ndparams", "candidate_pool_size",
    "max_running_jobs", "max_tracked_jobs", "mac_prefix", "master_netdev", "master_netmask",
    "use_external_mip_script", "volume_group_name", "drbd_usermode_helper", "file_storage_dir",
    "shared_file_storage_dir", "gluster_storage_dir", "maintain_node_health", "ctime", "mtime",
    "uuid", "tags", "uid_pool", "default_iallocator", "default_iallocator_params", "reserved_lvs",
    "prealloc_wipe_disks", "hidden_os", "blacklisted_os", "enabled_disk_templates",
    "install_image", "instance_communication_network", "zeroing_image", "compression_tools",
    "enabled_user_shutdown", "modify_ssh_setup", "ssh_key_type", "ssh_key_bits",
    "enabled_hypervisors", "beparams", "nicparams", "diskparams", "ipolicy",
)  # fmt: skip
_IP_VERSION: Final = {2: 4, 10: 6}
_DEFAULTS: Final = {name: schema.defaults(known) for name, known in HYPERVISORS.items()}


def information(cluster: Cluster, candidates: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return the cluster's parameters as ``gnt-cluster info`` reads them.

    *candidates* are those ``in_sync`` and ``behind`` by name, which is ganetix's own key.
    """
    settings = cluster.cluster
    collectors = settings.data_collectors
    return {
        "software_version": RELEASE,
        "protocol_version": CONFIG_VERSION,
        "config_version": CONFIG_VERSION,
        "os_api_version": 20,
        "export_version": 0,
        "vcs_version": f"(ganetix) v{RELEASE}",
        "architecture": ["64bits", "x86_64"],
        "name": settings.cluster_name,
        "master": cluster.master.name,
        "default_hypervisor": settings.enabled_hypervisors[0],
        "hvparams": {
            name: {**known, **settings.hvparams.get(name, {})} for name, known in _DEFAULTS.items()
        },
        "primary_ip_version": _IP_VERSION[settings.primary_ip_family],
        "enabled_data_collectors": {k: row["active"] for k, row in collectors.items()},
        "data_collector_interval": {k: row["interval"] for k, row in collectors.items()},
        "candidates_behind": candidates,
        **{key: getattr(settings, key) for key in _SAME},
    }


@attrs.frozen
class MasterFacts:
    """Implements `ganetix.master.logic.outside.Facts` from the parts of the master."""

    master: Master
    live: LiveState

    async def view(self, what: str, asked: Any) -> View:
        """See `Facts`."""
        master = self.master
        jobs: list[Job] = []
        if what == "job":
            jobs = master.queue.jobs()
            if _mentions(asked, ARCHIVED):
                found = [*await master.queue.archived.jobs(), *jobs]
                jobs = sorted(found, key=lambda job: job.id)
        locks = master.locks.rows() if what == "lock" else ()
        cluster = master.store.cluster
        exports = await self._exports(cluster) if what == "export" else {}
        return View(cluster, self.live, jobs, locks, exports)

    async def _exports(self, cluster: Cluster) -> Mapping[str, list[str] | None]:
        """Ask all nodes that are heard what exports they keep; None for one without an answer."""
        nodes = self.master.parts.nodes

        async def names(uuid: str) -> list[str] | None:
            if cluster.nodes[uuid].offline or not nodes.connected(uuid):
                return None
            try:
                answer = await nodes.call(uuid, EXPORT_LIST, Nothing(), EXPORTS_WITHIN)
            except errors.GanetiError:
                return None
            return list(answer.names)

        return await gather(names, sorted(cluster.nodes), ASKED_AT_ONCE)

    def information(self) -> dict[str, Any]:
        """See `Facts`."""
        return information(self.master.store.cluster, self.candidates())

    def candidates(self) -> dict[str, list[str]]:
        """Return the names of the candidates by what they have of the journal."""
        nodes = self.master.store.cluster.nodes
        replicas = self.master.store.journal.replicas
        return {
            "in_sync": sorted(nodes[uuid].name for uuid in replicas.in_sync if uuid in nodes),
            "behind": sorted(nodes[uuid].name for uuid in replicas.behind if uuid in nodes),
        }

    async def values(self, names: Collection[str]) -> dict[str, Any]:
        """See `Facts`."""
        store = self.master.store
        settings = store.cluster.cluster
        known: dict[str, Any] = {
            "cluster_name": settings.cluster_name,
            "master_node": store.cluster.master.name,
            "drain_flag": store.drained,
            "modify_ssh_setup": settings.modify_ssh_setup,
            "ssh_key_type": settings.ssh_key_type,
            "ssh_key_bits": settings.ssh_key_bits,
        }
        if "watcher_pause" in names:
            # A file, behind whatever else the file worker does: only those who ask wait for it.
            known["watcher_pause"] = await self.master.watcher_pause.read()
        return {name: known.get(name) for name in names}


def _mentions(asked: Any, name: str) -> bool:
    """Whether *name* is in the nested lists *asked*."""
    if isinstance(asked, list | tuple):
        return any(_mentions(part, name) for part in asked)
    return bool(asked == name)

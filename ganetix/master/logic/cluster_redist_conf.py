"""OP_CLUSTER_REDIST_CONF: write configuration, ssconf and cluster files to all nodes again."""

from collections.abc import Mapping
from typing import Any

import attrs
from zope.interface import implementer

from ganetix import errors
from ganetix.master.config import ssconf
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.unit import ALL, BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model.cluster import Cluster
from ganetix.opcodes.cluster import OpClusterRedistConf
from ganetix.paths import Paths
from ganetix.rpc.tables.files import SSCONF_UPDATE, UPLOAD_FILE, FileUpload, SsconfUpdate


@implementer(IUnit)
@attrs.frozen
class ClusterRedistConf:
    """Distributes everything that all nodes have."""

    outside: Outside
    resumable = True

    def locks(self, op: OpClusterRedistConf, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return [BGL_SHARED, Want("node", (ALL,), "shared")]

    async def check(self, op: OpClusterRedistConf, context: Context) -> None:
        """See `IUnit`."""

    def hooks(self, op: OpClusterRedistConf, plan: None, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(self, op: OpClusterRedistConf, plan: None, context: Context) -> None:
        """Write the configuration file here, then send files and values to all online nodes."""
        await self.outside.checkpoint()
        cluster = context.cluster
        nodes = [node.uuid for node in cluster.online_nodes()]
        values = SsconfUpdate(ssconf.values(cluster))
        _tell(context, await context.call_each(nodes, SSCONF_UPDATE, values), "ssconf files")
        for path, mode in shared_files(context.paths):
            await self._upload(context, path, mode)

    async def _upload(self, context: Context, path: str, mode: int) -> None:
        data = await self.outside.read_file(path)
        if data is None:
            return
        cluster = context.cluster
        others = [
            node.uuid for node in cluster.online_nodes() if node.uuid != cluster.cluster.master_node
        ]
        upload = FileUpload(context.paths.outgoing(path), data, mode)
        _tell(context, await context.call_each(others, UPLOAD_FILE, upload), path)


def shared_files(paths: Paths) -> tuple[tuple[str, int], ...]:
    """Return the files that all nodes have, with their modes."""
    return (
        (paths.authority_cert_file, 0o644),
        (paths.known_hosts_file, 0o644),
        (paths.rapi_cert_file, 0o440),
        (paths.rapi_users_file, 0o640),
        (f"{paths.data_dir}/hmac.key", 0o440),
        (f"{paths.data_dir}/cluster-domain-secret", 0o640),
        (f"{paths.data_dir}/spice.pem", 0o440),
        (f"{paths.data_dir}/spice-ca.pem", 0o440),
    )


def _tell(context: Context, answers: Mapping[str, Any], what: str) -> None:
    for uuid, answer in answers.items():
        if isinstance(answer, errors.GanetiError):
            name = context.cluster.nodes[uuid].name
            context.log(f"WARNING: Node {name} did not take {what}: {answer.message}")

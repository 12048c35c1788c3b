"""OP_CLUSTER_RENAME: another name and another address for the cluster."""

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.ids import valid_hostname
from ganetix.master.logic.cluster_master_ip import turn
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.unit import BGL_EXCLUSIVE, Context, Hooks, IUnit, Want
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.opcodes.cluster import OpClusterRename
from ganetix.rpc.tables.cluster import NODE_ACTIVATE_MASTER_IP, NODE_DEACTIVATE_MASTER_IP
from ganetix.rpc.tables.files import UPLOAD_FILE, FileUpload


@attrs.frozen
class Plan:
    """The old name, and the new name with its address."""

    old: str
    name: str
    ip: str


@implementer(IUnit)
@attrs.frozen
class ClusterRename:
    """Renames the cluster."""

    outside: Outside
    resumable = False

    def locks(self, op: OpClusterRename, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return [BGL_EXCLUSIVE]

    async def check(self, op: OpClusterRename, context: Context) -> Plan:
        """See `IUnit`: the name resolves, is another one, and nothing answers at its address."""
        own = context.cluster.cluster
        if not valid_hostname(op.name.lower()):
            raise errors.OpPrereqError(
                f"'{op.name}' can't be the name of a cluster; give a host name.", errors.INVAL
            )
        name, ip = await self.outside.resolve(op.name)
        if (name.lower(), ip) == (own.cluster_name, own.master_ip):
            raise errors.OpPrereqError(
                f"The cluster is called {own.cluster_name} at {ip} already; give another name, or "
                "change its address in the name service first.",
                errors.INVAL,
            )
        if ip != own.master_ip and await self.outside.answers(ip):
            raise errors.OpPrereqError(
                f"The new address {ip} of {name} answers already: it must be free.",
                errors.NOTUNIQUE,
            )
        return Plan(own.cluster_name, name.lower(), ip)

    def hooks(self, op: OpClusterRename, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        env = {"OP_TARGET": plan.old, "NEW_NAME": plan.name}
        master = (cluster.cluster.master_node,)
        return Hooks("cluster-rename", "CLUSTER", env, master, tuple(sorted(cluster.nodes)))

    async def execute(self, op: OpClusterRename, plan: Plan, context: Context) -> str:
        """Take the address down, write name and address, and turn the new one up."""
        await turn(context, NODE_DEACTIVATE_MASTER_IP)
        try:
            await context.commit(lambda cluster: _renamed(cluster, plan))
            await self._known_hosts(plan, context)
        finally:
            await _up_again(context)
        return plan.name

    async def _known_hosts(self, plan: Plan, context: Context) -> None:
        """Let every node know the host keys under the new name."""
        path = context.paths.known_hosts_file
        data = await self.outside.read_file(path)
        if not data:
            return
        rows = [_under(row, plan) for row in data.decode().splitlines()]
        text = "".join(f"{row}\n" for row in rows).encode()
        upload = FileUpload(context.paths.outgoing(path), text, 0o644)
        nodes = [node.uuid for node in context.cluster.online_nodes()]
        for uuid, answer in (await context.call_each(nodes, UPLOAD_FILE, upload)).items():
            if isinstance(answer, errors.GanetiError):
                name = context.cluster.nodes[uuid].name
                context.log(
                    f"WARNING: Node {name} did not take {path}: {answer.message} "
                    "Run 'gnt-cluster redist-conf' when it is back."
                )


async def _up_again(context: Context) -> None:
    try:
        await turn(context, NODE_ACTIVATE_MASTER_IP)
    except errors.GanetiError as error:
        context.log(
            f"WARNING: The master IP is not up: {error.message} Mend that, then run: "
            "gnt-cluster activate-master-ip"
        )


def _renamed(cluster: Cluster, plan: Plan) -> Change:
    own = msgspec.structs.replace(cluster.cluster, cluster_name=plan.name, master_ip=plan.ip)
    return Change(cluster=own)


def _under(row: str, plan: Plan) -> str:
    name, blank, rest = row.partition(" ")
    return f"{plan.name}{blank}{rest}" if name == plan.old else row

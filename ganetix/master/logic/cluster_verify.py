"""OP_CLUSTER_VERIFY and its parts: the configuration, then each group."""

from collections.abc import Iterable
from typing import Any

from zope.interface import implementer

from ganetix import __version__
from ganetix.master.logic import disk_records
from ganetix.master.logic.cluster_redist_conf import shared_files
from ganetix.master.logic.unit import ALL, BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.master.verify import config, group
from ganetix.master.verify.finding import Finding, passed
from ganetix.model.cluster import Cluster
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.types import Dependency
from ganetix.opcodes.verify import OpClusterVerify, OpClusterVerifyConfig, OpClusterVerifyGroup
from ganetix.rpc.calls import NODE_INFO, NODE_VERIFY, NodeInfoRequest, VerifyRequest


@implementer(IUnit)
class ClusterVerify:
    """Submits a job for the configuration, and one a group that depends on it."""

    resumable = False

    def locks(self, op: OpClusterVerify, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return [BGL_SHARED]

    async def check(self, op: OpClusterVerify, context: Context) -> list[str]:
        """See `IUnit`: the uuids of the groups."""
        cluster = context.cluster
        if op.group_name is not None:
            return [cluster.group_named(op.group_name).uuid]
        return sorted(cluster.nodegroups, key=lambda uuid: cluster.nodegroups[uuid].name)

    def hooks(self, op: OpClusterVerify, plan: list[str], cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(
        self, op: OpClusterVerify, plan: list[str], context: Context
    ) -> dict[str, Any]:
        """Submit the jobs."""
        shared: dict[str, Any] = {
            "debug_simulate_errors": op.debug_simulate_errors,
            "error_codes": op.error_codes,
            "ignore_errors": op.ignore_errors,
            "verbose": op.verbose,
        }
        rows: list[list[Any]] = []
        if op.group_name is None:
            rows = await context.submit([[OpClusterVerifyConfig(**shared)]])
        depends: list[Dependency] = [(row[1], []) for row in rows]
        jobs: list[list[OpCode]] = [
            [
                OpClusterVerifyGroup(
                    group_name=context.cluster.nodegroups[uuid].name,
                    skip_checks=op.skip_checks,
                    verify_clutter=op.verify_clutter,
                    depends=depends or None,
                    **shared,
                )
            ]
            for uuid in plan
        ]
        return {"jobs": rows + await context.submit(jobs)}


def _tell(
    context: Context, op: OpClusterVerifyConfig | OpClusterVerifyGroup, found: Iterable[Finding]
) -> bool:
    """Put the findings into the job's log; whether none is an error."""
    rows = [one.demoted(op.ignore_errors) for one in found]
    if rows:
        context.log_entry("message-list", [row.line(op.error_codes) for row in rows])
    return passed(rows)


@implementer(IUnit)
class ClusterVerifyConfig:
    """Verifies the configuration."""

    resumable = True

    def locks(self, op: OpClusterVerifyConfig, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return [
            BGL_SHARED,
            *(Want(level, (ALL,), "shared") for level in ("instance", "nodegroup", "node")),
        ]

    async def check(self, op: OpClusterVerifyConfig, context: Context) -> None:
        """See `IUnit`."""

    def hooks(self, op: OpClusterVerifyConfig, plan: None, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(self, op: OpClusterVerifyConfig, plan: None, context: Context) -> bool:
        """Check, tell, and answer whether all is well."""
        context.log("* Verifying cluster config")
        return _tell(context, op, config.findings(context.cluster))


@implementer(IUnit)
class ClusterVerifyGroup:
    """Verifies the nodes and instances of one group."""

    resumable = True

    def locks(self, op: OpClusterVerifyGroup, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        uuid = cluster.group_named(op.group_name).uuid
        nodes = sorted(node.uuid for node in cluster.members(uuid))
        instances = sorted(
            cluster.instances[one].name
            for node in nodes
            for one in cluster.indexes.primaries.get(node, ())
        )
        return [
            BGL_SHARED,
            Want("instance", tuple(instances), "shared"),
            Want("nodegroup", (uuid,), "shared"),
            Want("node", tuple(nodes), "shared"),
        ]

    async def check(self, op: OpClusterVerifyGroup, context: Context) -> str:
        """See `IUnit`: the group's uuid."""
        return context.cluster.group_named(op.group_name).uuid

    def hooks(self, op: OpClusterVerifyGroup, plan: str, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        members = [node for node in cluster.members(plan) if not node.offline]
        env = {
            "CLUSTER_TAGS": " ".join(sorted(cluster.cluster.tags)),
            **{f"NODE_TAGS_{node.name}": " ".join(sorted(node.tags)) for node in members},
        }
        post = tuple(node.uuid for node in members)
        return Hooks("cluster-verify", "CLUSTER", env, (), post)

    async def execute(self, op: OpClusterVerifyGroup, plan: str, context: Context) -> bool:
        """Gather the facts, check, tell, and answer whether all is well."""
        context.log(f"* Verifying group '{context.cluster.nodegroups[plan].name}'")
        facts = await _gathered(context, plan)
        found = group.findings(context.cluster, plan, facts)
        if "nplusone_mem" not in op.skip_checks:
            found += group.memory(context.cluster, plan, facts)
        return _tell(context, op, found)


async def _gathered(context: Context, uuid: str) -> group.Facts:
    """Ask all online nodes of the group, and the master for its files."""
    cluster = context.cluster
    asked = [node.uuid for node in cluster.members(uuid) if not node.offline]
    nodes = dict.fromkeys([*asked, cluster.cluster.master_node])
    started = context.clock.wall()
    answers = await context.call_each(nodes, NODE_VERIFY, _request(context))
    figures = await context.call_each(
        asked, NODE_INFO, NodeInfoRequest(hypervisors=cluster.cluster.enabled_hypervisors)
    )
    ended = context.clock.wall()
    behind = context.behind
    return group.Facts(answers, figures, __version__, started, ended, behind)


def _request(context: Context) -> VerifyRequest:
    cluster = context.cluster
    settings = cluster.cluster
    paths = [settings.file_storage_dir] if "file" in settings.enabled_disk_templates else []
    if "sharedfile" in settings.enabled_disk_templates:
        paths.append(settings.shared_file_storage_dir)
    virtual = context.paths.outgoing
    own = context.paths
    return VerifyRequest(
        hypervisors=settings.enabled_hypervisors,
        # Without the users of the remote API, who come and go by the administrator's editor.
        files=[virtual(path) for path, _ in shared_files(own) if path != own.rapi_users_file],
        storage_paths=paths,
        instance_disks=[disk_records.sent(cluster, one) for one in cluster.disks.values()],
    )

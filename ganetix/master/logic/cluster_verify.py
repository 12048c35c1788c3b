"""OP_CLUSTER_VERIFY and its parts: the configuration, then each group."""

from collections.abc import Iterable
from typing import Any, Final

import attrs
import msgspec
from zope.interface import implementer

from ganetix import __version__, errors
from ganetix.master.hooks import HooksRunner
from ganetix.master.logic import disk_records
from ganetix.master.logic.cluster_redist_conf import shared_files
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.unit import ALL, BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.master.verify import around, certificates, config, group, mirrors
from ganetix.master.verify.codes import CODES
from ganetix.master.verify.finding import Finding, passed
from ganetix.model.cluster import Cluster
from ganetix.opcodes.base import OpCode
from ganetix.opcodes.codec import op_id_of
from ganetix.opcodes.types import Dependency
from ganetix.opcodes.verify import OpClusterVerify, OpClusterVerifyConfig, OpClusterVerifyGroup
from ganetix.rpc.tables.checks import NODE_INFO, NODE_VERIFY, NodeInfoRequest, VerifyRequest
from ganetix.rpc.tables.storage import MIRROR_STATUS, MirrorQuery
from ganetix.rpc.tables.verify import NODE_INSPECT
from ganetix.toolkit.gather import gather

AT_ONCE: Final = 50
"""Nodes that are asked at the same time."""


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
    if op.debug_simulate_errors:
        found = [*found, *simulated(op)]
    rows = [one.demoted(op.ignore_errors) for one in found]
    if rows:
        context.log_entry("message-list", [row.line(op.error_codes) for row in rows])
    return passed(rows)


def simulated(op: OpClusterVerifyConfig | OpClusterVerifyGroup) -> list[Finding]:
    """Return a made-up finding for every code that *op* can tell (``--debug-simulate-errors``)."""
    group_wide = isinstance(op, OpClusterVerifyGroup)
    return [
        Finding(code, kind, "simulated", "this is a simulated error; nothing is wrong")
        for code, kind in CODES.items()
        if (kind == "cluster") is not group_wide
    ]


@implementer(IUnit)
@attrs.frozen
class ClusterVerifyConfig:
    """Verifies the configuration, and the certificates of the cluster."""

    outside: Outside

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
        paths = context.paths
        files = {
            path: await self.outside.read_file(path)
            for path in (paths.authority_cert_file, paths.node_cert_file, paths.rapi_cert_file)
        }
        found = config.findings(context.cluster)
        found += certificates.findings(files, context.clock.wall())
        return _tell(context, op, found)


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
        """See `IUnit`: they are run inside `execute`, because they count as findings."""
        return None

    async def execute(self, op: OpClusterVerifyGroup, plan: str, context: Context) -> bool:
        """Gather the facts, check, tell, and answer whether all is well."""
        context.log(f"* Verifying group '{context.cluster.nodegroups[plan].name}'")
        facts = await _gathered(context, plan)
        found = group.findings(context.cluster, plan, facts)
        found += await _around(context, op, plan)
        found += await _mirrors(context, plan)
        if "nplusone_mem" not in op.skip_checks:
            found += group.memory(context.cluster, plan, facts)
        found += await _hooks(context, op, plan)
        return _tell(context, op, found)


async def _around(context: Context, op: OpClusterVerifyGroup, uuid: str) -> list[Finding]:
    """Have the nodes look at what is around them."""
    paths = context.paths
    script = paths.outgoing(paths.master_ip_script)
    wanted = around.Wanted(paths.virtual, op.verify_clutter, script)
    cluster = context.cluster
    nodes = [node.uuid for node in cluster.members(uuid) if not node.offline]
    answers = await context.call_each(nodes, NODE_INSPECT, around.request(cluster, uuid, wanted))
    return around.findings(cluster, uuid, answers)


async def _mirrors(context: Context, uuid: str) -> list[Finding]:
    """Ask how the mirrors of the group's instances are."""
    cluster = context.cluster
    wanted = mirrors.asked(cluster, uuid)
    answers: dict[str, Any] = {}
    for node, rows in wanted.items():
        query = MirrorQuery([disk_records.sent(cluster, disk) for _, disk in rows])
        try:
            answers[node] = await context.call(node, MIRROR_STATUS, query)
        except errors.GanetiError as error:
            answers[node] = error
    return mirrors.findings(cluster, wanted, answers)


async def _hooks(context: Context, op: OpClusterVerifyGroup, uuid: str) -> list[Finding]:
    """Run the hooks of verify on the nodes of the group: what fails is a finding."""
    cluster = context.cluster
    hooks = hooks_of(cluster, uuid)
    runner = HooksRunner(context.nodes(), context.paths)
    return [
        Finding("ENODEHOOKS", "node", node, f"{text}; see hooks/cluster-verify-post.d there")
        for node, text in await runner.failures(hooks, op_id_of(op), cluster)
    ]


def hooks_of(cluster: Cluster, uuid: str) -> Hooks:
    """Return the hooks of the group *uuid*."""
    members = [node for node in cluster.members(uuid) if not node.offline]
    env = {
        "CLUSTER_TAGS": " ".join(sorted(cluster.cluster.tags)),
        **{f"NODE_TAGS_{node.name}": " ".join(sorted(node.tags)) for node in members},
    }
    post = tuple(node.uuid for node in members)
    return Hooks("cluster-verify", "CLUSTER", env, (), post)


async def _gathered(context: Context, uuid: str) -> group.Facts:
    """Ask all online nodes of the group, and the master for its files."""
    cluster = context.cluster
    asked = [node.uuid for node in cluster.members(uuid) if not node.offline]
    nodes = dict.fromkeys([*asked, cluster.cluster.master_node])
    started = context.clock.wall()
    answers = await _asked(context, nodes)
    figures = await context.call_each(
        asked, NODE_INFO, NodeInfoRequest(hypervisors=cluster.cluster.enabled_hypervisors)
    )
    ended = context.clock.wall()
    behind = context.behind
    return group.Facts(answers, figures, __version__, started, ended, behind)


async def _asked(context: Context, nodes: Iterable[str]) -> dict[str, Any]:
    """Ask each of *nodes* for its facts, and for its own disks alone."""
    own, same = context.cluster.disks_by_node(), _request(context)

    async def ask(node: str) -> Any:
        ready = [disk_records.sent(context.cluster, disk) for disk in own.get(node, [])]
        request = msgspec.structs.replace(same, instance_disks=ready)
        try:
            return await context.call(node, NODE_VERIFY, request)
        except errors.GanetiError as error:
            return error

    return await gather(ask, nodes, AT_ONCE)


def _request(context: Context) -> VerifyRequest:
    cluster = context.cluster
    settings = cluster.cluster
    paths = [settings.file_storage_dir] if "file" in settings.enabled_disk_templates else []
    if "sharedfile" in settings.enabled_disk_templates:
        paths.append(settings.shared_file_storage_dir)
    if "gluster" in settings.enabled_disk_templates:
        paths.append(settings.gluster_storage_dir)
    virtual = context.paths.outgoing
    own = context.paths
    return VerifyRequest(
        hypervisors=settings.enabled_hypervisors,
        # Without the users of the remote API, who come and go by the administrator's editor.
        files=[virtual(path) for path, _ in shared_files(own) if path != own.rapi_users_file],
        storage_paths=paths,
    )

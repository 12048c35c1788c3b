"""OP_BACKUP_EXPORT: the contents of an instance's disks to a node, or to another cluster."""

from collections.abc import Sequence
from typing import Any, Final

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import (
    disk_rest,
    disks,
    export_config,
    hooks_env,
    names,
    remote_export,
    transfer,
    wants,
    zeroing,
)
from ganetix.master.logic.disk_rest import Left
from ganetix.master.logic.domain_secret import domain_secret
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.specs import spec_of
from ganetix.master.logic.transfer import End, Route
from ganetix.master.logic.unit import ALL, Context, Hooks, IUnit, UndoAction, Want
from ganetix.master.logic.zeroing import Zeroing
from ganetix.model import mirrors, params
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance, Node
from ganetix.opcodes.backup import OpBackupExport
from ganetix.rpc.tables.blockdev import BLOCKDEV_REMOVE, DiskRequest
from ganetix.rpc.tables.export import EXPORT_REMOVE, ExportName
from ganetix.rpc.tables.instances import (
    INSTANCE_SHUTDOWN,
    INSTANCE_START,
    InstanceShutdown,
    InstanceStart,
)
from ganetix.rpc.tables.storage import BLOCKDEV_SNAPSHOT, DiskMade, DiskSnapshot
from ganetix.rpc.tables.transfer import EXPORT_FINALIZE, ExportWritten, Peer, Place

SNAPSHOTS: Final = ("plain", "drbd")
"""Templates of which a copy of this moment can be kept while the instance runs on."""


@attrs.frozen
class Remote:
    """Another cluster: for each disk host, port and magic word, and whom to trust."""

    disks: tuple[tuple[str, int, str], ...]
    key: str
    certificate: str


@attrs.frozen
class Plan:
    """What goes where; *running* is whether the guest runs, *snapshots* whether it runs on."""

    instance: Instance
    disks: tuple[Disk, ...]
    target: Node | None
    remote: Remote | None
    running: bool
    snapshots: bool
    zeroing: Zeroing | None


@implementer(IUnit)
@attrs.frozen
class BackupExport:
    """Exports instances."""

    outside: Outside
    resumable = False

    def locks(self, op: OpBackupExport, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        if op.mode == "remote":
            return wants.instance_and_nodes(cluster, instance)
        return [*wants.instance_only(instance), Want("node", (ALL,))]

    async def check(self, op: OpBackupExport, context: Context) -> Plan:
        """See `IUnit`."""
        cluster = context.cluster
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        names.require_online(
            cluster.nodes[instance.primary_node], f"exporting instance {instance.name}"
        )
        own = tuple(cluster.disks_of(instance))
        if not own:
            raise errors.OpPrereqError(
                f"Instance {instance.name} is diskless: there is nothing to export.", errors.STATE
            )
        transfer.require_tool(cluster, op.compress)
        state = await names.running(context, instance)
        running = state is not None and state.state != "shutdown"
        target = None if op.mode == "remote" else _target(op, cluster)
        remote = await self._remote(op, context, own) if op.mode == "remote" else None
        helper = await zeroing.planned(op, context, instance, own, running=running)
        snapshots = _snapshots(op, instance, own, running)
        return Plan(instance, own, target, remote, running, snapshots, helper)

    async def _remote(self, op: OpBackupExport, context: Context, own: Sequence[Disk]) -> Remote:
        secret = await domain_secret(self.outside, context)
        shown = op.target_node if isinstance(op.target_node, list) else []
        if len(shown) != len(own):
            raise errors.OpPrereqError(
                f"The instance has {len(own)} disks, and the other cluster waits for {len(shown)}.",
                errors.INVAL,
            )
        places = [remote_export.check_disk_info(secret, i, row) for i, row in enumerate(shown)]
        return Remote(
            tuple(places),
            remote_export.check_key_name(secret, op.x509_key_name),
            remote_export.check_certificate(secret, op.destination_x509_ca),
        )

    def hooks(self, op: OpBackupExport, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        env = hooks_env.instance_variables(cluster, plan.instance, plan.disks)
        env |= {
            "EXPORT_MODE": op.mode,
            "EXPORT_NODE": "" if plan.target is None else plan.target.name,
            "EXPORT_DO_SHUTDOWN": str(op.shutdown),
            "SHUTDOWN_TIMEOUT": str(op.shutdown_timeout),
            "REMOVE_INSTANCE": str(bool(op.remove_instance)),
        }
        nodes = [plan.instance.primary_node]
        if plan.target is not None:
            nodes.append(plan.target.uuid)
        return hooks_env.instance_hooks("instance-export", cluster, env, nodes)

    async def execute(self, op: OpBackupExport, plan: Plan, context: Context) -> list[Any]:
        """Stop or copy, transfer, go on; return whether all and each disk succeeded."""
        _release(plan, context)
        if plan.running and op.shutdown:
            await _stop(op, plan, context)
        source: tuple[Disk, ...] = plan.disks
        active = context.cluster.instances[plan.instance.uuid].disks_active
        try:
            await disks.assemble_inactive(context, plan.instance)
            if plan.zeroing is not None:
                await zeroing.zero(plan.zeroing, plan.instance, plan.disks, context)
            if plan.snapshots:
                source = await _snapshot(plan, context)
                await _start(op, plan, context)
            await _transfer(op, plan, source, context)
        finally:
            if plan.snapshots:
                await _drop_snapshots(plan, source, context)
            elif plan.running and op.shutdown and not op.remove_instance:
                await _start(op, plan, context)
            if not active:
                await disks.shutdown(context, plan.instance)
        if op.remove_instance:
            await _remove(op, plan, context)
        await _drop_older(plan, context)
        return [True, [True] * len(plan.disks)]


def _target(op: OpBackupExport, cluster: Cluster) -> Node:
    if not isinstance(op.target_node, str):
        raise errors.OpPrereqError("A local export needs the name of a node.", errors.INVAL)
    node = names.node_of(cluster, op.target_node, op.target_node_uuid)
    names.require_usable(node)
    return node


def _snapshots(op: OpBackupExport, instance: Instance, own: Sequence[Disk], running: bool) -> bool:
    """Tell whether copies of this moment are made; raise when they are needed and can't be."""
    if op.remove_instance and running and not op.shutdown:
        raise errors.OpPrereqError(
            f"Instance {instance.name} runs; it can't be removed after the export without being "
            "shut down: leave out --noshutdown.",
            errors.STATE,
        )
    if not running or op.remove_instance:
        return False
    template = params.template_of(own)
    if template in SNAPSHOTS:
        return True
    if op.shutdown and op.long_sleep:
        return False
    raise errors.OpPrereqError(
        f"Disks of template {template} have no snapshots, so instance {instance.name} must stay "
        "down until the export is done: stop it, or give --long-sleep.",
        errors.STATE,
    )


def _release(plan: Plan, context: Context) -> None:
    """Give back the locks of nodes that have no part in it."""
    mine = {plan.instance.primary_node, *context.cluster.secondaries_of(plan.instance)}
    if plan.target is not None:
        mine.add(plan.target.uuid)
    context.release("node", context.owned("node") - mine)


async def _stop(op: OpBackupExport, plan: Plan, context: Context) -> None:
    context.log(f"Shutting down instance {plan.instance.name}...")
    request = InstanceShutdown(
        plan.instance.name, plan.instance.hypervisor, op.shutdown_timeout, op.reason or []
    )
    await context.call(plan.instance.primary_node, INSTANCE_SHUTDOWN, request)


async def _start(op: OpBackupExport, plan: Plan, context: Context) -> None:
    """Start it again if it was stopped; what fails is told: the export is worth more."""
    if not op.shutdown:
        return
    context.log(f"Starting instance {plan.instance.name}...")
    spec = spec_of(context.cluster, plan.instance)
    request = InstanceStart(spec, reason=op.reason or [])
    try:
        await context.call(plan.instance.primary_node, INSTANCE_START, request)
    except errors.GanetiError as error:
        context.log(
            f"WARNING: Instance {plan.instance.name} did not start: {error.message} "
            f"'gnt-instance start {plan.instance.name}' tries again."
        )


async def _snapshot(plan: Plan, context: Context) -> tuple[Disk, ...]:
    """Keep all disks as they are now; return the copies."""
    made: list[Disk] = []
    node = plan.instance.primary_node
    for index, disk in enumerate(plan.disks):
        name = f"{context.randomness.uuid()}.snap{index}"
        volume = (disk.children or [disk])[0]
        copy = msgspec.structs.replace(volume, logical_id=[volume.logical_id[0], name])
        request: Any = msgspec.to_builtins(DiskRequest(copy, plan.instance.name))
        what = f"The snapshot of {disk.iv_name} of {plan.instance.name}"
        await context.undo(UndoAction(what, node, BLOCKDEV_REMOVE.name, request))
        answer: DiskMade = await context.call(node, BLOCKDEV_SNAPSHOT, DiskSnapshot(disk, name))
        made.append(answer.disk)
    return tuple(made)


async def _drop_snapshots(plan: Plan, made: Sequence[Disk], context: Context) -> None:
    """Remove the copies; what fails is told. Where not all were made they are undone."""
    if made is not plan.disks:
        left = [Left(plan.instance.primary_node, disk) for disk in made]
        await disk_rest.remove(context, plan.instance.name, left)
        context.undo_done()


async def _transfer(
    op: OpBackupExport, plan: Plan, source: Sequence[Disk], context: Context
) -> None:
    spec = spec_of(context.cluster, plan.instance, source)
    for index, disk in enumerate(plan.disks):
        place = Place("script", spec, index)
        end = End(plan.instance.primary_node, place)
        what = f"{disk.iv_name} of {plan.instance.name}"
        if plan.remote is not None:
            host, port, magic = plan.remote.disks[index]
            peer = Peer(plan.remote.key, plan.remote.certificate, magic, op.compress)
            await transfer.sent_abroad(context, end, what, disk.size, (host, port, peer))
        elif plan.target is not None:
            there = End(plan.target.uuid, Place("file", export=plan.instance.name, file=disk.uuid))
            await transfer.passed(
                context, Route(what, end, there, disk.size, plan.instance.name, op.compress)
            )
    if plan.target is not None:
        dumped = {index: disk.uuid for index, disk in enumerate(plan.disks)}
        text = export_config.text_of(
            context.cluster, plan.instance, plan.disks, dumped, context.clock.wall()
        )
        request = ExportWritten(plan.instance.name, text)
        await context.call(plan.target.uuid, EXPORT_FINALIZE, request)


async def _remove(op: OpBackupExport, plan: Plan, context: Context) -> None:
    """Remove the instance, which is exported now."""
    context.log(f"Removing instance {plan.instance.name}...")
    for node in context.cluster.nodes_of(plan.instance):
        try:
            await disks.shutdown(context, plan.instance, node=node)
            await disks.remove(context, node, plan.instance.name, plan.disks)
        except errors.GanetiError as error:
            if not op.ignore_remove_failures:
                raise
            context.log(f"WARNING: {error.message}")
    await context.commit(lambda cluster: mirrors.without_instance(cluster, plan.instance))


async def _drop_older(plan: Plan, context: Context) -> None:
    """Remove exports of the instance on other nodes than the target."""
    if plan.target is None:
        return
    others = [n.uuid for n in context.cluster.online_nodes() if n.uuid != plan.target.uuid]
    answers = await context.call_each(others, EXPORT_REMOVE, ExportName(plan.instance.name))
    for uuid, answer in answers.items():
        if isinstance(answer, errors.GanetiError):
            name = context.cluster.nodes[uuid].name
            context.log(f"WARNING: An older export on node {name} may stay: {answer.message}")

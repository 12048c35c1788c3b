"""OP_INSTANCE_RENAME: another name for a stopped instance, its files and its OS."""

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import disks, hooks_env, names
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.specs import spec_of
from ganetix.master.logic.unit import BGL_SHARED, Context, Hooks, IUnit, UndoAction, Want
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance
from ganetix.opcodes.instance import OpInstanceRename
from ganetix.rpc.tables.blockdev import FILE_STORAGE_DIR_RENAME, DirRename
from ganetix.rpc.tables.oses import INSTANCE_RUN_RENAME, OsScript


@attrs.frozen
class Plan:
    """The instance as it was, its new name, and its directories with their new paths."""

    instance: Instance
    name: str
    directory: DirRename | None


@implementer(IUnit)
@attrs.frozen
class InstanceRename:
    """Renames instances; with the same name the OS's script runs again, and nothing else."""

    outside: Outside
    resumable = False

    def locks(self, op: OpInstanceRename, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        both = tuple(sorted({instance.name, op.new_name.lower()}))
        return [BGL_SHARED, Want("instance", both)]

    async def check(self, op: OpInstanceRename, context: Context) -> Plan:
        """See `IUnit`."""
        cluster = context.cluster
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        primary = cluster.nodes[instance.primary_node]
        names.require_online(primary, f"renaming instance {instance.name}")
        await names.require_stopped(context, instance, "renaming it")
        name = op.new_name.lower()
        if name != instance.name:
            name = names.new_instance_name(cluster, name)
        await names.check_addresses(self.outside, name, op.name_check, op.ip_check)
        return Plan(instance, name, _directory(cluster.disks_of(instance), instance.name, name))

    def hooks(self, op: OpInstanceRename, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        instance = cluster.instances[plan.instance.uuid]
        env = hooks_env.instance_variables(cluster, instance)
        env["INSTANCE_NEW_NAME"] = plan.name
        nodes = cluster.nodes_of(instance)
        return hooks_env.instance_hooks("instance-rename", cluster, env, nodes)

    async def execute(self, op: OpInstanceRename, plan: Plan, context: Context) -> str:
        """Rename the directory, commit, run the OS's script; return the new name."""
        if plan.directory is not None:
            node, there = plan.instance.primary_node, plan.directory
            back = msgspec.to_builtins(DirRename(there.new, there.old))
            await context.undo(
                UndoAction(f"Renaming {there.old}", node, FILE_STORAGE_DIR_RENAME.name, back)
            )
            await context.call(node, FILE_STORAGE_DIR_RENAME, there)
        await context.commit(lambda cluster: _renamed(cluster, plan), settles=True)
        await _run_script(plan, context)
        return plan.name


def _directory(own: list[Disk], old: str, new: str) -> DirRename | None:
    """Return the renaming of the directory of *own* disks, None where it has another name."""
    place = disks.instance_dir(own)
    if place is None or old == new or not place.endswith(f"/{old}"):
        return None
    return DirRename(place, f"{place.removesuffix(old)}{new}")


def _renamed(cluster: Cluster, plan: Plan) -> Change:
    instance = cluster.instances[plan.instance.uuid]
    moved: tuple[Disk, ...] = ()
    if plan.directory is not None:
        moved = tuple(_moved(disk, plan.directory) for disk in cluster.disks_of(instance))
    return Change(instances=(msgspec.structs.replace(instance, name=plan.name),), disks=moved)


def _moved(disk: Disk, there: DirRename) -> Disk:
    driver, path = disk.logical_id
    fresh = f"{there.new}/{str(path).rpartition('/')[2]}"
    return msgspec.structs.replace(disk, logical_id=[driver, fresh])


async def _run_script(plan: Plan, context: Context) -> None:
    """Run the OS's rename script with the disks active; what fails is only told."""
    instance = context.cluster.instances[plan.instance.uuid]
    if not instance.os or not instance.disks:
        return
    script = OsScript(spec_of(context.cluster, instance), old_name=plan.instance.name)

    async def rename() -> None:
        await context.call(instance.primary_node, INSTANCE_RUN_RENAME, script)

    try:
        await disks.while_assembled(context, instance, rename)
    except errors.GanetiError as error:
        context.log(
            f"WARNING: The rename script of OS {instance.os} failed: {error.message} "
            f"The instance is called {instance.name} all the same."
        )

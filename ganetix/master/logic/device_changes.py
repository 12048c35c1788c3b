"""Making and removing the disks of an instance that gets and loses some."""

from collections.abc import Sequence

import msgspec

from ganetix.master.logic import disk_rest, disk_sync, disks, hotplug, new_disks
from ganetix.master.logic.device_edits import Edit
from ganetix.master.logic.disk_rest import Rest
from ganetix.master.logic.unit import Context
from ganetix.model.cluster import holders
from ganetix.model.objects import Disk, Instance


async def make(context: Context, instance: Instance, added: Sequence[Disk]) -> None:
    """Make *added* disks, which are not in the configuration yet; wipe all but the mirrors.

    Mirrors can be assembled when they have their ports, see `begin`.
    """
    if not added:
        return
    nodes = context.cluster.nodes_of(instance)
    alone = [disk for disk in added if disk.dev_type != "drbd"]
    dirty = new_disks.to_wipe(context.cluster, alone)
    needed = instance.disks_active or dirty
    first = not instance.disks
    actions = disks.removals(context.cluster, nodes, instance.name, added, directory=first)
    if needed:
        actions += disks.undo_assembly(context.cluster, nodes, instance.name, added)
    await context.undo(*actions)
    await disks.create(context, nodes, instance.name, added)
    if needed:
        await disks.assemble(context, instance, only=alone)
        await new_disks.wipe(context, instance, alone, Rest(dirty=dirty), resumable=False)
    if needed and not instance.disks_active:
        await disks.shutdown(context, instance, only=alone)


async def begin(context: Context, uuid: str, mirrors: Sequence[str]) -> None:
    """Assemble new *mirrors* of an instance; inactive disks only until they are in sync."""
    instance = context.cluster.instances[uuid]
    own = [context.cluster.disks[one] for one in mirrors]
    if own:
        await disks.undo_if_inactive(context, instance, own)
        await disks.assemble(context, instance, fresh=True, only=own)


async def finish(context: Context, uuid: str, rest: Rest, *, wait: bool) -> None:
    """Do *rest*: others have the nodes meanwhile. Inactive disks are waited for in any case."""
    instance = context.cluster.instances[uuid]
    made = [context.cluster.disks[one] for one in rest.made]
    if made:
        context.release("node")
    rest = await new_disks.wipe(context, instance, made, rest)
    if rest.plug:
        own = [one for one in context.cluster.disks_of(instance) if one.uuid in rest.plug]
        others = [one for one in instance.nics if one.uuid in rest.plug]
        await hotplug.plug(context, instance, own, others)
        rest = msgspec.structs.replace(rest, plug=[])
    if wait or not instance.disks_active:
        await disk_sync.wait(context, instance, made, rest)
    if made and not instance.disks_active:
        await disks.shutdown(context, instance, only=made)
    await disk_rest.remove(context, instance.name, rest.left)


async def remove(context: Context, instance: Instance, edit: Edit[Disk]) -> None:
    """Remove what the configuration has dropped; a disk that stays is told, verify names it."""
    left = [
        one
        for disk in edit.removed
        for node in holders(disk, instance)
        for one in disk_rest.lefts(context.cluster, node, [disk])
    ]
    await disk_rest.remove(context, instance.name, left)

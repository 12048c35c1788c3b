"""Zeroing the free space of an instance's disks, so that a dump of them can be compressed well.

The instance's own virtual machine does it: for once it boots the cluster's ``zeroing_image`` from a
disk of its own, before the instance's disks, and switches itself off when all are done.
"""

from collections.abc import Sequence
from typing import Any, Final

import attrs
import msgspec

from ganetix import errors
from ganetix.master.logic import capacity, disk_images, disks, names, new_disks
from ganetix.master.logic.disk_records import LVM, Wanted, Where, new_disk, sent
from ganetix.master.logic.specs import spec_of
from ganetix.master.logic.unit import Context, UndoAction
from ganetix.model import params
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance
from ganetix.opcodes.backup import OpBackupExport
from ganetix.query.status import user_shutdown
from ganetix.rpc.tables.blockdev import BLOCKDEV_SHUTDOWN, DiskRequest
from ganetix.rpc.tables.instances import (
    INSTANCE_SHUTDOWN,
    INSTANCE_START,
    InstanceShutdown,
    InstanceStart,
)

_STARTUP: Final = 300.0
_PER_MIB: Final = 0.05
"""Seconds that a helper machine may take if the request says nothing."""
_POLL: Final = 5.0
"""Seconds between two looks at the helper machine."""
_FROM_DISK: Final = {"kvm": "disk", "xen-hvm": "c"}
"""How the boot order begins of a machine that boots its first disk."""
_SIMULATED: Final = "fake"


@attrs.frozen
class Zeroing:
    """A helper machine: its *image*, the *disk* that it boots, and how many seconds it has."""

    image: str
    disk: Disk
    limit: float


async def planned(
    op: OpBackupExport, context: Context, instance: Instance, own: Sequence[Disk], *, running: bool
) -> Zeroing | None:
    """Return how the disks *own* are to be zeroed, None if *op* does not ask for it.

    Raise `errors.OpPrereqError` where it can't be.
    """
    if not op.zero_free_space:
        return None
    image = _require_possible(op, context.cluster, instance)
    whose = "the helper machine"
    size = await disk_images.size_of(context, instance.primary_node, image, whose)
    disk = _disk_for(context, instance, own, size)
    primary = context.cluster.nodes[instance.primary_node]
    await new_disks.require_room_for(context, [primary], [disk])
    if not running:
        memory = params.of_backend(context.cluster, instance)["maxmem"]
        what = f"the helper machine of instance {instance.name}"
        await capacity.require_memory(
            context, instance.primary_node, memory, instance.hypervisor, what
        )
    return Zeroing(image, disk, _limit(op, own))


def _require_possible(op: OpBackupExport, cluster: Cluster, instance: Instance) -> str:
    """Return the image of the helper machine."""
    image = cluster.cluster.zeroing_image
    if not op.shutdown:
        wrong = "the instance must be shut down for it: leave out --noshutdown"
    elif not image:
        wrong = (
            "the cluster has no image for the helper machine; "
            "'gnt-cluster modify --zeroing-image' sets one"
        )
    elif not image.startswith("/"):
        wrong = (
            f"the image of the helper machine must be a file of the node, not {image}; "
            "'gnt-cluster modify --zeroing-image' sets another"
        )
    else:
        wrong = _unfit(cluster, instance)
    if wrong:
        raise errors.OpPrereqError(
            f"Free space of instance {instance.name} can't be zeroed: {wrong}.", errors.STATE
        )
    return image


def _unfit(cluster: Cluster, instance: Instance) -> str:
    """Return why the instance's machine can't be the helper machine, empty if it can."""
    hypervisor = instance.hypervisor
    if hypervisor == _SIMULATED:
        return ""
    if hypervisor not in _FROM_DISK:
        return f"instances of hypervisor {hypervisor} boot no disk"
    filled = params.of_hypervisor(cluster, instance)
    order = _FROM_DISK[hypervisor]
    if not str(filled["boot_order"]).startswith(order):
        return (
            "it does not boot from its disk; "
            f"'gnt-instance modify -H boot_order={order} {instance.name}' lets it"
        )
    if hypervisor == "kvm" and filled["kernel_path"]:
        return (
            "it boots a kernel of the node and not its disk; "
            f"'gnt-instance modify -H kernel_path= {instance.name}' lets it boot its disk"
        )
    if not user_shutdown(cluster, instance):
        return (
            "nobody sees when the helper machine has switched itself off; 'gnt-cluster modify "
            f"--user-shutdown yes' and 'gnt-instance modify -H user_shutdown=true {instance.name}' "
            "let that be seen"
        )
    return ""


def _disk_for(context: Context, instance: Instance, own: Sequence[Disk], size: int) -> Disk:
    """Return the record of the helper's own disk: of the kind, and beside, the instance's."""
    first = own[0]
    group = str((first.children or [first])[0].logical_id[0]) if first.dev_type in LVM else None
    place = disks.instance_dir(own)
    directory = ("", "") if place is None else (str(first.logical_id[0]), place)
    template = "plain" if place is None else first.dev_type
    where = Where(
        context.cluster, template, (instance.primary_node,), directory, context.randomness
    )
    return new_disk(where, Wanted(size, vg=group), len(own))


def _limit(op: OpBackupExport, own: Sequence[Disk]) -> float:
    fixed = _STARTUP if op.zeroing_timeout_fixed is None else float(op.zeroing_timeout_fixed)
    per_mib = _PER_MIB if op.zeroing_timeout_per_mib is None else op.zeroing_timeout_per_mib
    return fixed + per_mib * sum(disk.size for disk in own)


async def zero(zeroing: Zeroing, instance: Instance, own: Sequence[Disk], context: Context) -> None:
    """Let the helper machine run to its end; the instance is down, its disks are assembled.

    Whatever comes, the machine is stopped afterwards and its disk removed. Raise
    `errors.OpExecError` if it did not end in time.
    """
    node, disk = instance.primary_node, zeroing.disk
    await context.undo(*_undo_of(zeroing, instance, context.cluster))
    try:
        context.log(f"Zeroing the free space of instance {instance.name} with {zeroing.image}...")
        await disks.create(context, [node], instance.name, [disk])
        await disks.assemble(context, instance, fresh=True, only=[disk])
        await disk_images.write(context, node, zeroing.image, disk)
        spec = spec_of(context.cluster, instance, [disk, *own])
        # It has no business on the network, where the instance's addresses would be its.
        start = InstanceStart(msgspec.structs.replace(spec, nics=[]))
        await context.call(node, INSTANCE_START, start)
        await _ended(zeroing, instance, context)
    finally:
        request_end = InstanceShutdown(instance.name, instance.hypervisor, 0)
        await context.call(node, INSTANCE_SHUTDOWN, request_end)
        request_down = DiskRequest(sent(context.cluster, disk), instance.name)
        await context.call(node, BLOCKDEV_SHUTDOWN, request_down)
        await disks.remove(context, node, instance.name, [disk], directory=False)
        # What is cleared away must not be undone: by then the instance may run again.
        context.undo_done()


async def _ended(zeroing: Zeroing, instance: Instance, context: Context) -> None:
    """Wait until the helper machine has switched itself off."""
    end = context.clock.monotonic() + zeroing.limit
    while True:
        state = await names.running(context, instance)
        if state is None or state.state == "shutdown":
            return
        if context.clock.monotonic() >= end:
            raise errors.OpExecError(
                f"The helper machine of instance {instance.name} did not switch itself off within "
                f"{zeroing.limit:.0f} s; give it more time with --zeroing-timeout-fixed or "
                "--zeroing-timeout-per-mib, or look whether its image is right."
            )
        await context.clock.sleep(_POLL)


def _undo_of(zeroing: Zeroing, instance: Instance, cluster: Cluster) -> list[UndoAction]:
    node, disk = instance.primary_node, zeroing.disk
    down: Any = msgspec.to_builtins(InstanceShutdown(instance.name, instance.hypervisor, 0))
    what = f"The helper machine of instance {instance.name}"
    return [
        *disks.removals(cluster, [node], instance.name, [disk], directory=False),
        *disks.undo_assembly(cluster, [node], instance.name, [disk]),
        UndoAction(what, node, INSTANCE_SHUTDOWN.name, down),
    ]

"""Devices that a running instance gets, or loses, at once."""

from collections.abc import Sequence
from typing import Final, Literal

from ganetix import errors
from ganetix.master.logic import names
from ganetix.master.logic.specs import spec_of
from ganetix.master.logic.unit import Context
from ganetix.model.objects import Disk, Instance, Nic
from ganetix.opcodes.instance import OpInstanceSetParams
from ganetix.rpc.tables.guests import HOTPLUG_DEVICE, Hotplug
from ganetix.rpc.tables.spec import InstanceSpec

HYPERVISORS: Final = ("kvm",)
"""Hypervisors whose guests take devices while they run."""


async def possible(op: OpInstanceSetParams, instance: Instance, context: Context) -> bool:
    """Whether *op* wants, and *instance* can take, changes of devices at once."""
    wanted = op.hotplug or op.hotplug_if_possible
    if not wanted or instance.hypervisor not in HYPERVISORS:
        return False
    if context.cluster.nodes[instance.primary_node].offline:
        return False
    state = await names.running(context, instance)
    return state is not None and state.state != "shutdown"


async def unplug(
    context: Context, instance: Instance, disks: Sequence[Disk], nics: Sequence[Nic]
) -> None:
    """Take devices from the running *instance*; the first disk that stays raises.

    A NIC that stays is told: it goes at the next start.
    """
    spec = spec_of(context.cluster, instance)
    for disk in disks:
        await _plug(context, spec, "disk", disk.uuid, add=False)
    for nic in nics:
        await _told(context, spec, "nic", nic.uuid, add=False)


async def plug(
    context: Context, instance: Instance, disks: Sequence[Disk], nics: Sequence[Nic]
) -> None:
    """Give devices to the running *instance*; one that it does not take is told."""
    spec = spec_of(context.cluster, instance)
    for disk in disks:
        await _told(context, spec, "disk", disk.uuid, add=True)
    for nic in nics:
        await _told(context, spec, "nic", nic.uuid, add=True)


async def _told(
    context: Context, spec: InstanceSpec, kind: Literal["disk", "nic"], uuid: str, *, add: bool
) -> None:
    try:
        await _plug(context, spec, kind, uuid, add=add)
    except errors.GanetiError as error:
        context.log(f"WARNING: The change waits for the next start: {error.message}")


async def _plug(
    context: Context, spec: InstanceSpec, kind: Literal["disk", "nic"], uuid: str, *, add: bool
) -> None:
    context.log(
        f"{'Giving a' if add else 'Taking a'} {kind} {'to' if add else 'from'} the "
        "running instance..."
    )
    request = Hotplug(spec, kind, uuid, add)
    await context.call(spec.instance.primary_node, HOTPLUG_DEVICE, request)

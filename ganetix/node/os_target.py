"""What OS scripts work on: an instance with its disks as this node has them."""

from ganetix import errors
from ganetix.guestos.environment import Target
from ganetix.node.blockdev import Disks
from ganetix.rpc.tables.spec import InstanceSpec


async def target_of(spec: InstanceSpec, disks: Disks) -> Target:
    """Return the instance of *spec* for scripts; raise `errors.BlockDeviceError` without a disk."""
    return Target(
        spec.instance,
        tuple(spec.disks),
        tuple([await device_of(spec, index, disks) for index in range(len(spec.disks))]),
        spec.hvparams,
        spec.beparams,
        tuple(spec.nics),
        spec.primary_name,
        tuple(spec.secondary_names),
    )


async def device_of(spec: InstanceSpec, index: int, disks: Disks) -> str:
    """Return where disk *index* of *spec* is; raise `errors.BlockDeviceError` if it is not here."""
    found = await disks.located(spec.disks[index])
    if found is None:
        name = spec.instance.name
        raise errors.BlockDeviceError(
            f"Disk {index} of instance {name} is not on node {disks.paths.hostname}; "
            f"'gnt-instance activate-disks {name}' assembles the disks."
        )
    return found.path

"""The OS parameter ``os-image``: a file of the primary node that is written onto the first disk.

It is written when the OS is installed, after the definition's ``create`` script.
"""

from collections.abc import Sequence

from ganetix import errors
from ganetix.master.logic import disk_images
from ganetix.master.logic.unit import Context
from ganetix.model import params
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance


async def require_fitting(context: Context, instance: Instance, own: Sequence[Disk]) -> None:
    """Raise `errors.OpPrereqError` if *instance* has an image that its disks *own* can't take."""
    image = _image_of(context.cluster, instance)
    if not image:
        return
    if not image.startswith("/"):
        raise errors.OpPrereqError(
            f"The image of instance {instance.name} must be a file of its primary node, not "
            f"{image}; give an absolute path: -O {params.OS_IMAGE}=/PATH.",
            errors.INVAL,
        )
    if not own:
        raise errors.OpPrereqError(
            f"Instance {instance.name} has no disk for the image {image}; give it one, or leave "
            f"the OS parameter {params.OS_IMAGE} out.",
            errors.INVAL,
        )
    node = instance.primary_node
    size = await disk_images.size_of(context, node, image, f"instance {instance.name}")
    if size > own[0].size:
        raise errors.OpPrereqError(
            f"The image of instance {instance.name}, {image}, has {size} MiB, and its first disk "
            f"has {own[0].size} MiB; give it a larger disk, or another image.",
            errors.INVAL,
        )


async def write(context: Context, instance: Instance) -> None:
    """Write the image of *instance*, if it has one, onto its first disk; disks are assembled."""
    image = _image_of(context.cluster, instance)
    if image:
        first = context.cluster.disks_of(instance)[0]
        context.log(f"Writing {image} onto {first.iv_name} of instance {instance.name}...")
        await disk_images.write(context, instance.primary_node, image, first)


def _image_of(cluster: Cluster, instance: Instance) -> str:
    """Return the image, empty without one."""
    return params.os_params(cluster, instance.os, instance.osparams).get(params.OS_IMAGE, "")

"""The way to a node of the same virtual cluster: its directory beside ours."""

import posixpath
from collections.abc import Callable

import attrs
from zope.interface import implementer

from ganetix import errors
from ganetix.master.bootstrap.interface import MODULE, IBootstrap, Spawn, Target
from ganetix.paths import Paths


@implementer(IBootstrap)
@attrs.frozen
class SiblingDirectory:
    """Runs the program as the node whose root directory stands beside that of *paths*.

    *python* is the interpreter; *is_dir* tells whether a directory is there.
    """

    paths: Paths
    python: str
    spawn: Spawn
    is_dir: Callable[[str], bool]

    async def run(self, target: Target, step: str, request: bytes) -> bytes:
        """See `IBootstrap`."""
        base = posixpath.dirname(self.paths.root)
        root = f"{base}/{target.name}"
        if not self.is_dir(root):
            raise errors.OpPrereqError(
                f"{root} does not exist: node {target.name} is not part of the virtual cluster in "
                f"{base}. Make it with: vcluster-setup --nodes N {base}",
                errors.NOENT,
            )
        environment = {"GANETI_ROOTDIR": root, "GANETI_HOSTNAME": target.name}
        try:
            return await self.spawn((self.python, "-m", MODULE, step), environment, request)
        except errors.CommandError as error:
            raise errors.OpPrereqError(error.message, errors.ENVIRON) from error

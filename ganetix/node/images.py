"""Images of disks that are files of this node: how large they are, and onto a disk with them."""

from typing import Final

import attrs

from ganetix import errors
from ganetix.node.blockdev import Disks
from ganetix.paths import Paths
from ganetix.rpc.call import Done
from ganetix.rpc.interfaces import CallContext
from ganetix.rpc.tables.images import DiskImage, FileFound, FileQuery
from ganetix.storage.programs import Programs
from ganetix.toolkit.interfaces import IFileSystem, IWorker

_DD: Final = "/usr/bin/dd"
_COPY_TIME: Final = 3000.0


@attrs.frozen
class Images:
    """The calls of `ganetix.rpc.tables.images`."""

    paths: Paths
    files: IFileSystem
    worker: IWorker
    disks: Disks
    programs: Programs

    async def info(self, request: FileQuery, context: CallContext) -> FileFound:
        """``get_file_info``."""
        path = self.paths.incoming(request.path)
        return FileFound(await self.worker.run(self._thd_size, path))

    async def write(self, request: DiskImage, context: CallContext) -> Done:
        """``blockdev_image``: copy the image onto an assembled disk that is not smaller."""
        found = await self.disks.located(request.disk)
        if found is None:
            raise errors.BlockDeviceError(
                f"{request.disk.iv_name} ({request.disk.uuid}) is not on this node: no image can "
                "be written onto it."
            )
        image = self.paths.incoming(request.image)
        await self.programs.must(
            f"copy {image} to {found.path}",
            _DD, f"if={image}", f"of={found.path}", "bs=1M", "conv=notrunc,fsync", "status=none",
            timeout=_COPY_TIME,
        )  # fmt: skip
        return Done()

    def _thd_size(self, path: str) -> int | None:
        if self.files.is_dir(path) or not self.files.exists(path):
            return None
        return self.files.size(path)

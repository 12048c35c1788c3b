"""The bridges of this node, as its kernel shows them."""

from collections.abc import Iterable
from typing import Final

import attrs

from ganetix import errors
from ganetix.paths import Paths
from ganetix.toolkit.interfaces import IFileSystem, IWorker

DEVICES: Final = "/sys/class/net"


@attrs.frozen
class Bridges:
    """Looks for bridges, Open vSwitches among them."""

    paths: Paths
    files: IFileSystem
    worker: IWorker

    async def require(self, names: Iterable[str]) -> None:
        """Raise `errors.HypervisorError` for those of *names* that are not there.

        Nodes of a virtual cluster share the machine's network and need none.
        """
        if self.paths.virtual:
            return
        missing: list[str] = await self.worker.run(self._thd_missing, sorted(set(names)))
        if missing:
            raise errors.HypervisorError(
                f"Node {self.paths.hostname} has no bridge {', '.join(missing)}; 'ip link add "
                f"{missing[0]} type bridge' makes one, until the node boots again."
            )

    def _thd_missing(self, names: list[str]) -> list[str]:
        return [name for name in names if not self._thd_is_bridge(f"{DEVICES}/{name}")]

    def _thd_is_bridge(self, device: str) -> bool:
        if self.files.exists(f"{device}/bridge"):
            return True
        # An Open vSwitch has a device of its own, and the kernel one for all of them together.
        return self.files.exists(device) and self.files.exists(f"{DEVICES}/ovs-system")

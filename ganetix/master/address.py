"""The cluster's address: turned up on the master's node when the master daemon starts."""

from collections.abc import Callable

import attrs
from twisted.logger import Logger

from ganetix import errors
from ganetix.master.logic.cluster_master_ip import address_of
from ganetix.model.cluster import Cluster
from ganetix.rpc.call import Done, INodes
from ganetix.rpc.tables.cluster import NODE_ACTIVATE_MASTER_IP
from ganetix.toolkit.tasks import Tasks


@attrs.define(eq=False)
class MasterAddress:
    """Asks this node to turn the address up; nothing waits for it, and it stays at the end."""

    nodes: INodes
    cluster: Callable[[], Cluster]
    name: str = "master IP"
    log: Logger = attrs.field(factory=Logger)
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)

    async def start(self) -> None:
        """Begin."""
        self._tasks.spawn("master IP", self._activate())

    async def stop(self) -> None:
        """Do not wait for an answer any more."""
        await self._tasks.stop()

    async def _activate(self) -> None:
        cluster = self.cluster()
        try:
            done: Done = await self.nodes.call(
                cluster.cluster.master_node, NODE_ACTIVATE_MASTER_IP, address_of(cluster)
            )
        except errors.GanetiError as error:
            self.log.error(
                "The master IP is not up: {why} Mend that, then run: "
                "gnt-cluster activate-master-ip",
                why=error.message,
            )
        else:
            self.log.info("{note}", note=done.note)

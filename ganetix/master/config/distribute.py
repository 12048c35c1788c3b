"""Distribution of the configuration's simple values: pushed to all nodes when one has changed.

The newest values win; a node that could not be reached is sent everything when it is back.
"""

import attrs
from twisted.logger import Logger

from ganetix import errors
from ganetix.master.config import ssconf
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.rpc.call import INodes
from ganetix.rpc.calls import SSCONF_UPDATE, SsconfUpdate
from ganetix.toolkit.tasks import Tasks


@attrs.define(eq=False)
class Distribution:
    """Keeps the ssconf files of all online nodes as the configuration says."""

    nodes: INodes
    log: Logger = attrs.field(factory=Logger)
    _cluster: Cluster | None = attrs.field(default=None, init=False)
    _sent: dict[str, dict[str, str]] = attrs.field(factory=dict, init=False)
    """What each node is known to have."""
    _busy: bool = attrs.field(default=False, init=False)
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)

    def committed(self, before: Cluster, after: Cluster, change: Change) -> None:
        """Tell of a new configuration."""
        if _matters(before, after, change):
            self.push(after)

    def push(self, cluster: Cluster) -> None:
        """Bring all online nodes to *cluster*'s values."""
        self._cluster = cluster
        if not self._busy:
            self._busy = True
            self._tasks.spawn("ssconf", self._run())

    def node_connected(self, uuid: str) -> None:
        """Tell that *uuid* has a session again: it is sent what it lacks."""
        if self._cluster is not None:
            self.push(self._cluster)

    def forget(self, uuid: str) -> None:
        """Take for unknown what *uuid* has, so that the next push sends everything."""
        self._sent.pop(uuid, None)

    async def pushed(self) -> None:
        """Wait until nothing is on its way."""
        await self._tasks.drained()

    async def stop(self) -> None:
        """Stop pushing."""
        await self._tasks.stop()

    async def _run(self) -> None:
        try:
            done: Cluster | None = None
            while self._cluster is not None and self._cluster is not done:
                done = self._cluster
                await self._push_all(done)
        finally:
            self._busy = False

    async def _push_all(self, cluster: Cluster) -> None:
        values = ssconf.values(cluster)
        for node in list(cluster.online_nodes()):
            await self._push_one(node.uuid, node.name, values)

    async def _push_one(self, uuid: str, name: str, values: dict[str, str]) -> None:
        known = self._sent.get(uuid, {})
        fresh = {key: text for key, text in values.items() if known.get(key) != text}
        if not fresh or not self.nodes.connected(uuid):
            return
        try:
            await self.nodes.call(uuid, SSCONF_UPDATE, SsconfUpdate(fresh))
        except errors.GanetiError as error:
            self.forget(uuid)
            self.log.warn(
                "{node} did not take the ssconf files: {why}", node=name, why=error.message
            )
        else:
            self._sent[uuid] = values


def _matters(before: Cluster, after: Cluster, change: Change) -> bool:
    """Whether a value may differ; most changes of instances do not matter."""
    if change.cluster or change.nodes or change.nodegroups or change.networks:
        return True
    if change.drop_nodes or change.drop_nodegroups or change.drop_networks:
        return True
    old, new = before.indexes.instance_names, after.indexes.instance_names
    return old is not new and old.keys() != new.keys()

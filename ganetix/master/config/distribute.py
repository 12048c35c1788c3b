"""Distribution of the configuration's simple values: pushed to all nodes when one has changed.

The newest values win; a node that could not be reached is sent everything when it is back. No node
waits for another. The list of instances may be late by `LATER` seconds: a row of jobs is one push,
and none waits for it.
"""

from contextlib import suppress
from typing import Final

import attrs
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from ganetix import errors
from ganetix.master.config import ssconf
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Node
from ganetix.rpc.call import INodes
from ganetix.rpc.tables.files import SSCONF_UPDATE, SsconfUpdate
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.tasks import Tasks

LATER: Final = 0.25
"""Seconds for which a change of nothing but instances waits for company."""
STOP_WAIT: Final = 2.0
"""Seconds that a stop waits for nodes to take the last values."""


@attrs.define(eq=False)
class Distribution:
    """Keeps the ssconf files of all online nodes as the configuration says."""

    nodes: INodes
    clock: Clock
    log: Logger = attrs.field(factory=Logger)
    _cluster: Cluster | None = attrs.field(default=None, init=False)
    _values: dict[str, str] = attrs.field(factory=dict, init=False)
    """What `_cluster` comes to."""
    _sent: dict[str, dict[str, str]] = attrs.field(factory=dict, init=False)
    """What each node is known to have."""
    _busy: dict[str, bool] = attrs.field(factory=dict, init=False)
    """The nodes that are sent something now, and whether there may be more to send."""
    _later: IDelayedCall | None = attrs.field(default=None, init=False)
    _tasks: Tasks = attrs.field(factory=Tasks, init=False)

    def committed(self, before: Cluster, after: Cluster, change: Change) -> None:
        """Tell of a new configuration."""
        if _matters_now(change):
            self.push(after)
        elif _names_differ(before, after):
            self._cluster = after
            if self._later is None:
                self._later = self.clock.call_later(LATER, self._push_newest)

    def _push_newest(self) -> None:
        if self._cluster is not None:
            self.push(self._cluster)

    def push(self, cluster: Cluster) -> None:
        """Bring all online nodes to *cluster*'s values."""
        self._cluster = cluster
        self._wait_no_longer()
        self._values = ssconf.values(cluster)
        for node in cluster.online_nodes():
            self._bring(node)

    def node_connected(self, uuid: str) -> None:
        """Tell that *uuid* has a session again: it is sent what it lacks."""
        node = None if self._cluster is None else self._cluster.nodes.get(uuid)
        if node is not None and not node.offline:
            self._bring(node)

    def forget(self, uuid: str) -> None:
        """Take for unknown what *uuid* has, so that the next push sends everything."""
        self._sent.pop(uuid, None)

    def _wait_no_longer(self) -> None:
        if self._later is not None and self._later.active():
            self._later.cancel()
        self._later = None

    async def stop(self) -> None:
        """Push what waits for company, for at most `STOP_WAIT` seconds, and stop."""
        if self._later is not None:
            self._push_newest()
            with suppress(TimeoutError):
                await self.clock.within(STOP_WAIT, self._tasks.drained())
        await self._tasks.stop()

    def _bring(self, node: Node) -> None:
        """Bring *node* to the newest values, beside what goes on."""
        if node.uuid in self._busy:
            self._busy[node.uuid] = True
        else:
            self._tasks.spawn("ssconf", self._send(node.uuid, node.name))

    async def _send(self, uuid: str, name: str) -> None:
        """Send what is missing, until nobody has asked for more meanwhile."""
        self._busy[uuid] = True
        try:
            while self._busy[uuid]:
                self._busy[uuid] = False
                await self._send_once(uuid, name)
        finally:
            del self._busy[uuid]

    async def _send_once(self, uuid: str, name: str) -> None:
        known, values = self._sent.get(uuid, {}), self._values
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


def _matters_now(change: Change) -> bool:
    """Whether *change* may be to values that a node acts on."""
    if change.cluster or change.nodes or change.nodegroups or change.networks:
        return True
    return bool(change.drop_nodes or change.drop_nodegroups or change.drop_networks)


def _names_differ(before: Cluster, after: Cluster) -> bool:
    """Whether there are other instances now; most changes of instances do not matter here."""
    old, new = before.indexes.instance_names, after.indexes.instance_names
    return old is not new and old.keys() != new.keys()

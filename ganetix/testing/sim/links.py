"""Connections from a process of the simulation to the node daemons."""

from collections.abc import Callable, Mapping

import attrs
from twisted.internet.interfaces import IStreamClientEndpoint

from ganetix.ids import Randomness
from ganetix.model.cluster import Cluster
from ganetix.rpc.client import ClientPool
from ganetix.rpc.interfaces import Claim, IEventSink, NodeAddress
from ganetix.rpc.tables.sessions import MasterInfo
from ganetix.testing.sim.machines import Process
from ganetix.testing.sim.noded import PORT, VERSIONS

Where = Callable[[str], str]
"""Node name to the name of the daemon's process there now."""


@attrs.frozen
class Links:
    """What *process* needs to connect; *token* makes its random bytes."""

    process: Process
    where: Where
    token: Callable[[int], bytes]

    @property
    def randomness(self) -> Randomness:
        """The random source of the process."""
        return Randomness(self.token, self.process.machine.dice.uniform)

    def pool(
        self,
        cluster: Callable[[], Cluster],
        claim: Claim | None,
        sink: IEventSink,
        refused: Callable[[str, MasterInfo], None],
    ) -> ClientPool:
        """Return a pool of connections to the nodes that *cluster* has now, under *claim*."""
        return ClientPool(
            lambda: _addresses(cluster()),
            self._connect,
            lambda: claim,
            sink,
            refused,
            self.process.clock,
            self.randomness,
            VERSIONS,
        )

    def _connect(self, node: NodeAddress) -> IStreamClientEndpoint:
        network = self.process.machine.network
        return network.client(self.process.name, self.where(node.name), node.port)


def _addresses(cluster: Cluster) -> Mapping[str, NodeAddress]:
    return {
        node.uuid: NodeAddress(node.uuid, node.name, node.name, PORT, node.offline)
        for node in cluster.nodes.values()
    }

"""A whole master failover, on the candidate that becomes the master.

Look who is master, stop the old one, look again, have most nodes obey, make this node's copy of
the journal the master's, and have every node know the new master by name: only then is it done.
"""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

import attrs

from ganetix import errors
from ganetix.master import failover
from ganetix.master.failover import Own, Request, Standing
from ganetix.master.store.recovery import recover
from ganetix.model.cluster import Cluster
from ganetix.paths import Paths
from ganetix.rpc.call import INodes
from ganetix.rpc.interfaces import Claim
from ganetix.rpc.tables.journal import StorePosition
from ganetix.toolkit.interfaces import IFileSystem


class Successor(Protocol):
    """The candidate, as far as it is not the same for a real one and a simulated one."""

    @property
    def name(self) -> str:
        """The name of its node."""

    def nodes(self, cluster: Cluster, claim: Claim | None) -> AbstractAsyncContextManager[INodes]:
        """Return connections to the nodes of *cluster*, under *claim* or only to ask."""

    async def own(self) -> Own:
        """Return its copy as it is now; raise `errors.GanetiError` when it has none."""

    async def release_ip(self, nodes: INodes, cluster: Cluster) -> None:
        """Have the old master give the address of *cluster* up; a failure is only told."""

    async def take_over(self, epoch: int) -> Cluster:
        """Make its copy the master's under *epoch*; return the new configuration."""

    def say(self, text: str) -> None:
        """Tell how it goes."""

    def warn(self, text: str) -> None:
        """Tell what is not as it should be."""


@attrs.frozen
class Succession:
    """What ``gnt-cluster master-failover`` does between its command line and the new daemons."""

    here: Successor
    asked: Request

    async def run(self) -> Cluster:
        """Make this node the master; return the new configuration.

        Raise `errors.GanetiError` with a sentence: what was changed until then it says, too.
        """
        own, standing = await self._look(await self.here.own())
        old = own.cluster.master
        if old.uuid not in standing.answered():
            self.here.say(
                f"The old master {old.name} does not answer, so its daemons are not stopped."
            )
        elif old.name != self.here.name:
            async with self.here.nodes(own.cluster, None) as nodes:
                await failover.stop_old_master(nodes, own, self.here.say)
            # What the old master wrote while it ended has come here, or is missed now.
            own, standing = await self._look(await self.here.own(), again=True)
        epoch = max(standing.epoch(), own.cluster.cluster.epoch, own.position.epoch) + 1
        async with self.here.nodes(own.cluster, Claim(epoch, self.here.name)) as nodes:
            return await self._take(nodes, own, standing, epoch)

    async def _look(self, before: Own, *, again: bool = False) -> tuple[Own, Standing]:
        """Return what this node has, and what the others answered; raise if it may not be."""
        async with self.here.nodes(before.cluster, None) as nodes:
            standing = await failover.ask(nodes, before.cluster, self.asked)
        # Read after the others have answered: a master that lives has written more meanwhile.
        own = await self.here.own()
        try:
            warnings = failover.check(own, self.here.name, standing, self.asked)
        except errors.OpPrereqError as error:
            if not again:
                raise
            raise errors.OpExecError(
                f"{error.message} The master's daemons on {own.cluster.master.name} were stopped; "
                "start them there with: daemon-util start-master"
            ) from error
        for warning in () if again else warnings:
            self.here.warn(warning)
        return own, standing

    async def _take(self, nodes: INodes, own: Own, standing: Standing, epoch: int) -> Cluster:
        name = self.here.name
        refusing = await failover.command(nodes, own, name, standing, self.asked)
        for node, why in refusing.items():
            self.here.warn(f"Node {node} does not obey {name} yet: {why}")
        await failover.check_again(nodes, await self.here.own(), name, self.asked, refusing)
        if own.cluster.master.name != name:
            await self.here.release_ip(nodes, own.cluster)
        cluster = await self.here.take_over(epoch)
        for node, why in (await failover.announce(nodes, cluster, refusing)).items():
            self.here.warn(
                f"Node {node} does not know yet that {name} is the master: {why} It is told when "
                "the master's daemon runs and reaches it."
            )
        return cluster


def own_copy(fs: IFileSystem, paths: Paths) -> Own:
    """Return this node's copy of the journal. Blocks.

    Raise `errors.GanetiError` when it has none, or none that can be read.
    """
    try:
        found = recover(fs, paths)
    except errors.NotInClusterError as error:
        raise errors.OpPrereqError(
            f"{paths.hostname} has no copy of the configuration: it is no master candidate, or was "
            "never in sync. Type the command on another candidate.",
            errors.STATE,
        ) from error
    position = StorePosition(found.epoch, found.serial)
    return Own(found.replay.cluster(), position, frozenset(found.replay.behind))

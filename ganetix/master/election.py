"""Who is master in the eyes of the nodes: asked before a master daemon takes up its work."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from twisted.logger import Logger

from ganetix import errors
from ganetix.model.cluster import Cluster
from ganetix.rpc.call import INodes, Nothing
from ganetix.rpc.tables.sessions import MASTER_INFO, MasterInfo
from ganetix.toolkit.clock import Clock

PATIENCE: Final = 60.0
"""Seconds to wait for enough nodes: the reference's six retries of ten seconds."""

PAUSE: Final = 1.0
"""Seconds between two rounds; nodes that boot with the master answer soon."""

ANSWER: Final = 10.0
"""Seconds that a node has to answer."""

_log: Final = Logger()


def verdict(name: str, epoch: int, nodes: int, votes: Iterable[MasterInfo]) -> str | None:
    """Tell what keeps *name* from being master: None when half of *nodes* plus one stand by it.

    Raise `errors.NotMasterError` when the nodes obey another: waiting does not help then.
    """
    count: Counter[str] = Counter()
    for vote in votes:
        if vote.epoch > epoch and vote.master_node != name:
            raise errors.NotMasterError(_other(name, vote.master_node, f"epoch {vote.epoch}"))
        count[vote.master_node] += 1
    needed = nodes // 2 + 1
    for other, number in sorted(count.items()):
        if other not in (name, "") and number >= needed:
            raise errors.NotMasterError(_other(name, other, f"{number} of {nodes} nodes"))
    if count[name] >= needed:
        return None
    return (
        f"{count[name]} of {nodes} nodes say that {name} is the master, and {needed} are needed. "
        "Start ganeti-noded on more nodes; if they can't be started, 'ganeti-masterd --no-voting' "
        "goes on without them."
    )


def _other(name: str, other: str, known_by: str) -> str:
    return (
        f"{other} is the master by {known_by}, and not {name}. To make {name} the master, run "
        f"'gnt-cluster master-failover' on it."
    )


async def elect(nodes: INodes, cluster: Cluster, name: str, clock: Clock) -> None:
    """Return when enough nodes stand by *name*.

    Raise `errors.NotMasterError` when they obey another, `errors.GenericError` when too few answer.
    """
    voters = [node.uuid for node in cluster.online_nodes()]
    began = clock.monotonic()
    while True:
        votes = await _round(nodes, voters, clock)
        missing = verdict(name, cluster.cluster.epoch, len(voters), votes)
        if missing is None:
            return
        if clock.monotonic() - began >= PATIENCE:
            raise errors.GenericError(missing)
        _log.warn("Waiting for nodes: {missing}", missing=missing)
        await clock.sleep(PAUSE)


async def _round(nodes: INodes, voters: list[str], clock: Clock) -> list[MasterInfo]:
    answers: Mapping[str, Any] = await clock.within(
        ANSWER * 2, nodes.call_each(voters, MASTER_INFO, Nothing())
    )
    return [answer for answer in answers.values() if isinstance(answer, MasterInfo)]

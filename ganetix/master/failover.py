"""Whether a candidate may become the master, and how the nodes are brought to obey it.

What ``gnt-cluster master-failover`` does before this node's copy of the journal becomes the
master's. Nothing is changed until the votes and the candidates' copies have been looked at.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

import attrs

from ganetix import errors
from ganetix.master.config import ssconf
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Node
from ganetix.rpc.call import Call, INodes, Nothing
from ganetix.rpc.tables.cluster import NODE_STOP_MASTER
from ganetix.rpc.tables.files import SSCONF_UPDATE, SsconfUpdate
from ganetix.rpc.tables.journal import STORE_POSITION, StorePosition
from ganetix.rpc.tables.sessions import MASTER_INFO, MasterInfo
from ganetix.toolkit.gather import gather

ANSWER: Final = 15.0
"""Seconds that a node has to answer."""

NOTHING: Final = Nothing()
_AT_ONCE: Final = 1000

Tell = Callable[[str], None]


@attrs.frozen
class Request:
    """What the administrator asked for: *insist* is ``--yes-do-it``.

    With *ignore_offline* nodes that are marked offline have no vote.
    """

    voting: bool = True
    insist: bool = False
    ignore_offline: bool = True


@attrs.frozen
class Own:
    """This candidate's copy: the configuration in it, where its journal ends.

    *behind* are the candidates that are behind by this copy's own journal.
    """

    cluster: Cluster
    position: StorePosition
    behind: frozenset[str]


@attrs.frozen
class Standing:
    """What the nodes answered, by uuid: an answer or the error in its place."""

    votes: Mapping[str, Any]
    positions: Mapping[str, Any]

    def epoch(self) -> int:
        """The highest epoch that any node has obeyed."""
        return max((vote.epoch for vote in self.answered().values()), default=0)

    def answered(self) -> dict[str, MasterInfo]:
        """The votes that came."""
        return {uuid: vote for uuid, vote in self.votes.items() if isinstance(vote, MasterInfo)}


async def ask(nodes: INodes, cluster: Cluster, request: Request) -> Standing:
    """Ask all nodes who the master is, and the candidates how far their copies are."""
    voters = [node.uuid for node in voting(cluster, request)]
    votes = await _each(nodes, voters, MASTER_INFO)
    able = [uuid for uuid in voters if isinstance(votes[uuid], MasterInfo)]
    return Standing(votes, await _positions(nodes, cluster, able))


async def _positions(nodes: INodes, cluster: Cluster, uuids: Iterable[str]) -> Mapping[str, Any]:
    able = [uuid for uuid in uuids if cluster.nodes[uuid].master_candidate]
    return await _each(nodes, able, STORE_POSITION)


async def _each(
    nodes: INodes, uuids: Iterable[str], call: Call[Any, Any], request: Any = NOTHING
) -> Mapping[str, Any | errors.GanetiError]:
    async def one(uuid: str) -> Any | errors.GanetiError:
        try:
            return await nodes.call(uuid, call, request, ANSWER)
        except errors.GanetiError as error:
            return error

    return await gather(one, uuids, _AT_ONCE)


def voting(cluster: Cluster, request: Request) -> list[Node]:
    """Return the nodes that have a vote, by name."""
    nodes = cluster.nodes.values() if not request.ignore_offline else cluster.online_nodes()
    return sorted(nodes, key=lambda node: node.name)


def check(own: Own, name: str, standing: Standing, request: Request) -> list[str]:
    """Return what to warn of; raise `errors.OpPrereqError` if *name* may not become the master."""
    _check_candidate(own.cluster, name, standing)
    warnings = _silent(own.cluster, standing)
    if request.voting:
        _check_votes(own.cluster, name, standing, request)
    return [*warnings, *_check_copy(own, name, standing.positions, request)]


def _check_candidate(cluster: Cluster, name: str, standing: Standing) -> None:
    here = cluster.node_named(name)
    if here.uuid == cluster.cluster.master_node and standing.epoch() <= cluster.cluster.epoch:
        raise errors.OpPrereqError(
            f"{name} is the master already; start its daemons with: daemon-util start-master",
            errors.INVAL,
        )
    if not here.master_candidate or here.offline:
        able = ", ".join(sorted(node.name for node in cluster.candidates())) or "none"
        raise errors.OpPrereqError(
            f"{name} is not a master candidate, so it can't become the master. Candidates are: "
            f"{able}. Type the command on one of them.",
            errors.STATE,
        )


def _check_votes(cluster: Cluster, name: str, standing: Standing, request: Request) -> None:
    """Most of the nodes must name the master that this copy knows, or this node already."""
    votes, nodes = standing.answered(), len(voting(cluster, request))
    old, needed = cluster.master.name, nodes // 2 + 1
    fine = sum(1 for vote in votes.values() if _stands(vote, old, name, cluster.cluster.epoch))
    if fine >= needed:
        return
    if len(votes) < needed:
        raise errors.OpPrereqError(
            f"{len(votes)} of {nodes} nodes answer, and {needed} are needed. Start ganeti-noded on "
            "more nodes; if that can't be done and no other master runs anywhere, "
            "'gnt-cluster master-failover --no-voting' goes on without them.",
            errors.ENVIRON,
        )
    told = Counter(vote.master_node or "nobody" for vote in votes.values())
    others = ", ".join(f"{master} ({count})" for master, count in told.most_common())
    raise errors.OpPrereqError(
        f"By the copy of the configuration on {name} the master is {old}, but the nodes name: "
        f"{others}. The copy is old. Run the command on a candidate that knows the present master, "
        "or go on with --no-voting if no other master runs anywhere.",
        errors.STATE,
    )


def _stands(vote: MasterInfo, old: str, name: str, epoch: int) -> bool:
    """Whether *vote* agrees: with the master that is known, or with an attempt of *name* itself."""
    if vote.epoch > epoch:
        return vote.master_node == name
    return vote.master_node in (old, "")


def _silent(cluster: Cluster, standing: Standing) -> list[str]:
    return [
        f"Node {cluster.nodes[uuid].name} does not answer: {answer.message}"
        for uuid, answer in standing.votes.items()
        if isinstance(answer, errors.GanetiError)
    ]


def _check_copy(own: Own, name: str, positions: Mapping[str, Any], request: Request) -> list[str]:
    """Nothing that was acknowledged may be missing here, unless somebody insists."""
    here = own.cluster.node_named(name)
    trouble = _behind(own, here, positions) or _unknown(own, here, positions)
    if not trouble:
        return []
    if request.insist:
        return [trouble]
    raise errors.OpPrereqError(
        f"{trouble} If it must be {name}, add --yes-do-it: what it lacks is lost then.",
        errors.STATE,
    )


def _behind(own: Own, here: Node, positions: Mapping[str, Any]) -> str:
    ahead = {
        uuid: at
        for uuid, at in positions.items()
        if isinstance(at, StorePosition) and _order(at) > _order(own.position) and uuid != here.uuid
    }
    if ahead:
        uuid, best = max(ahead.items(), key=lambda row: _order(row[1]))
        lacking = max(best.serial - own.position.serial, 1)
        changes = "1 change" if lacking == 1 else f"{lacking} changes"
        return (
            f"{here.name} lacks {changes} that {own.cluster.nodes[uuid].name} has; a candidate "
            "that lacks nothing should become the master."
        )
    if here.uuid in own.behind:
        return f"{here.name} was behind when the old master wrote to it last."
    return ""


def _order(at: StorePosition) -> tuple[int, int]:
    return at.epoch, at.serial


def _unknown(own: Own, here: Node, positions: Mapping[str, Any]) -> str:
    """Name a candidate that might have more and does not say; the old master is allowed to."""
    silent = [
        node.name
        for node in own.cluster.candidates()
        if node.uuid not in (here.uuid, own.cluster.cluster.master_node, *own.behind)
        and not node.offline
        and not isinstance(positions.get(node.uuid), StorePosition)
    ]
    if not silent:
        return ""
    return (
        f"Whether {here.name} has every change can't be told, because not every candidate says "
        f"what it has ({', '.join(sorted(silent))})."
    )


async def stop_old_master(nodes: INodes, own: Own, tell: Tell) -> None:
    """Let the old master, whose node answers, end in good order; a failure is only told."""
    old = own.cluster.master
    tell(f"Stopping the master's daemons on {old.name} ...")
    try:
        await nodes.call(old.uuid, NODE_STOP_MASTER, Nothing())
    except errors.GanetiError as error:
        tell(f"Warning: the master's daemons on {old.name} were not stopped: {error.message}")


async def command(
    nodes: INodes, own: Own, name: str, standing: Standing, request: Request
) -> Mapping[str, str]:
    """Have the nodes that voted obey, this one first; return why some (by name) do not.

    *nodes* are called under the new mastership. Raise `errors.OpExecError` if too few obey.
    """
    here = own.cluster.node_named(name)
    try:
        await nodes.call(here.uuid, MASTER_INFO, Nothing(), ANSWER)
    except errors.GanetiError as error:
        raise errors.OpExecError(
            f"The node daemon of {name} itself does not obey: {error.message}"
        ) from error
    rest = [uuid for uuid in standing.answered() if uuid != here.uuid]
    answers = await _each(nodes, rest, MASTER_INFO)
    silent = {uuid: vote for uuid, vote in standing.votes.items() if uuid != here.uuid}
    refusing = _errors(own.cluster, {**silent, **answers})
    nodes_in_all = len(voting(own.cluster, request))
    obeying, needed = nodes_in_all - len(refusing), nodes_in_all // 2 + 1
    if request.voting and obeying < needed:
        told = " ".join(f"{node}: {why}" for node, why in refusing.items())
        raise errors.OpExecError(
            f"Only {obeying} of {nodes_in_all} nodes obey {name}, and {needed} are needed. {told} "
            "Mend that and repeat the command."
        )
    return refusing


async def check_again(
    nodes: INodes, own: Own, name: str, request: Request, refusing: Collection[str]
) -> None:
    """Look once more at the copies of the candidates, which get nothing from the old master now.

    *own* is read after they obeyed. Raise `errors.OpExecError` if something is missing here.
    """
    voters = [node for node in voting(own.cluster, request) if node.name not in refusing]
    positions = await _positions(nodes, own.cluster, [node.uuid for node in voters])
    try:
        _check_copy(own, name, positions, request)
    except errors.OpPrereqError as error:
        raise errors.OpExecError(
            f"{error.message} The old master has written something meanwhile, and most nodes obey "
            f"{name} now: run the command again, on the candidate that lacks nothing."
        ) from error


async def announce(nodes: INodes, cluster: Cluster, refusing: Collection[str]) -> Mapping[str, str]:
    """Have all online nodes but those *refusing* (names) keep the values of *cluster* as files.

    From these a node's own programs know the master. Return why some (by name) do not.
    """
    told = [node.uuid for node in cluster.online_nodes() if node.name not in refusing]
    values = SsconfUpdate(ssconf.values(cluster))
    return _errors(cluster, await _each(nodes, told, SSCONF_UPDATE, values))


def _errors(cluster: Cluster, answers: Mapping[str, Any]) -> dict[str, str]:
    rows: Iterable[tuple[str, Any]] = answers.items()
    return {
        cluster.nodes[uuid].name: answer.message
        for uuid, answer in rows
        if isinstance(answer, errors.GanetiError)
    }

"""The pool of master candidates: who may be in it, who is missing, and what joining it takes."""

from collections.abc import Iterable, Mapping

import msgspec

from ganetix import errors
from ganetix.ids import Randomness
from ganetix.master.logic import ssh_access
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.unit import Context
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Node
from ganetix.rpc.call import Nothing
from ganetix.rpc.tables.files import UPLOAD_FILE, FileUpload
from ganetix.rpc.tables.roles import NODE_CRYPTO_TOKENS, NODE_DEMOTE, Demote


def eligible(node: Node) -> bool:
    """Whether *node* may be a candidate."""
    return not node.offline and not node.drained and node.master_capable


def missing(nodes: Iterable[Node], pool_size: int) -> int:
    """Return how many candidates are missing (negative: how many are too many)."""
    rows = list(nodes)
    able = sum(1 for node in rows if eligible(node))
    return min(able, pool_size) - sum(1 for node in rows if node.master_candidate)


def chosen(nodes: Iterable[Node], pool_size: int, randomness: Randomness) -> list[Node]:
    """Return the nodes to promote so that the pool is full, chosen at random."""
    rows = list(nodes)
    free = sorted((n for n in rows if eligible(n) and not n.master_candidate), key=_by_name)
    found = []
    for _ in range(min(max(0, missing(rows, pool_size)), len(free))):
        found.append(free.pop(int(randomness.uniform() * len(free))))
    return found


def _by_name(node: Node) -> str:
    return node.name


async def tokens(context: Context, uuids: Iterable[str]) -> dict[str, str]:
    """Return the certificate digests of the nodes *uuids*, asked from themselves."""
    found = {}
    for uuid in uuids:
        answer = await context.call(uuid, NODE_CRYPTO_TOKENS, Nothing())
        found[uuid] = answer.digest
    return found


def certified(
    cluster: Cluster, change: Change, digests: Mapping[str, str], gone: Iterable[str] = ()
) -> Change:
    """Return *change* with the list of digests that may command: *digests* in, *gone* out."""
    settings = change.cluster or cluster.cluster
    left = {k: v for k, v in settings.candidate_certs.items() if k not in set(gone)}
    fresh = {**left, **{uuid: digest for uuid, digest in digests.items() if digest}}
    if fresh == settings.candidate_certs:
        return change
    settings = msgspec.structs.replace(settings, candidate_certs=fresh)
    return msgspec.structs.replace(change, cluster=settings)


async def equip(context: Context, outside: Outside, uuids: Iterable[str]) -> None:
    """Bring new candidates what only candidates have: the authority's key, and open doors."""
    path = context.paths.authority_key_file
    key = await outside.read_file(path)
    fresh = list(uuids)
    await ssh_access.let_in(context, outside, fresh)
    for uuid in fresh if key is not None else ():
        name = context.cluster.nodes[uuid].name
        try:
            upload = FileUpload(context.paths.outgoing(path), key or b"", 0o600)
            await context.call(uuid, UPLOAD_FILE, upload)
        except errors.GanetiError as error:
            context.log(
                f"WARNING: Candidate {name} has not got the authority's key: {error.message}"
            )


async def strip(context: Context, outside: Outside, node: Node) -> None:
    """Take from a node that is a candidate no more what only candidates have."""
    await ssh_access.shut_out(context, outside, node)
    if node.offline:
        return
    try:
        await context.call(node.uuid, NODE_DEMOTE, Demote())
    except errors.GanetiError as error:
        context.log(
            f"WARNING: Node {node.name} still has a candidate's files ({error.message}); "
            f"remove and add it again, or demote it once more."
        )


def promotions(
    cluster: Cluster, change: Change, randomness: Randomness, without: str = ""
) -> list[Node]:
    """Return the nodes to promote once *change* has happened, so that the pool is full.

    The node *without* (a uuid) is left out of account: somebody wants it not to be a candidate.
    """
    settings = change.cluster or cluster.cluster
    rows = {**cluster.nodes, **{node.uuid: node for node in change.nodes}}
    left = [node for uuid, node in rows.items() if uuid not in {*change.drop_nodes, without}]
    return chosen(left, settings.candidate_pool_size, randomness)


def with_promoted(change: Change, promoted: Iterable[Node]) -> Change:
    """Return *change* with *promoted* as candidates."""
    fresh = {node.uuid: node for node in change.nodes}
    for node in promoted:
        fresh[node.uuid] = msgspec.structs.replace(
            fresh.get(node.uuid, node), master_candidate=True
        )
    return msgspec.structs.replace(change, nodes=tuple(fresh.values()))

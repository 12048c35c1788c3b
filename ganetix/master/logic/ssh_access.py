"""Whose ssh keys open which nodes, when nodes come, go, or change their role.

As in the reference: root on every node lets in the master candidates, as one of them may be the
master tomorrow, and no other node. The list of all nodes' public keys is on the candidates.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ganetix import errors
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.unit import Context
from ganetix.model.objects import Node
from ganetix.model.ssh import public_keys
from ganetix.rpc.call import Call
from ganetix.rpc.tables.files import UPLOAD_FILE, FileUpload
from ganetix.rpc.tables.ssh import SSH_LET_IN, LetIn

Keys = Mapping[str, Sequence[str]]
"""The public keys of nodes by uuid."""


async def known(context: Context, outside: Outside) -> Keys:
    """Return the nodes' keys; none where the cluster leaves ssh alone."""
    if not _own(context):
        return {}
    raw = await outside.read_file(context.paths.ssh_public_keys_file) or b""
    return public_keys(raw.decode())


async def joined(context: Context, outside: Outside, node: Node, key: str | None) -> None:
    """Make the *key* of the new *node* known; one that it had before opens nothing any more."""
    if key is None or not _own(context):
        return
    keys = await known(context, outside)
    await _change(context, LetIn(drop=[old for old in keys.get(node.uuid, ()) if old != key]))
    await publish(context, {**keys, node.uuid: [key]})
    # Those that have become candidates since it was set up are let in, too.
    able = [one for one in context.cluster.candidates() if one.uuid != node.uuid]
    inside = LetIn(add=[other for one in able for other in keys.get(one.uuid, ())])
    await tell(context, [node], SSH_LET_IN, inside, "does not let in every candidate")


async def let_in(context: Context, outside: Outside, uuids: Iterable[str]) -> None:
    """Let the nodes *uuids*, which are candidates now, in everywhere, and give them the list."""
    keys = await known(context, outside)
    fresh = [key for uuid in uuids for key in keys.get(uuid, ())]
    if fresh:
        await _change(context, LetIn(add=fresh))
        await publish(context, keys)


async def shut_out(context: Context, outside: Outside, node: Node) -> None:
    """Let *node*, which is no candidate any more, in nowhere."""
    keys = await known(context, outside)
    await _change(context, LetIn(drop=list(keys.get(node.uuid, ()))))


async def leaving(context: Context, outside: Outside, node: Node) -> None:
    """Let nobody of the cluster into *node*, which leaves it; it still obeys."""
    keys = await known(context, outside)
    drop = [key for uuid in context.cluster.nodes for key in keys.get(uuid, ())]
    if drop:
        await tell(context, [node], SSH_LET_IN, LetIn(drop=drop), "still lets the cluster in")


async def left(context: Context, outside: Outside, node: Node) -> None:
    """Forget the key of *node*, which is gone from the configuration."""
    keys = await known(context, outside)
    if node.uuid in keys:
        await shut_out(context, outside, node)
        await publish(context, {uuid: rows for uuid, rows in keys.items() if uuid != node.uuid})


async def publish(context: Context, keys: Keys) -> None:
    """Write the list on all online candidates; what fails is told."""
    text = "".join(f"{uuid} {key}\n" for uuid, rows in keys.items() for key in rows)
    path = context.paths.outgoing(context.paths.ssh_public_keys_file)
    nodes = [node for node in context.cluster.online_nodes() if node.master_candidate]
    upload = FileUpload(path, text.encode(), 0o600)
    await tell(context, nodes, UPLOAD_FILE, upload, "has an old list of the nodes' ssh keys")


async def tell(
    context: Context, nodes: Sequence[Node], call: Call[Any, Any], request: Any, otherwise: str
) -> None:
    """Make the call on *nodes*; where it fails, the log says what is so *otherwise*."""
    answers = await context.call_each([node.uuid for node in nodes], call, request)
    for node in nodes:
        answer: Any = answers[node.uuid]
        if isinstance(answer, errors.GanetiError):
            context.log(f"WARNING: Node {node.name} {otherwise}: {answer.message}")


def _own(context: Context) -> bool:
    """Whether the cluster sets up ssh."""
    return not context.paths.virtual and context.cluster.cluster.modify_ssh_setup


async def _change(context: Context, request: LetIn) -> None:
    if request.add or request.drop:
        nodes = list(context.cluster.online_nodes())
        otherwise = "lets in the owners of other ssh keys than it should"
        await tell(context, nodes, SSH_LET_IN, request, otherwise)

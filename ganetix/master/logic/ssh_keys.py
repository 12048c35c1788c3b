"""New ssh keys for root on every online node: made there, known everywhere before they are used.

Who let a node in lets it in afterwards; candidates are let in everywhere, as one of them may be the
master tomorrow.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import attrs
import msgspec

from ganetix import errors
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.ssh_access import tell
from ganetix.master.logic.unit import Context, UndoAction
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Node
from ganetix.model.ssh import key_bits
from ganetix.opcodes.cluster import OpClusterRenewCrypto
from ganetix.rpc.call import Nothing
from ganetix.rpc.tables.files import UPLOAD_FILE, FileUpload
from ganetix.rpc.tables.ssh import (
    SSH_KEY_INSTALL,
    SSH_KEY_KEEP,
    SSH_KEY_MAKE,
    SSH_KEY_RESTORE,
    SSH_LET_IN,
    LetIn,
    NewSshKey,
    SshPublicKeys,
)


def wanted(op: OpClusterRenewCrypto, context: Context) -> NewSshKey:
    """Return which keys to make; raise `errors.OpPrereqError` if the cluster leaves ssh alone."""
    settings = context.cluster.cluster
    if context.paths.virtual or not settings.modify_ssh_setup:
        why = "is virtual" if context.paths.virtual else "was made with --no-ssh-init"
        raise errors.OpPrereqError(
            f"This cluster {why}: it leaves ssh alone, and so there are no keys of its own to "
            "renew. Leave out --new-ssh-keys; ssh-keygen makes a key.",
            errors.STATE,
        )
    kind = op.ssh_key_type or settings.ssh_key_type
    same = kind == settings.ssh_key_type
    bits = op.ssh_key_bits or (settings.ssh_key_bits if same else None)
    return NewSshKey(kind, key_bits(kind, bits), settings.ssh_key_type)


@attrs.frozen
class SshRenewal:
    """One renewal on *nodes*."""

    nodes: tuple[Node, ...]
    key: NewSshKey
    context: Context
    outside: Outside

    async def run(self) -> None:
        """Do it, or leave everything as it was and raise `errors.GanetiError`."""
        context = self.context
        known = await self.outside.read_file(context.paths.ssh_public_keys_file) or b""
        back = [self._undo(node) for node in self.nodes]
        await context.undo(*self._old_list(known), *back)
        made: dict[str, SshPublicKeys] = {}
        for node in self.nodes:
            made[node.uuid] = await context.call(node.uuid, SSH_KEY_MAKE, self.key)
        # Undone in reverse: nobody uses a new key any more when its owner is let in no more.
        await context.undo(*(self._shut_out(node, made) for node in self.nodes), *back)
        await self._each(SSH_LET_IN, self._beside(made))
        for node in self.nodes:
            context.log(f"Node {node.name} gets its new ssh key.")
            await context.call(node.uuid, SSH_KEY_INSTALL, self.key)
        await self._publish(renewed(known.decode(), made))
        await context.commit(lambda cluster: _change(cluster, self.key), settles=True)
        await self._forget(made)

    def _beside(self, made: Mapping[str, SshPublicKeys]) -> LetIn:
        candidates = [made[node.uuid].fresh for node in self.nodes if node.master_candidate]
        return LetIn(candidates, [], {key.old: key.fresh for key in made.values() if key.old})

    def _list(self, text: bytes) -> FileUpload:
        """Return the nodes' public keys as a file where the next node's joining looks for them."""
        path = self.context.paths.ssh_public_keys_file
        return FileUpload(self.context.paths.outgoing(path), text, 0o600)

    async def _publish(self, text: str) -> None:
        for node in self.nodes:
            if node.master_candidate:
                await self.context.call(node.uuid, UPLOAD_FILE, self._list(text.encode()))

    async def _each(self, call: Any, request: Any) -> None:
        for node in self.nodes:
            await self.context.call(node.uuid, call, request)

    async def _forget(self, made: Mapping[str, SshPublicKeys]) -> None:
        old = [key.old for key in made.values() if key.old]
        tried = partial(tell, self.context, self.nodes)
        await tried(SSH_LET_IN, LetIn(drop=old), "still lets in the owners of the old keys")
        await tried(SSH_KEY_KEEP, Nothing(), "still has its old ssh key beside the new one")
        self.context.log("All nodes use their new ssh keys.")

    def _old_list(self, known: bytes) -> Iterator[UndoAction]:
        request = msgspec.to_builtins(self._list(known))
        for node in self.nodes:
            if node.master_candidate:
                what = f"bringing back the list of ssh keys on node {node.name}"
                yield UndoAction(what, node.uuid, UPLOAD_FILE.name, request)

    def _undo(self, node: Node) -> UndoAction:
        what = f"bringing back the old ssh key of node {node.name}"
        return UndoAction(what, node.uuid, SSH_KEY_RESTORE.name, msgspec.to_builtins(self.key))

    def _shut_out(self, node: Node, made: Mapping[str, SshPublicKeys]) -> UndoAction:
        what = f"taking the new ssh keys from those that node {node.name} lets in"
        drop = LetIn(drop=[key.fresh for key in made.values()])
        return UndoAction(what, node.uuid, SSH_LET_IN.name, msgspec.to_builtins(drop))


def renewed(text: str, made: Mapping[str, SshPublicKeys]) -> str:
    """Return the lines ``<node uuid> <key>`` of *text* with the nodes' new keys; pure."""
    kept = [row for row in text.splitlines() if row.partition(" ")[0] not in made]
    return "".join(f"{row}\n" for row in (*kept, *_rows(made)))


def _rows(made: Mapping[str, SshPublicKeys]) -> Iterator[str]:
    for uuid, key in made.items():
        yield f"{uuid} {key.fresh}"


def _change(cluster: Cluster, key: NewSshKey) -> Change:
    own = msgspec.structs.replace(
        cluster.cluster, ssh_key_type=key.kind, ssh_key_bits=key.bits
    )  # fmt: skip
    return Change(cluster=own)

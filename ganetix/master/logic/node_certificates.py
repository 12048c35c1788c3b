"""New certificates for the nodes, by their authority or by a new one, while everything goes on.

Every key is made on its node. Until all nodes use their new ones, both the old and the new
certificates of the candidates may command, and with a new authority both are trusted, so there is
no moment in which the master can't command. If any step fails, all nodes go back to their old keys.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import msgspec

from ganetix import errors
from ganetix.master.config import ssconf
from ganetix.master.logic.unit import Context, UndoAction
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Node
from ganetix.rpc.call import Call, Nothing
from ganetix.rpc.tables.crypto import (
    AUTHORITY_INSTALL,
    AUTHORITY_RESTORE,
    CERTIFICATE_INSTALL,
    CERTIFICATE_KEEP,
    CERTIFICATE_REQUEST,
    CERTIFICATE_RESTORE,
    NewAuthority,
    NewCertificate,
    SigningRequest,
)
from ganetix.rpc.tables.files import SSCONF_UPDATE, SsconfUpdate
from ganetix.tls.authority import Authority
from ganetix.tls.credentials import certificate_to_pem, key_to_pem
from ganetix.tls.identity import NODE, digest_of


@attrs.frozen
class CertificateRenewal:
    """One renewal on *nodes*; *authority* signs, and if it *is new*, nodes learn to trust it."""

    nodes: tuple[Node, ...]
    authority: Authority = attrs.field(repr=False)
    is_new: bool
    context: Context

    async def run(self) -> None:
        """Do it, or leave everything as it was and raise `errors.GanetiError`."""
        before = dict(self.context.cluster.cluster.candidate_certs)
        await self.context.undo(*self._undos(before))
        await self._trust()
        signed = await self._signed()
        fresh = {uuid: digest for uuid, (_, digest) in signed.items() if uuid in before}
        both = {uuid: ",".join(dict.fromkeys((d, fresh.get(uuid, d)))) for uuid, d in
                before.items()}  # fmt: skip
        await self._list(both)
        await self._everywhere()
        await self._switch(signed)
        self.context.log("All nodes use their new certificates.")
        after = {**before, **fresh}
        await self.context.commit(lambda cluster: _change(cluster, after), settles=True)
        await self._forget_old()

    async def _trust(self) -> None:
        """Let all nodes trust a new authority beside the old one; candidates get its key."""
        if not self.is_new:
            return
        certificate = certificate_to_pem(self.authority.certificate).decode()
        key = key_to_pem(self.authority.credentials.key).decode()
        for node in self.nodes:
            request = NewAuthority(certificate, key if node.master_candidate else "")
            await self.context.call(node.uuid, AUTHORITY_INSTALL, request)
        self.context.log("All nodes trust the new authority beside the old one.")
        for node in self.context.cluster.nodes.values():
            if node.offline:
                self.context.log(
                    f"WARNING: Node {node.name} is offline and does not get to know the new "
                    "authority: when it is back, bring it in with 'gnt-node add --readd'."
                )

    async def _signed(self) -> dict[str, tuple[str, str]]:
        """Return node uuid to the new certificate (PEM) and its digest."""
        found: dict[str, tuple[str, str]] = {}
        for node in self.nodes:
            call = self.context.call(node.uuid, CERTIFICATE_REQUEST, Nothing())
            answer: SigningRequest = await call
            certificate = self.authority.sign_request(
                answer.request.encode(), node.uuid, [NODE], self.context.clock.wall()
            )
            found[node.uuid] = (certificate_to_pem(certificate).decode(), digest_of(certificate))
        return found

    async def _list(self, digests: Mapping[str, str]) -> None:
        await self.context.commit(lambda cluster: _change(cluster, digests))

    async def _everywhere(self) -> None:
        """Bring the list to every node that gets a certificate; raise the first node's error."""
        values = SsconfUpdate(ssconf.values(self.context.cluster))
        for node, error in await self._failed(SSCONF_UPDATE, values):
            raise errors.OpExecError(
                f"Node {node.name} did not take the list of certificates: {error.message}"
            )

    async def _switch(self, signed: Mapping[str, tuple[str, str]]) -> None:
        for node in self.nodes:
            self.context.log(f"Node {node.name} gets its new certificate.")
            request = NewCertificate(signed[node.uuid][0])
            await self.context.call(node.uuid, CERTIFICATE_INSTALL, request)

    async def _forget_old(self) -> None:
        for node, error in await self._failed(CERTIFICATE_KEEP, Nothing()):
            self.context.log(
                f"WARNING: Node {node.name} still has its old key beside the new one: "
                f"{error.message} Remove server.pem.old there, or renew once more."
            )

    async def _failed(
        self, call: Call[Any, Any], request: Any
    ) -> list[tuple[Node, errors.GanetiError]]:
        """Call all nodes; return those that refused or did not answer, with their errors."""
        answers: Mapping[str, Any] = await self.context.call_each(
            [node.uuid for node in self.nodes], call, request
        )
        pairs = [(node, answers[node.uuid]) for node in self.nodes]
        return [(node, found) for node, found in pairs if isinstance(found, errors.GanetiError)]

    def _undos(self, before: Mapping[str, str]) -> Iterator[UndoAction]:
        """Yield, to be undone last, the old authority, then the list *before*, then the old keys.

        So both lists may command, and both are trusted, until nobody uses a new key any more.
        """
        for node in self.nodes if self.is_new else ():
            what = f"bringing back the old authority on node {node.name}"
            yield UndoAction(what, node.uuid, AUTHORITY_RESTORE.name, {})
        what = "bringing back the list of those who may command"
        yield UndoAction(what, settings={"candidate_certs": before})
        for node in self.nodes:
            what = f"bringing back the old certificate of node {node.name}"
            yield UndoAction(what, node.uuid, CERTIFICATE_RESTORE.name, {})


def _change(cluster: Cluster, digests: Mapping[str, str]) -> Change:
    own = msgspec.structs.replace(cluster.cluster, candidate_certs=dict(digests))
    return Change(cluster=own)

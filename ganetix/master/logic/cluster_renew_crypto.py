"""OP_CLUSTER_RENEW_CRYPTO: new keys and certificates for the nodes, while everything goes on.

Every key is made on its node. Until all nodes use their new ones, both the old and the new
certificates of the candidates may command, so there is no moment in which the master can't. If
any step fails, all nodes go back to their old keys.
"""

from collections.abc import Mapping
from typing import Any

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master.config import ssconf
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.unit import ALL, BGL_SHARED, Context, Hooks, IUnit, UndoAction, Want
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Node
from ganetix.opcodes.cluster import OpClusterRenewCrypto
from ganetix.rpc.call import Nothing
from ganetix.rpc.tables.crypto import (
    CERTIFICATE_INSTALL,
    CERTIFICATE_KEEP,
    CERTIFICATE_REQUEST,
    CERTIFICATE_RESTORE,
    NewCertificate,
    SigningRequest,
)
from ganetix.rpc.tables.files import SSCONF_UPDATE, SsconfUpdate
from ganetix.tls.authority import Authority
from ganetix.tls.credentials import (
    Credentials,
    certificate_from_pem,
    certificate_to_pem,
    key_from_pem,
)
from ganetix.tls.identity import NODE, digest_of


@attrs.frozen
class Plan:
    """The nodes that get new certificates, and who signs them."""

    nodes: tuple[Node, ...]
    authority: Credentials = attrs.field(repr=False)


@implementer(IUnit)
@attrs.frozen
class ClusterRenewCrypto:
    """Renews the nodes' certificates."""

    outside: Outside
    resumable = False

    def locks(self, op: OpClusterRenewCrypto, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return [BGL_SHARED, Want("node", (ALL,))]

    async def check(self, op: OpClusterRenewCrypto, context: Context) -> Plan:
        """See `IUnit`."""
        if op.renew_ssh_keys:
            raise errors.OpPrereqError(
                "Nodes' ssh keys are not renewed by the cluster. Make a key with ssh-keygen on the "
                "node, then bring it in with 'gnt-node add --readd'.",
                errors.INVAL,
            )
        if not op.node_certificates:
            raise errors.OpPrereqError(
                "Say what to renew; see 'gnt-cluster renew-crypto --help'.", errors.INVAL
            )
        nodes = sorted(context.cluster.online_nodes(), key=lambda node: node.name)
        return Plan(tuple(nodes), await self._authority(context))

    async def _authority(self, context: Context) -> Credentials:
        paths = context.paths
        key = await self.outside.read_file(paths.authority_key_file)
        certificate = await self.outside.read_file(paths.authority_cert_file)
        if key is None or certificate is None:
            raise errors.OpPrereqError(
                f"{paths.authority_key_file} or {paths.authority_cert_file} is missing here, so "
                "nothing can be signed; bring both from another candidate.",
                errors.ENVIRON,
            )
        return Credentials(
            key_from_pem(key, paths.authority_key_file),
            certificate_from_pem(certificate, paths.authority_cert_file),
        )

    def hooks(self, op: OpClusterRenewCrypto, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(self, op: OpClusterRenewCrypto, plan: Plan, context: Context) -> None:
        """Make keys, sign, let both command, switch node after node, let only the new command."""
        before = dict(context.cluster.cluster.candidate_certs)
        await context.undo(*(_undo(node) for node in plan.nodes))
        try:
            signed = await _signed(plan, context)
            fresh = {uuid: digest for uuid, (_, digest) in signed.items() if uuid in before}
            both = {uuid: ",".join(dict.fromkeys((d, fresh.get(uuid, d)))) for uuid, d in
                    before.items()}  # fmt: skip
            await _listed(context, both)
            await _everywhere(plan, context)
            await self._switch(plan, signed, context)
        except BaseException:
            # Both may command until nobody uses a new one any more.
            await _restored(plan, context)
            await self.outside.renewed()
            await _listed(context, before)
            raise
        context.log("All nodes use their new certificates.")
        after = {**before, **fresh}
        await context.commit(lambda cluster: _change(cluster, after), settles=True)
        await _forget_old(plan, context)

    async def _switch(
        self, plan: Plan, signed: Mapping[str, tuple[str, str]], context: Context
    ) -> None:
        for node in plan.nodes:
            context.log(f"Node {node.name} gets its new certificate.")
            request = NewCertificate(signed[node.uuid][0])
            await context.call(node.uuid, CERTIFICATE_INSTALL, request)
            if node.uuid == context.cluster.cluster.master_node:
                await self.outside.renewed()


async def _restored(plan: Plan, context: Context) -> None:
    answers = await context.call_each(
        [node.uuid for node in plan.nodes], CERTIFICATE_RESTORE, Nothing()
    )
    for node in plan.nodes:
        answer: Any = answers[node.uuid]
        if isinstance(answer, errors.GanetiError):
            context.log(f"WARNING: Node {node.name} did not go back: {answer.message}")


def _undo(node: Node) -> UndoAction:
    return UndoAction(
        f"bringing back the old certificate of node {node.name}",
        node.uuid, CERTIFICATE_RESTORE.name, {},
    )  # fmt: skip


async def _signed(plan: Plan, context: Context) -> dict[str, tuple[str, str]]:
    """Return node uuid to the new certificate (PEM) and its digest."""
    authority = Authority(plan.authority, context.randomness)
    found: dict[str, tuple[str, str]] = {}
    for node in plan.nodes:
        answer: SigningRequest = await context.call(node.uuid, CERTIFICATE_REQUEST, Nothing())
        certificate = authority.sign_request(
            answer.request.encode(), node.uuid, [NODE], context.clock.wall()
        )
        found[node.uuid] = (certificate_to_pem(certificate).decode(), digest_of(certificate))
    return found


def _change(cluster: Cluster, digests: Mapping[str, str]) -> Change:
    own = msgspec.structs.replace(cluster.cluster, candidate_certs=dict(digests))
    return Change(cluster=own)


async def _listed(context: Context, digests: Mapping[str, str]) -> None:
    await context.commit(lambda cluster: _change(cluster, digests))


async def _everywhere(plan: Plan, context: Context) -> None:
    """Bring the list to every node that gets a certificate; raise the first node's error."""
    values = SsconfUpdate(ssconf.values(context.cluster))
    answers = await context.call_each([node.uuid for node in plan.nodes], SSCONF_UPDATE, values)
    for node in plan.nodes:
        answer: Any = answers[node.uuid]
        if isinstance(answer, errors.GanetiError):
            raise errors.OpExecError(
                f"Node {node.name} did not take the list of certificates: {answer.message}"
            )


async def _forget_old(plan: Plan, context: Context) -> None:
    answers = await context.call_each(
        [node.uuid for node in plan.nodes], CERTIFICATE_KEEP, Nothing()
    )
    for node in plan.nodes:
        answer: Any = answers[node.uuid]
        if isinstance(answer, errors.GanetiError):
            context.log(
                f"WARNING: Node {node.name} still has its old key beside the new one: "
                f"{answer.message} Remove server.pem.old there."
            )

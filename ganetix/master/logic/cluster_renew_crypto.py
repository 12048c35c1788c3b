"""OP_CLUSTER_RENEW_CRYPTO: new keys and certificates for the nodes, while everything goes on.

Every key is made on its node. Until all nodes use their new ones, both the old and the new
certificates of the candidates may command, and with a new authority both are trusted, so there is
no moment in which the master can't command. If any step fails, all nodes go back to their old keys.
"""

from collections.abc import Iterator, Mapping
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
from ganetix.rpc.call import Call, Done, Nothing
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
from ganetix.tls.credentials import (
    Credentials,
    certificate_from_pem,
    certificate_to_pem,
    key_from_pem,
    key_to_pem,
)
from ganetix.tls.identity import NODE, digest_of


@attrs.frozen
class Plan:
    """The nodes that get new certificates, who signs them, and whether that one is new, too."""

    nodes: tuple[Node, ...]
    authority: Authority = attrs.field(repr=False)
    renewed: bool


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
        if not op.node_certificates and not op.cluster_certificate:
            raise errors.OpPrereqError(
                "Say what to renew; see 'gnt-cluster renew-crypto --help'.", errors.INVAL
            )
        nodes = sorted(context.cluster.online_nodes(), key=lambda node: node.name)
        authority = Authority(await self._authority(context), context.randomness)
        if op.cluster_certificate:
            name = context.cluster.cluster.cluster_name
            authority = Authority.create(name, context.clock.wall(), context.randomness)
        return Plan(tuple(nodes), authority, op.cluster_certificate)

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
        await context.undo(*_undos(plan))
        try:
            await _trusted(plan, context)
            signed = await _signed(plan, context)
            fresh = {uuid: digest for uuid, (_, digest) in signed.items() if uuid in before}
            both = {uuid: ",".join(dict.fromkeys((d, fresh.get(uuid, d)))) for uuid, d in
                    before.items()}  # fmt: skip
            await _listed(context, both)
            await _everywhere(plan, context)
            await _switch(plan, signed, context)
        except BaseException:
            # Both may command, and are trusted, until nobody uses a new one any more.
            await _restored(plan, CERTIFICATE_RESTORE, context)
            await _listed(context, before)
            if plan.renewed:
                await _restored(plan, AUTHORITY_RESTORE, context)
            raise
        context.log("All nodes use their new certificates.")
        after = {**before, **fresh}
        await context.commit(lambda cluster: _change(cluster, after), settles=True)
        await _forget_old(plan, context)


async def _trusted(plan: Plan, context: Context) -> None:
    """Let all nodes trust a new authority beside the old one; candidates get its key."""
    if not plan.renewed:
        return
    certificate = certificate_to_pem(plan.authority.certificate).decode()
    key = key_to_pem(plan.authority.credentials.key).decode()
    for node in plan.nodes:
        request = NewAuthority(certificate, key if node.master_candidate else "")
        await context.call(node.uuid, AUTHORITY_INSTALL, request)
    context.log("All nodes trust the new authority beside the old one.")
    for node in context.cluster.nodes.values():
        if node.offline:
            context.log(
                f"WARNING: Node {node.name} is offline and does not get to know the new authority: "
                "when it is back, bring it in with 'gnt-node add --readd'."
            )


async def _switch(plan: Plan, signed: Mapping[str, tuple[str, str]], context: Context) -> None:
    for node in plan.nodes:
        context.log(f"Node {node.name} gets its new certificate.")
        await context.call(node.uuid, CERTIFICATE_INSTALL, NewCertificate(signed[node.uuid][0]))


async def _restored(plan: Plan, call: Call[Nothing, Done], context: Context) -> None:
    answers = await context.call_each([node.uuid for node in plan.nodes], call, Nothing())
    for node in plan.nodes:
        answer: Any = answers[node.uuid]
        if isinstance(answer, errors.GanetiError):
            context.log(f"WARNING: Node {node.name} did not go back: {answer.message}")


def _undos(plan: Plan) -> Iterator[UndoAction]:
    """Yield what brings the old keys back, and then, being undone last, the old authority."""
    for node in plan.nodes if plan.renewed else ():
        what = f"bringing back the old authority on node {node.name}"
        yield UndoAction(what, node.uuid, AUTHORITY_RESTORE.name, {})
    for node in plan.nodes:
        what = f"bringing back the old certificate of node {node.name}"
        yield UndoAction(what, node.uuid, CERTIFICATE_RESTORE.name, {})


async def _signed(plan: Plan, context: Context) -> dict[str, tuple[str, str]]:
    """Return node uuid to the new certificate (PEM) and its digest."""
    found: dict[str, tuple[str, str]] = {}
    for node in plan.nodes:
        answer: SigningRequest = await context.call(node.uuid, CERTIFICATE_REQUEST, Nothing())
        certificate = plan.authority.sign_request(
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
                f"{answer.message} Remove server.pem.old there, or renew once more."
            )

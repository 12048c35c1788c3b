"""OP_CLUSTER_RENEW_CRYPTO: new keys and certificates for the nodes, while everything goes on."""

import attrs
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import ssh_keys
from ganetix.master.logic.node_certificates import CertificateRenewal
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.ssh_keys import SshRenewal
from ganetix.master.logic.unit import ALL, BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Node
from ganetix.opcodes.cluster import OpClusterRenewCrypto
from ganetix.rpc.tables.ssh import NewSshKey
from ganetix.tls.authority import Authority
from ganetix.tls.credentials import Credentials, certificate_from_pem, key_from_pem


@attrs.frozen
class Plan:
    """What the *nodes* get: certificates by *authority* if there is one, ssh keys if *ssh* is."""

    nodes: tuple[Node, ...]
    authority: Authority | None = attrs.field(repr=False)
    ssh: NewSshKey | None


@implementer(IUnit)
@attrs.frozen
class ClusterRenewCrypto:
    """Renews the nodes' certificates and ssh keys."""

    outside: Outside
    resumable = False

    def locks(self, op: OpClusterRenewCrypto, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return [BGL_SHARED, Want("node", (ALL,))]

    async def check(self, op: OpClusterRenewCrypto, context: Context) -> Plan:
        """See `IUnit`."""
        certificates = op.node_certificates or op.cluster_certificate
        if not certificates and not op.renew_ssh_keys:
            raise errors.OpPrereqError(
                "Say what to renew; see 'gnt-cluster renew-crypto --help'.", errors.INVAL
            )
        nodes = sorted(context.cluster.online_nodes(), key=lambda node: node.name)
        authority = await self._authority(op, context) if certificates else None
        ssh = ssh_keys.wanted(op, context) if op.renew_ssh_keys else None
        return Plan(tuple(nodes), authority, ssh)

    async def _authority(self, op: OpClusterRenewCrypto, context: Context) -> Authority:
        """Return who signs: a new one, or the one whose key is here."""
        if op.cluster_certificate:
            name = context.cluster.cluster.cluster_name
            return Authority.create(name, context.clock.wall(), context.randomness)
        paths = context.paths
        key = await self.outside.read_file(paths.authority_key_file)
        certificate = await self.outside.read_file(paths.authority_cert_file)
        if key is None or certificate is None:
            raise errors.OpPrereqError(
                f"{paths.authority_key_file} or {paths.authority_cert_file} is missing here, so "
                "nothing can be signed; bring both from another candidate, or make a new authority "
                "with --new-cluster-certificate.",
                errors.ENVIRON,
            )
        found = Credentials(
            key_from_pem(key, paths.authority_key_file),
            certificate_from_pem(certificate, paths.authority_cert_file),
        )
        return Authority(found, context.randomness)

    def hooks(self, op: OpClusterRenewCrypto, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(self, op: OpClusterRenewCrypto, plan: Plan, context: Context) -> None:
        """Renew one after the other; what was renewed stays so when the next thing fails."""
        if plan.authority is not None:
            renewed = op.cluster_certificate
            await CertificateRenewal(plan.nodes, plan.authority, renewed, context).run()
        if plan.ssh is not None:
            await SshRenewal(plan.nodes, plan.ssh, context, self.outside).run()

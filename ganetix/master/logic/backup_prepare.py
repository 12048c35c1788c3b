"""OP_BACKUP_PREPARE: what another cluster has to be shown before an instance moves there."""

from typing import Any

import attrs
from zope.interface import implementer

from ganetix.master.logic import names, remote_export, wants
from ganetix.master.logic.domain_secret import domain_secret
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.unit import Context, Hooks, IUnit, Want
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance
from ganetix.opcodes.backup import OpBackupPrepare
from ganetix.rpc.tables.transfer import X509_CREATE, KeyMade, KeyWanted


@implementer(IUnit)
@attrs.frozen
class BackupPrepare:
    """Prepares exports."""

    outside: Outside
    resumable = False

    def locks(self, op: OpBackupPrepare, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return wants.instance_only(names.instance_of(cluster, op.instance_name, op.instance_uuid))

    async def check(self, op: OpBackupPrepare, context: Context) -> Instance:
        """See `IUnit`."""
        instance = names.instance_of(context.cluster, op.instance_name, op.instance_uuid)
        primary = context.cluster.nodes[instance.primary_node]
        names.require_online(primary, f"exporting instance {instance.name}")
        return instance

    def hooks(self, op: OpBackupPrepare, plan: Instance, cluster: Cluster) -> Hooks | None:
        """See `IUnit`: there are none."""
        return None

    async def execute(self, op: OpBackupPrepare, plan: Instance, context: Context) -> Any:
        """Return handshake, name of the key, and its signed certificate; None for a local one."""
        if op.mode == "local":
            return None
        secret = await domain_secret(self.outside, context)
        made: KeyMade = await context.call(plan.primary_node, X509_CREATE, KeyWanted(plan.name))
        return {
            "handshake": remote_export.handshake(secret, context.randomness),
            "x509_key_name": remote_export.key_name(secret, made.name, context.randomness),
            "x509_ca": remote_export.sign_certificate(secret, made.pem, context.randomness),
        }

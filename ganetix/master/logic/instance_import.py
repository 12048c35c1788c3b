"""Instances from exports: of this cluster's nodes, or straight out of another cluster."""

from collections.abc import Mapping
from typing import Any

import attrs
import msgspec

from ganetix import errors
from ganetix.master.logic import export_config, names, remote_export, transfer
from ganetix.master.logic.domain_secret import domain_secret
from ganetix.master.logic.export_config import Exported
from ganetix.master.logic.outside import Outside
from ganetix.master.logic.transfer import Arrival, End, Route
from ganetix.master.logic.unit import Context
from ganetix.model import params
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance
from ganetix.opcodes.instance import OpInstanceCreate
from ganetix.rpc.call import Nothing
from ganetix.rpc.tables.export import EXPORT_INFO, EXPORT_LIST, ExportName
from ganetix.rpc.tables.oses import INSTANCE_RUN_RENAME, OsScript
from ganetix.rpc.tables.spec import InstanceSpec
from ganetix.rpc.tables.transfer import X509_CREATE, X509_REMOVE, KeyMade, KeyWanted, TransferName

MARGIN = 180.0
"""Seconds that the source has beyond its instance's shutdown until it must connect."""


@attrs.frozen
class Contents:
    """What is to be on the disks of a new instance, and whose they were.

    *node* and *export* are a node's export with *dumps* (None: nothing for that disk); without them
    another cluster sends the contents, whose certificate is *certificate*.
    """

    old_name: str
    compress: str
    node: str = ""
    export: str = ""
    dumps: tuple[str | None, ...] = ()
    certificate: str = ""
    wait: float = 0.0
    secret: str = attrs.field(default="", repr=False)


async def prepared(
    op: OpInstanceCreate, outside: Outside, context: Context
) -> tuple[OpInstanceCreate, Contents | None]:
    """Return *op* as a plain creation, filled from the export, and what goes onto the disks.

    Raise `errors.OpPrereqError` when there is no such export, or the other cluster is a stranger.
    """
    if op.mode == "import":
        return await _of_export(op, context)
    if op.mode == "remote-import":
        return await _of_cluster(op, outside, context)
    return op, None


async def _of_export(op: OpInstanceCreate, context: Context) -> tuple[OpInstanceCreate, Contents]:
    name = (op.src_path or op.instance_name).rstrip("/").rpartition("/")[2]
    node = await _node_with(op, name, context)
    answer = await context.call(node, EXPORT_INFO, ExportName(name))
    found = export_config.parse(answer.text, f"config.ini of export {name}")
    filled = _filled(op, found, context)
    if len(filled.disks) < len(found.disks):
        raise errors.OpPrereqError(
            f"The export has {len(found.disks)} disks, and {len(filled.disks)} were asked for; "
            "give as many at least.",
            errors.INVAL,
        )
    return filled, Contents(found.name, op.compress, node, name, found.dumps)


async def _node_with(op: OpInstanceCreate, name: str, context: Context) -> str:
    """Return the uuid of the node that has export *name*."""
    cluster = context.cluster
    if op.src_node is not None:
        node = names.node_of(cluster, op.src_node, op.src_node_uuid)
        names.require_online(node, f"importing {name}")
        return node.uuid
    nodes = [node.uuid for node in cluster.online_nodes()]
    answers = await context.call_each(nodes, EXPORT_LIST, Nothing())
    for uuid, answer in answers.items():
        if not isinstance(answer, errors.GanetiError) and name in answer.names:
            return uuid
    raise errors.OpPrereqError(
        f"No node has an export '{name}'; 'gnt-backup list' shows those that there are, and "
        "--src-dir names one.",
        errors.NOENT,
    )


def _filled(op: OpInstanceCreate, found: Exported, context: Context) -> OpInstanceCreate:
    """Return *op* with everything that it does not say as the export has it."""
    hypervisor = op.hypervisor or found.instance.get("hypervisor")
    same = hypervisor == found.instance.get("hypervisor")
    hvparams = {**(_known(hypervisor, found.hypervisor) if same else {}), **op.hvparams}
    backend = {key: found.backend[key] for key in params.BACKEND if key in found.backend}
    if "memory" in op.beparams:
        backend = {key: value for key, value in backend.items() if not key.endswith("mem")}
    filled = msgspec.structs.replace(
        op,
        mode="create",
        no_install=None,
        disks=op.disks or [dict(disk) for disk in found.disks],
        disk_template=op.disk_template or found.instance.get("disk_template"),
        os_type=op.os_type or found.os or None,
        hypervisor=hypervisor,
        hvparams=hvparams,
        beparams={**backend, **op.beparams},
        osparams={**found.osparams, **op.osparams},
        osparams_private={**found.osparams_private, **(op.osparams_private or {})},
        nics=op.nics or [_free_nic(nic, context) for nic in found.nics],
        tags=op.tags or found.instance.get("tags", "").split(),
    )
    return _without_defaults(context.cluster, filled) if op.identify_defaults else filled


def _known(hypervisor: str | None, given: Mapping[str, str]) -> dict[str, Any]:
    """Return the parameters that this release has; a null was written as the word."""
    known = params.hypervisor_schema(hypervisor or "")
    return {
        key: "" if value == export_config.NONE else value
        for key, value in given.items()
        if key in known and not known[key].cluster_only
    }


def _free_nic(nic: Mapping[str, str], context: Context) -> dict[str, Any]:
    """Return *nic*, with another MAC address when its own is taken."""
    used = {one.mac for vm in context.cluster.instances.values() for one in vm.nics}
    if nic.get("mac") in used:
        context.log(f"MAC address {nic['mac']} is in use here; the NIC gets another one.")
        return {**nic, "mac": "auto"}
    return dict(nic)


def _without_defaults(cluster: Cluster, op: OpInstanceCreate) -> OpInstanceCreate:
    """Return *op* without parameters that the cluster has anyway."""
    hypervisor = op.hypervisor or cluster.cluster.enabled_hypervisors[0]
    usual = params.hypervisor(cluster, hypervisor, op.os_type or "", {})
    own = params.changed(
        params.hypervisor_schema(hypervisor), {}, op.hvparams, "hypervisor parameter"
    )
    backend = params.changed(params.BACKEND, {}, op.beparams, "backend parameter")
    system = params.os_params(cluster, op.os_type or "", {})
    return msgspec.structs.replace(
        op,
        hvparams=_other(own, usual),
        beparams=_other(backend, params.backend(cluster, {})),
        osparams=_other(op.osparams, system),
    )


def _other(own: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in own.items() if usual.get(key) != value}


async def _of_cluster(
    op: OpInstanceCreate, outside: Outside, context: Context
) -> tuple[OpInstanceCreate, Contents]:
    secret = await domain_secret(outside, context)
    remote_export.check_handshake(secret, op.source_handshake)
    certificate = remote_export.check_certificate(secret, op.source_x509_ca)
    if not op.source_instance_name:
        raise errors.OpPrereqError(
            "The name that the instance has in the other cluster is missing.", errors.INVAL
        )
    wait = op.source_shutdown_timeout + MARGIN
    filled = msgspec.structs.replace(op, mode="create", no_install=None)
    return filled, Contents(
        op.source_instance_name, op.compress, certificate=certificate, wait=wait, secret=secret
    )


async def fill(contents: Contents, spec: InstanceSpec, sizes: list[int], context: Context) -> None:
    """Put *contents* onto the assembled disks of *spec*; *sizes* in MiB.

    Raise `errors.OpExecError`.
    """
    instance = spec.instance
    if contents.export:
        await _from_node(contents, spec, sizes, context)
    else:
        await _from_cluster(contents, spec, sizes, context)
    if contents.old_name != instance.name:
        request = OsScript(spec, old_name=contents.old_name)
        await context.call(instance.primary_node, INSTANCE_RUN_RENAME, request)


async def _from_node(
    contents: Contents, spec: InstanceSpec, sizes: list[int], context: Context
) -> None:
    instance = spec.instance
    for index, dump in enumerate(contents.dumps):
        if dump is None:
            context.log(f"The export has no contents for disk {index}; it stays empty.")
            continue
        source = End(contents.node, transfer.dump(contents.export, dump))
        route = Route(
            f"disk/{index} of {instance.name}",
            source,
            End(instance.primary_node, transfer.through_script(spec, index)),
            sizes[index],
            instance.name,
            contents.compress,
        )
        await transfer.passed(context, route)


async def _from_cluster(
    contents: Contents, spec: InstanceSpec, sizes: list[int], context: Context
) -> None:
    """Wait for the other cluster on a port for each disk, which the job's log tells it."""
    instance, randomness = spec.instance, context.randomness
    made: KeyMade = await context.call(instance.primary_node, X509_CREATE, KeyWanted(instance.name))
    try:
        arrivals = [
            await transfer.awaited(
                context,
                End(instance.primary_node, transfer.through_script(spec, index)),
                (made, contents.certificate, contents.compress, contents.wait),
            )
            for index in range(len(spec.disks))
        ]
        told = {
            "disks": [
                remote_export.disk_info(
                    contents.secret, index, one.host, one.port, one.magic, randomness
                )
                for index, one in enumerate(arrivals)
            ],
            "x509_ca": remote_export.sign_certificate(contents.secret, made.pem, randomness),
        }
        context.log_entry("remote-import", told)
        await _arrived(arrivals, instance, sizes, context)
    finally:
        await context.call(instance.primary_node, X509_REMOVE, TransferName(made.name))


async def _arrived(
    arrivals: list[Arrival], instance: Instance, sizes: list[int], context: Context
) -> None:
    for index, arrival in enumerate(arrivals):
        what = f"disk/{index} of {instance.name}"
        await transfer.arrived(context, arrival, what, sizes[index])

"""Hypervisor parameters of instances: what they may be together, and what nodes must have."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from ganetix import errors
from ganetix.master.logic.specs import nic_dict
from ganetix.master.logic.unit import Context
from ganetix.model import hv_checks, params, ports, schema
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance, Settings
from ganetix.rpc.tables.guests import (
    BRIDGES_EXIST,
    HYPERVISOR_VALIDATE_PARAMS,
    Bridges,
    HypervisorValidate,
)

_NEED_NOTHING: Final = ("fake",)
"""Hypervisors whose guests use nothing of a node: it is not asked, which takes time."""


def require_usable(
    cluster: Cluster, instance: Instance, overrides: Mapping[str, Any] | None = None
) -> None:
    """Raise `errors.OpPrereqError` if the filled parameters of *instance* can't be.

    *overrides* replace some of them.
    """
    filled = {**params.of_hypervisor(cluster, instance), **(overrides or {})}
    vcpus = int(params.of_backend(cluster, instance)["vcpus"])
    hv_checks.require_usable(instance.hypervisor, filled, vcpus)


async def require_on_nodes(
    context: Context,
    instance: Instance,
    nodes: Iterable[str],
    overrides: Mapping[str, Any] | None = None,
) -> None:
    """Raise `errors.OpPrereqError` unless *nodes* have what the parameters of *instance* name.

    Offline nodes are not asked.
    """
    if instance.hypervisor in _NEED_NOTHING:
        return
    filled = {**params.of_hypervisor(context.cluster, instance), **(overrides or {})}
    request = HypervisorValidate(instance.hypervisor, filled)
    await _asked(context, nodes, HYPERVISOR_VALIDATE_PARAMS, request)


async def require_bridges(context: Context, instance: Instance, node: str) -> None:
    """Raise `errors.OpPrereqError` unless *node* has the bridges of the NICs of *instance*."""
    filled = [nic_dict(context.cluster, instance, nic) for nic in instance.nics]
    names = {str(nic["link"]) for nic in filled if nic["mode"] in ("bridged", "openvswitch")}
    if names and instance.hypervisor not in _NEED_NOTHING:
        await _asked(context, [node], BRIDGES_EXIST, Bridges(sorted(names)))


async def require_cluster(
    context: Context,
    settings: Settings,
    enabled: Iterable[str] | None,
    given: Mapping[str, Any] | None,
) -> None:
    """Raise `errors.OpPrereqError` unless all nodes can run guests as *settings* say.

    They have to serve what is newly *enabled*, and to have what *given* parameters name. (The
    defaults name a kernel that few nodes have; it is found missing when an instance wants it.)
    """
    before = context.cluster.cluster.enabled_hypervisors
    nodes = [node.uuid for node in context.cluster.nodes.values() if node.vm_capable]
    for name in settings.enabled_hypervisors:
        known = params.hypervisor_schema(name)
        filled = {**schema.defaults(known), **settings.hvparams.get(name, {})}
        hv_checks.require_usable(name, filled)
        asked = name in (given or ()) or (enabled is not None and name not in before)
        if asked and name not in _NEED_NOTHING:
            request = HypervisorValidate(name, filled if name in (given or ()) else {})
            await _asked(context, nodes, HYPERVISOR_VALIDATE_PARAMS, request)


async def _asked(context: Context, nodes: Iterable[str], call: Any, request: Any) -> None:
    for uuid in dict.fromkeys(nodes):
        if context.cluster.nodes[uuid].offline:
            continue
        try:
            await context.call(uuid, call, request)
        except errors.HypervisorError as error:
            raise errors.OpPrereqError(error.message, errors.ENVIRON) from error


def with_port(cluster: Cluster, change: Change) -> Change:
    """Return *change*, which adds one instance, with a port for it where its hypervisor needs one.

    A retried change gets a port that is free by then.
    """
    [instance] = change.instances
    if instance.hypervisor not in ports.NEEDED_BY:
        return change
    [port], taken = ports.take(cluster)
    given = msgspec.structs.replace(instance, network_port=port)
    return msgspec.structs.replace(change, instances=(given,), cluster=taken.cluster)

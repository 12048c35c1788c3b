"""OP_INSTANCE_REINSTALL: install the OS of a stopped instance again, or another one."""

from collections.abc import Mapping
from typing import Any

import attrs
import msgspec
from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import disks, hooks_env, names, os_image, wants
from ganetix.master.logic.instance_draft import require_allowed_os
from ganetix.master.logic.specs import os_params, spec_of
from ganetix.master.logic.unit import Context, Hooks, IUnit, Want
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance
from ganetix.model.params import os_changed
from ganetix.opcodes.instance import OpInstanceReinstall
from ganetix.rpc.tables.oses import INSTANCE_OS_ADD, OS_VALIDATE, OsScript, OsValidate


@attrs.frozen
class Plan:
    """The instance as it was, and as it will be."""

    instance: Instance
    fresh: Instance


@implementer(IUnit)
class InstanceReinstall:
    """Reinstalls instances."""

    resumable = False

    def locks(self, op: OpInstanceReinstall, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        return wants.instance_only(names.instance_of(cluster, op.instance_name, op.instance_uuid))

    async def check(self, op: OpInstanceReinstall, context: Context) -> Plan:
        """See `IUnit`."""
        cluster = context.cluster
        instance = names.instance_of(cluster, op.instance_name, op.instance_uuid)
        primary = cluster.nodes[instance.primary_node]
        names.require_online(primary, f"reinstalling instance {instance.name}")
        if not instance.disks:
            raise errors.OpPrereqError(
                f"Instance {instance.name} is diskless: there is nothing to install on.",
                errors.INVAL,
            )
        names.require_state(instance, names.DOWN, "reinstalling it")
        await names.require_stopped(context, instance, "reinstalling it")
        fresh = with_os(instance, op.os_type, op.osparams or {}, op.osparams_private or {})
        await validate_os(
            context, fresh, op.osparams_secret, force_variant=op.force_variant, install=True
        )
        await os_image.require_fitting(context, fresh, cluster.disks_of(fresh))
        return Plan(instance, fresh)

    def hooks(self, op: OpInstanceReinstall, plan: Plan, cluster: Cluster) -> Hooks | None:
        """See `IUnit`."""
        instance = cluster.instances[plan.instance.uuid]
        env = hooks_env.instance_variables(cluster, instance)
        nodes = cluster.nodes_of(instance)
        return hooks_env.instance_hooks("instance-reinstall", cluster, env, nodes)

    async def execute(self, op: OpInstanceReinstall, plan: Plan, context: Context) -> None:
        """Note the OS, assemble the disks, install it, and shut the disks down again."""
        if plan.fresh != plan.instance:
            await context.commit(lambda cluster: Change(instances=(plan.fresh,)))
        instance = context.cluster.instances[plan.instance.uuid]
        await disks.while_assembled(context, instance, lambda: _install(op, instance, context))


async def _install(op: OpInstanceReinstall, instance: Instance, context: Context) -> None:
    context.log(f"Installing OS {instance.os} on instance {instance.name}...")
    spec = spec_of(context.cluster, instance, secret=op.osparams_secret)
    script = OsScript(spec, reinstall=True, debug_level=op.debug_level or 0)
    await context.call(instance.primary_node, INSTANCE_OS_ADD, script)
    await os_image.write(context, instance)


def with_os(
    instance: Instance, os: str | None, public: Mapping[str, Any], private: Mapping[str, Any]
) -> Instance:
    """Return *instance* with another *os* and changed OS parameters; ``default`` drops one."""
    return msgspec.structs.replace(
        instance,
        os=os or instance.os,
        osparams=os_changed(instance.osparams, public),
        osparams_private=os_changed(instance.osparams_private, private),
    )


async def validate_os(
    context: Context,
    instance: Instance,
    secret: Mapping[str, Any] | None,
    *,
    force_variant: bool,
    install: bool = False,
) -> None:
    """Raise `errors.OpPrereqError` unless the primary node has the OS with these parameters.

    With *install* it must be one that can be installed.
    """
    if not instance.os:
        raise errors.OpPrereqError(
            f"Instance {instance.name} has no OS; give one, 'gnt-os list' shows the known ones.",
            errors.INVAL,
        )
    require_allowed_os(context.cluster, instance.os)
    filled = os_params(context.cluster, instance, secret)
    request = OsValidate(instance.os, filled, True, force_variant, install)
    try:
        await context.call(instance.primary_node, OS_VALIDATE, request)
    except errors.GanetiError as error:
        raise errors.OpPrereqError(error.message, errors.INVAL) from error

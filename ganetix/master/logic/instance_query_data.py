"""OP_INSTANCE_QUERY_DATA: everything about instances that ``gnt-instance info`` shows."""

from typing import Any

from zope.interface import implementer

from ganetix import errors
from ganetix.master.logic import disk_status, group_values, names
from ganetix.master.logic.specs import nic_dict
from ganetix.master.logic.unit import ALL, BGL_SHARED, Context, Hooks, IUnit, Want
from ganetix.model import params
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Instance, Nic
from ganetix.opcodes.instance import OpInstanceQueryData
from ganetix.rpc.tables.guests import INSTANCE_ADDRESSES, GuestAddresses, GuestQuery

Data = dict[str, Any]


@implementer(IUnit)
class InstanceQueryData:
    """Describes instances; without *static* their nodes are asked too."""

    resumable = True

    def locks(self, op: OpInstanceQueryData, cluster: Cluster) -> list[Want]:
        """See `IUnit`."""
        if op.static and not op.use_locking:
            return [BGL_SHARED]
        rows = _named(op, cluster)
        nodes = {uuid for row in rows for uuid in cluster.nodes_of(row)}
        groups = {cluster.nodes[uuid].group for uuid in nodes}
        networks = {nic.network for row in rows for nic in row.nics if nic.network}
        return [
            BGL_SHARED,
            Want("instance", _keys(op, {row.name for row in rows}), "shared"),
            Want("nodegroup", _keys(op, groups), "shared"),
            Want("node", _keys(op, nodes), "shared"),
            Want("network", _keys(op, networks), "shared"),
        ]

    async def check(self, op: OpInstanceQueryData, context: Context) -> tuple[str, ...]:
        """Return the uuids of the instances."""
        if not op.static and not op.use_locking:
            context.log("WARNING: Asking the nodes needs locks; they are taken.")
        return tuple(row.uuid for row in _named(op, context.cluster))

    def hooks(
        self, op: OpInstanceQueryData, plan: tuple[str, ...], cluster: Cluster
    ) -> Hooks | None:
        """See `IUnit`."""
        return None

    async def execute(
        self, op: OpInstanceQueryData, plan: tuple[str, ...], context: Context
    ) -> dict[str, Data]:
        """Return the data by instance name."""
        found = {}
        for uuid in plan:
            instance = context.cluster.instances[uuid]
            found[instance.name] = await _data(op, instance, context)
        return found


def _named(op: OpInstanceQueryData, cluster: Cluster) -> list[Instance]:
    if op.instances:
        return [cluster.instance_named(name) for name in op.instances]
    return sorted(cluster.instances.values(), key=lambda row: row.name)


def _keys(op: OpInstanceQueryData, keys: set[str]) -> tuple[str, ...]:
    return tuple(sorted(keys)) if op.instances else (ALL,)


async def _data(op: OpInstanceQueryData, instance: Instance, context: Context) -> Data:
    cluster = context.cluster
    primary = cluster.nodes[instance.primary_node]
    asked = not op.static and not primary.offline
    disks = [
        await disk_status.described(disk, instance, context, ask=asked)
        for disk in cluster.disks_of(instance)
    ]
    return {
        **_own(cluster, instance),
        **_places(cluster, instance),
        "run_state": await _run_state(instance, context) if asked else None,
        "guest_addresses": await _guest_addresses(instance, context) if asked else {},
        "disks": disks,
    }


def _own(cluster: Cluster, instance: Instance) -> Data:
    return {
        "name": instance.name,
        "uuid": instance.uuid,
        "serial_no": instance.serial_no,
        "ctime": instance.ctime,
        "mtime": instance.mtime,
        "config_state": instance.admin_state,
        "admin_state_source": instance.admin_state_source,
        "os": instance.os,
        "os_instance": instance.osparams,
        "os_actual": params.os_params(cluster, instance.os, instance.osparams),
        "hypervisor": instance.hypervisor,
        "network_port": instance.network_port,
        "hv_instance": instance.hvparams,
        "hv_actual": params.of_hypervisor(cluster, instance),
        "be_instance": instance.beparams,
        "be_actual": params.of_backend(cluster, instance),
        "nics": [_nic(cluster, instance, nic) for nic in instance.nics],
        "disk_template": params.template_of(cluster.disks_of(instance)),
    }


def _places(cluster: Cluster, instance: Instance) -> Data:
    group = cluster.nodegroups[cluster.nodes[instance.primary_node].group]
    secondaries = [cluster.nodes[uuid] for uuid in cluster.secondaries_of(instance)]
    return {
        "pnode": cluster.nodes[instance.primary_node].name,
        "pnode_group_uuid": group.uuid,
        "pnode_group_name": group.name,
        "snodes": [node.name for node in secondaries],
        "snodes_group_uuids": [node.group for node in secondaries],
        "snodes_group_names": [cluster.nodegroups[node.group].name for node in secondaries],
        "policy_violations": group_values.breaks(cluster, instance, group),
    }


def _nic(cluster: Cluster, instance: Instance, nic: Nic) -> list[Any]:
    """Return (name, uuid, ip, mac, mode, link, vlan, network uuid, network)."""
    filled = nic_dict(cluster, instance, nic)
    network = cluster.networks.get(nic.network or "")
    return [
        nic.name, nic.uuid, nic.ip, nic.mac, filled["mode"], filled["link"], filled["vlan"],
        nic.network, None if network is None else network.name,
    ]  # fmt: skip


async def _run_state(instance: Instance, context: Context) -> str | None:
    """Return whether it runs, None when its node does not tell."""
    try:
        state = await names.running(context, instance)
    except errors.GanetiError as error:
        context.log(f"WARNING: {error.message}")
        return None
    if state is not None:
        return "user down" if state.state == "shutdown" else "up"
    return "down" if instance.admin_state == "up" else instance.admin_state


async def _guest_addresses(instance: Instance, context: Context) -> dict[str, list[str]]:
    """Return the addresses that the guest's agent tells, by interface; none without an agent."""
    if not params.of_hypervisor(context.cluster, instance).get("use_guest_agent"):
        return {}
    request = GuestQuery(instance.name, instance.hypervisor)
    try:
        found: GuestAddresses = await context.call(
            instance.primary_node, INSTANCE_ADDRESSES, request
        )
    except errors.GanetiError as error:
        context.log(f"WARNING: {error.message}")
        return {}
    return found.addresses

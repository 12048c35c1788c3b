"""Checks of mirrored disks: both copies whole, on nodes that can have them."""

from collections.abc import Iterator, Mapping

from ganetix import errors
from ganetix.master.verify.finding import Finding
from ganetix.model import params
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance
from ganetix.rpc.tables.storage import MirrorState, MirrorStates

Asked = Mapping[str, list[tuple[Instance, Disk]]]
"""Node uuid to the mirrored disks that its instances use there."""


def asked(cluster: Cluster, group: str) -> dict[str, list[tuple[Instance, Disk]]]:
    """Return which disks to ask the nodes of *group* for: those of their primary instances."""
    found: dict[str, list[tuple[Instance, Disk]]] = {}
    for node in cluster.members(group):
        rows = [
            (instance, disk)
            for uuid in sorted(cluster.indexes.primaries.get(node.uuid, ()))
            if (instance := cluster.instances[uuid]).disks_active and not node.offline
            for disk in cluster.disks_of(instance)
            if disk.dev_type == "drbd"
        ]
        if rows:
            found[node.uuid] = rows
    return found


def findings(
    cluster: Cluster, wanted: Asked, answers: Mapping[str, MirrorStates | errors.GanetiError]
) -> list[Finding]:
    """Return the disks that are not whole."""
    found: list[Finding] = []
    for uuid, rows in wanted.items():
        answer = answers.get(uuid)
        if not isinstance(answer, MirrorStates):
            why = answer.message if answer is not None else "it was not asked"
            text = f"can't say how its mirrors are: {why} See 'gnt-cluster verify-disks'"
            found.append(Finding("ENODEDRBD", "node", cluster.nodes[uuid].name, text))
            continue
        for (instance, disk), state in zip(rows, answer.rows, strict=True):
            if state is not None and state.degraded:
                found.append(_faulty(cluster, instance, disk, state))
    return found


def _faulty(cluster: Cluster, instance: Instance, disk: Disk, state: MirrorState) -> Finding:
    if state.percent is not None:
        text = f"{disk.iv_name} is being synchronised, {state.percent:.1f} % are done"
        text += "; it mends itself, see 'gnt-instance info'"
        return Finding("EINSTANCEFAULTYDISK", "instance", instance.name, text, "WARNING")
    node = cluster.nodes[instance.primary_node].name
    text = (
        f"{disk.iv_name} is degraded (on {node}: {state.local}); "
        f"'gnt-instance activate-disks {instance.name}', or replace-disks if that does not help"
    )
    return Finding("EINSTANCEFAULTYDISK", "instance", instance.name, text)


def unsuitable(cluster: Cluster) -> Iterator[Finding]:
    """Name instances whose disks their nodes can't have: DRBD under exclusive storage."""
    for instance in cluster.instances.values():
        if not any(disk.dev_type == "drbd" for disk in cluster.disks_of(instance)):
            continue
        for uuid in cluster.nodes_of(instance):
            node = cluster.nodes.get(uuid)
            if node is not None and params.node(cluster, node).get("exclusive_storage"):
                text = (
                    f"has disks of type drbd, but node {node.name} has exclusive storage; "
                    "'gnt-instance modify -t plain', or move it"
                )
                yield Finding("EINSTANCEUNSUITABLENODE", "instance", instance.name, text)

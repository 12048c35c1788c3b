"""Checks of one group's nodes and instances, over the facts that the nodes gave."""

import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from typing import Final

import attrs

from ganetix import errors
from ganetix.master.verify.finding import Finding
from ganetix.model import params
from ganetix.model.cluster import Cluster, holders
from ganetix.model.objects import Instance, Node
from ganetix.paths import shown
from ganetix.rpc.tables.checks import NodeInfo, VerifyFacts

MAX_SKEW: Final = 150.0
"""Seconds that a node's clock may differ."""

_ANYBODY: Final = (
    "its remote API answers what only looks to anybody, without a user; start ganeti-rapi without "
    "--no-require-authentication (see /etc/default/ganeti)"
)


@attrs.frozen
class Facts:
    """What was gathered: by node uuid, an answer or the error in its place."""

    answers: Mapping[str, VerifyFacts | errors.GanetiError]
    figures: Mapping[str, NodeInfo | errors.GanetiError]
    release: str
    started: float
    ended: float
    """Wall time around the gathering, seconds since the epoch."""
    behind: frozenset[str]
    """Candidates that lack acknowledged changes."""


def findings(cluster: Cluster, group: str, facts: Facts) -> list[Finding]:
    """Return everything that is wrong in *group*."""
    found: list[Finding] = []
    known = _directories(cluster)
    for node in cluster.members(group):
        if node.offline:
            continue
        answer = facts.answers.get(node.uuid)
        if not isinstance(answer, VerifyFacts):
            why = answer.message if answer is not None else "it was not asked"
            found.append(_node(node, "ENODERPC", f"did not answer: {why}"))
            continue
        found += _checked(cluster, node, answer, facts)
        found += _empty(node, answer, known)
    found += _files(cluster, group, facts)
    found += _oses(cluster, group, facts)
    for instance in cluster.instances.values():
        if cluster.nodes[instance.primary_node].group == group:
            found += _instance(cluster, instance, facts)
    return found


def _node(node: Node, code: str, text: str) -> Finding:
    return Finding(code, "node", node.name, text)


def _checked(cluster: Cluster, node: Node, answer: VerifyFacts, facts: Facts) -> Iterator[Finding]:
    if answer.version != facts.release:
        text = f"runs release {answer.version}, the master {facts.release}; upgrade the older one"
        yield Finding("ENODEVERSION", "node", node.name, text, "WARNING")
    if not facts.started - MAX_SKEW <= answer.clock <= facts.ended + MAX_SKEW:
        skew = answer.clock - facts.ended
        yield _node(node, "ENODETIME", f"its clock differs by {skew:.1f} s; synchronise it")
    for name, trouble in sorted(answer.hypervisor_errors.items()):
        yield _node(node, "ENODEHV", f"hypervisor {name}: {trouble}")
    for path, trouble in sorted(answer.storage_paths.items()):
        code = _path_code(cluster, path)
        yield _node(node, code, f"file storage directory {path}: {trouble}")
    for path in answer.orphan_disks:
        yield _node(
            node, "ENODEORPHANLV", f"disk file {shown(path)} belongs to no instance; remove it"
        )
    for text in answer.permissions:
        yield _node(node, "ENODESETUP", text)
    if answer.rapi_without_users:
        yield Finding("ENODESETUP", "node", node.name, _ANYBODY, "WARNING")
    if node.uuid in facts.behind:
        text = "is behind: it lacks acknowledged changes as a candidate; it catches up by itself"
        yield Finding("ENODEFILECHECK", "node", node.name, text, "WARNING")
    yield from _guests(cluster, node, answer)


def _directories(cluster: Cluster) -> set[tuple[str, str]]:
    """Return node and path of the directories of disks; shared ones are on no node alone."""
    return {
        ("" if disk.dev_type == "sharedfile" else node, posixpath.dirname(str(disk.logical_id[1])))
        for node, disks in cluster.disks_by_node().items()
        for disk in disks
        if disk.dev_type in ("file", "sharedfile")
    }


def _empty(node: Node, answer: VerifyFacts, known: Set[tuple[str, str]]) -> Iterator[Finding]:
    """Name directories without anything in them that are no instance's."""
    for path in answer.empty_dirs:
        if not known & {(node.uuid, path), ("", path)}:
            text = f"directory {shown(path)} belongs to no instance; remove it with rmdir"
            yield _node(node, "ENODEORPHANLV", text)


def _path_code(cluster: Cluster, path: str) -> str:
    if path.endswith(cluster.cluster.shared_file_storage_dir):
        return "ENODESHAREDFILESTORAGEPATHUNUSABLE"
    if path.endswith(cluster.cluster.gluster_storage_dir):
        return "ENODEGLUSTERSTORAGEPATHUNUSABLE"
    return "ENODEFILESTORAGEPATHUNUSABLE"


def _guests(cluster: Cluster, node: Node, answer: VerifyFacts) -> Iterator[Finding]:
    for state in answer.instances:
        uuid = cluster.indexes.instance_names.get(state.name)
        down = state.state == "shutdown"
        if uuid is None:
            text = f"runs {state.name}, which the cluster does not know; shut it down there"
            yield _node(node, "ENODEORPHANINSTANCE", text)
        elif cluster.instances[uuid].primary_node != node.uuid:
            primary = cluster.nodes[cluster.instances[uuid].primary_node].name
            yield Finding(
                "EINSTANCEWRONGNODE",
                "instance",
                state.name,
                f"{'is defined and shut off' if down else 'runs'} on {node.name}, its primary "
                f"node is {primary}; 'gnt-instance migrate --cleanup' puts that right",
            )


def _files(cluster: Cluster, group: str, facts: Facts) -> Iterator[Finding]:
    """Compare the checksums of cluster files with the master's, file by file."""
    master = facts.answers.get(cluster.cluster.master_node)
    if not isinstance(master, VerifyFacts):
        return
    others: dict[str, dict[str, list[str]]] = {}
    for node in cluster.members(group):
        answer = facts.answers.get(node.uuid)
        if not isinstance(answer, VerifyFacts):
            continue
        for path, checksum in master.files.items():
            if path not in answer.files:
                text = f"said nothing about file {shown(path)}; restart ganeti-noded there"
                yield _node(node, "ENODEFILECHECK", text)
            elif answer.files[path] != checksum:
                what = "is missing on" if answer.files[path] is None else "differs on"
                others.setdefault(path, {}).setdefault(what, []).append(node.name)
    for path, found in sorted(others.items()):
        told = " and ".join(f"{what} {', '.join(names)}" for what, names in sorted(found.items()))
        text = f"file {shown(path)} {told}; run 'gnt-cluster redist-conf'"
        yield Finding("ECLUSTERFILECHECK", "cluster", "", text)


def _oses(cluster: Cluster, group: str, facts: Facts) -> Iterator[Finding]:
    """Name the OS definitions that only some nodes of the group have."""
    have: dict[str, set[str]] = {}
    nodes = [
        (node, answer)
        for node in cluster.members(group)
        if node.vm_capable and isinstance(answer := facts.answers.get(node.uuid), VerifyFacts)
    ]
    count = Counter(name for _, answer in nodes for name in set(answer.oses))
    for node, answer in nodes:
        have[node.uuid] = set(answer.oses)
        for name in sorted(set(count) - have[node.uuid]):
            yield _node(node, "ENODEOS", f"lacks OS {name}, which other nodes have; copy it there")


def _instance(cluster: Cluster, instance: Instance, facts: Facts) -> Iterator[Finding]:
    node = cluster.nodes[instance.primary_node]
    if instance.forthcoming:
        return

    def wrong(code: str, text: str) -> Finding:
        return Finding(code, "instance", instance.name, text)

    if node.offline:
        text = f"its primary node {node.name} is offline; 'gnt-instance failover'"
        yield wrong("EINSTANCEBADNODE", text)
        return
    if not node.vm_capable:
        yield wrong("EINSTANCEBADNODE", f"primary node {node.name} is not vm_capable; migrate it")
    yield from _missing(cluster, instance, facts)
    answer = facts.answers.get(node.uuid)
    if not isinstance(answer, VerifyFacts):
        return
    runs = {state.name for state in answer.instances if state.state != "shutdown"}
    if instance.admin_state == "up" and instance.name not in runs:
        text = f"is not running on {node.name}; 'gnt-instance startup {instance.name}' starts it"
        yield wrong("EINSTANCEDOWN", text)


def _missing(cluster: Cluster, instance: Instance, facts: Facts) -> Iterator[Finding]:
    """Name the disks that are not on a node where they should be; of mirrors both halves."""
    for number, disk in enumerate(cluster.disks_of(instance)):
        for node in holders(disk, instance):
            answer = facts.answers.get(node)
            if isinstance(answer, VerifyFacts) and disk.uuid in answer.missing_disks:
                side = "-p" if node == instance.primary_node else "-s"
                remedy = f"replace-disks {side}" if disk.children else "recreate-disks"
                text = f"disk/{number} is missing on {cluster.nodes[node].name}; "
                text += f"'gnt-instance {remedy} {instance.name}' makes it anew"
                yield Finding("EINSTANCEMISSINGDISK", "instance", instance.name, text)


def memory(cluster: Cluster, group: str, facts: Facts) -> list[Finding]:
    """Return the nodes that could not take over the mirrored instances of one failed peer."""
    found = []
    for node in cluster.members(group):
        info = facts.figures.get(node.uuid)
        if node.offline or not isinstance(info, NodeInfo):
            continue
        needed: dict[str, int] = {}
        for uuid in cluster.indexes.secondaries.get(node.uuid, ()):
            filled = params.of_backend(cluster, cluster.instances[uuid])
            if filled["auto_balance"]:
                primary = cluster.instances[uuid].primary_node
                needed[primary] = needed.get(primary, 0) + int(filled["minmem"])
        for primary, mib in sorted(needed.items()):
            if mib > info.memory_free:
                peer = cluster.nodes[primary].name
                text = f"has not enough memory for the instances of {peer} if that fails"
                text += f" ({mib} MiB needed, {info.memory_free} MiB free); see 'hbal'"
                found.append(_node(node, "ENODEN1", text))
    return found

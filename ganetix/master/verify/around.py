"""Checks over what nodes see around them: files, network, ssh, LVM, DRBD, helper programs."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from typing import Final

import attrs

from ganetix import errors
from ganetix.master.config import ssconf
from ganetix.master.verify.finding import Finding, Severity
from ganetix.model import params
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Node
from ganetix.paths import shown
from ganetix.rpc.tables.verify import DrbdFacts, Inspect, Inspected, Peer, VolumeFacts

LVM: Final = frozenset({"plain", "drbd"})
MIN_VG_SIZE: Final = 20 * 1024
PV_SPREAD: Final = 1
"""MiB by which the physical volumes of a group may differ under exclusive storage."""

_MADE: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}\.(disk|snap)")
"""Names of volumes that this cluster makes; what else is in other groups is somebody's."""

IEXTAGS: Final = "htools:iextags:"

Answers = Mapping[str, Inspected | errors.GanetiError]


@attrs.frozen
class Wanted:
    """What the request depends on beside the configuration."""

    virtual: bool
    clutter: bool
    script: str
    """The virtual path of the administrator's set-up script for the master IP."""


def request(cluster: Cluster, group: str, wanted: Wanted) -> Inspect:
    """Return what the nodes of *group* (a uuid) are asked."""
    own = cluster.cluster
    programs = {str(params.node(cluster, node).get("oob_program") or "") for node in
                cluster.nodes.values()} - {""}  # fmt: skip
    return Inspect(
        ssconf=sorted(ssconf.values(cluster)),
        peers=_peers(cluster, group),
        ssh=own.modify_ssh_setup and not wanted.virtual,
        clutter=wanted.clutter,
        vg_name=own.volume_group_name or "" if LVM & set(own.enabled_disk_templates) else "",
        other_groups=_other_groups(cluster),
        drbd="drbd" in own.enabled_disk_templates,
        programs=sorted(programs),
        scripts=[wanted.script] if own.use_external_mip_script else [],
    )


def _peers(cluster: Cluster, group: str) -> list[Peer]:
    """Return the nodes of the group, and one of each other group."""
    found: list[Peer] = []
    for uuid in cluster.nodegroups:
        rows = sorted((n for n in cluster.members(uuid) if not n.offline), key=lambda n: n.name)
        for node in rows if uuid == group else rows[:1]:
            second = node.secondary_ip if node.secondary_ip != node.primary_ip else ""
            port = int(params.node(cluster, node).get("ssh_port") or 22)
            found.append(Peer(node.name, node.primary_ip, second, port))
    return found


def findings(cluster: Cluster, group: str, answers: Answers) -> list[Finding]:
    """Return everything that is wrong around the nodes of *group*."""
    right, known = digests(cluster), _known_volumes(cluster)
    found: list[Finding] = []
    told: dict[str, Inspected] = {}
    for node in sorted(cluster.members(group), key=lambda one: one.name):
        answer = answers.get(node.uuid)
        if isinstance(answer, Inspected):
            told[node.uuid] = answer
            own: Set[str] = known.get(node.uuid, frozenset())
            found += _node_findings(cluster, node, answer, right, own)
    found += _versions(cluster, told)
    found += _physicals(cluster, group, told)
    return [*found, *_exclusion_tags(cluster, group)]


def digests(cluster: Cluster) -> dict[str, str]:
    """Return the SHA-1 of every ssconf value, by key."""
    return {
        key: hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        for key, text in ssconf.values(cluster).items()
    }


def _of(node: Node, code: str, text: str, severity: Severity = "ERROR") -> Finding:
    return Finding(code, "node", node.name, text, severity)


def _node_findings(
    cluster: Cluster, node: Node, answer: Inspected, right: Mapping[str, str], known: Set[str]
) -> Iterator[Finding]:
    wrong = sorted(key for key, digest in right.items() if answer.ssconf.get(key) != digest)
    if wrong:
        names = ", ".join(f"ssconf_{key}" for key in wrong)
        text = f"{names} differ from the configuration; run 'gnt-cluster redist-conf'"
        yield _of(node, "ENODEFILECHECK", text)
    for peer, why in sorted(answer.unreachable.items()):
        yield _of(node, "ENODENET", f"can't reach node {peer} ({why}); mend network or firewall")
    # Root lets in the candidates alone.
    for peer, why in sorted(answer.ssh.items()) if node.master_candidate else ():
        text = f"ssh to node {peer} fails ({why}); 'gnt-node add --readd {peer}' sets it up again"
        yield _of(node, "ENODESSH", text)
    yield from _own_files(cluster, node, answer)
    if answer.volumes is not None and node.vm_capable:
        yield from _volumes(cluster, node, answer.volumes, known)
    if answer.drbd is not None and node.vm_capable:
        yield from _drbd(cluster, node, answer.drbd)


def _own_files(cluster: Cluster, node: Node, answer: Inspected) -> Iterator[Finding]:
    for owner in answer.clutter:
        text = f"has several ssh keys of {owner}; remove the old ones from authorized_keys"
        yield _of(node, "ENODESSH", text, "WARNING")
    for text in answer.forbidden:
        yield _of(node, "ENODEFILESTORAGEPATHS", f"{text}; take it out of file-storage-paths there")
    for path, why in sorted(answer.scripts.items()):
        text = f"user script {shown(path)} {why}; put it there, or change the cluster's parameters"
        yield _of(node, "ENODEUSERSCRIPTS", text)
    if node.uuid == cluster.cluster.master_node:
        for path, why in sorted(answer.programs.items()):
            text = f"out-of-band program {shown(path)} {why}; see 'gnt-node modify'"
            yield _of(node, "ENODEOOBPATH", text)


def _volumes(
    cluster: Cluster, node: Node, facts: VolumeFacts, known: Set[str]
) -> Iterator[Finding]:
    group = cluster.cluster.volume_group_name
    if facts.error:
        yield _of(node, "ENODELVM", f"LVM can't be asked: {facts.error}")
        return
    if facts.size is None:
        text = f"volume group {group} is missing; make it with vgcreate"
        yield _of(node, "ENODELVM", text)
        return
    if facts.size < MIN_VG_SIZE:
        text = f"volume group {group} has {facts.size} MiB, less than {MIN_VG_SIZE}; extend it"
        yield _of(node, "ENODELVM", text)
    made = (place for place in facts.elsewhere if _MADE.match(place.partition("/")[2]))
    for place in (*(f"{group}/{name}" for name in facts.volumes), *made):
        if place not in known and not _reserved(cluster, place):
            text = f"volume {place} belongs to no instance; lvremove removes it, lvrename saves it"
            yield _of(node, "ENODEORPHANLV", text)


def _known_volumes(cluster: Cluster) -> dict[str, set[str]]:
    """Return ``group/volume`` of all disks by the node, also of those that no instance has."""
    found: dict[str, set[str]] = {}
    for node, disks in cluster.disks_by_node().items():
        found[node] = {
            f"{one.logical_id[0]}/{one.logical_id[1]}"
            for disk in disks
            for one in disk.children or [disk]
            if one.dev_type == "plain"
        }
    return found


def _other_groups(cluster: Cluster) -> list[str]:
    """Return the volume groups in which disks are beside the cluster's own."""
    found = {row.partition("/")[0] for rows in _known_volumes(cluster).values() for row in rows}
    return sorted(found - {cluster.cluster.volume_group_name})


def _reserved(cluster: Cluster, name: str) -> bool:
    return name in cluster.cluster.reserved_lvs


def _drbd(cluster: Cluster, node: Node, facts: DrbdFacts) -> Iterator[Finding]:
    wanted = cluster.cluster.drbd_usermode_helper
    if not facts.version:
        yield _of(node, "ENODEDRBD", "DRBD's module is not loaded; run 'modprobe drbd' there")
        return
    if facts.helper != wanted:
        text = (
            f"DRBD's helper is '{facts.helper}' and not '{wanted}'; set usermode_helper in "
            "modprobe.d and load the module again, or 'gnt-cluster modify --drbd-usermode-helper'"
        )
        yield _of(node, "ENODEDRBDHELPER", text)
    must, may = _minors(cluster, node)
    for minor in sorted(must - set(facts.minors)):
        text = f"DRBD minor {minor} of an instance is not configured; 'gnt-cluster verify-disks'"
        yield _of(node, "ENODEDRBD", text)
    for minor in sorted(set(facts.minors) - must - may):
        text = f"DRBD minor {minor} belongs to no instance; 'drbdsetup down' frees it"
        yield _of(node, "ENODEDRBD", text)


def _minors(cluster: Cluster, node: Node) -> tuple[set[int], set[int]]:
    """Return the minors that must be configured at *node*, and those that may be."""
    must: set[int] = set()
    may: set[int] = set()
    index = cluster.indexes
    for uuid in {*index.primaries.get(node.uuid, ()), *index.secondaries.get(node.uuid, ())}:
        instance = cluster.instances[uuid]
        for disk in cluster.disks_of(instance):
            if disk.dev_type == "drbd":
                first = disk.logical_id[0] == node.uuid
                minor = int(disk.logical_id[3 if first else 4])
                (must if instance.disks_active else may).add(minor)
    return must, may


def _versions(cluster: Cluster, told: Mapping[str, Inspected]) -> Iterator[Finding]:
    """Name nodes whose DRBD is another one than most of the others'."""
    found = {uuid: one.drbd.version for uuid, one in told.items() if one.drbd and one.drbd.version}
    if len(set(found.values())) < 2:
        return
    [(usual, _)] = Counter(found.values()).most_common(1)
    for uuid, version in found.items():
        if version != usual:
            text = f"has DRBD {version}, other nodes of the group {usual}; install the same one"
            yield _of(cluster.nodes[uuid], "ENODEDRBDVERSION", text)


def _physicals(cluster: Cluster, group: str, told: Mapping[str, Inspected]) -> Iterator[Finding]:
    """Under exclusive storage all physical volumes of a group must have one size."""
    sizes: list[int] = []
    for uuid, answer in told.items():
        exclusive = params.node(cluster, cluster.nodes[uuid]).get("exclusive_storage")
        if exclusive and answer.volumes is not None:
            sizes += answer.volumes.physicals
    if sizes and max(sizes) - min(sizes) > PV_SPREAD:
        name = cluster.nodegroups[group].name
        text = (
            f"physical volumes have {min(sizes)} to {max(sizes)} MiB; exclusive storage needs one "
            "size: make them alike, or 'gnt-group modify --node-parameters exclusive_storage=no'"
        )
        yield Finding("EGROUPDIFFERENTPVSIZE", "group", name, text)


def _exclusion_tags(cluster: Cluster, group: str) -> Iterator[Finding]:
    """Name nodes with several instances that exclude each other by a tag."""
    prefixes = [
        tag.removeprefix(IEXTAGS) for tag in cluster.cluster.tags if tag.startswith(IEXTAGS)
    ]
    if not prefixes:
        return
    for node in sorted(cluster.members(group), key=lambda one: one.name):
        users: dict[str, list[str]] = {}
        for uuid in cluster.indexes.primaries.get(node.uuid, ()):
            instance = cluster.instances[uuid]
            for tag in instance.tags:
                if any(tag.startswith(f"{prefix}:") for prefix in prefixes):
                    users.setdefault(tag, []).append(instance.name)
        for tag, names in sorted(users.items()):
            if len(names) > 1:
                text = (
                    f"instances {', '.join(sorted(names))} exclude each other by tag {tag}; "
                    "move all but one: 'gnt-instance migrate'"
                )
                yield _of(node, "EEXTAGS", text)

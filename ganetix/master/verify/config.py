"""Checks of the configuration itself: policy, references, parameters."""

from collections.abc import Iterator, Mapping

from ganetix import errors
from ganetix.master.logic import capacity
from ganetix.master.verify import mirrors, networks
from ganetix.master.verify.finding import Finding
from ganetix.model import hv_checks, params, policy, schema
from ganetix.model.cluster import Cluster
from ganetix.model.hypervisors import HYPERVISORS
from ganetix.model.objects import Instance


def findings(cluster: Cluster) -> list[Finding]:
    """Return everything that is wrong in *cluster*."""
    found = [*_settings(cluster), *_candidates(cluster), *_groups(cluster)]
    found += networks.findings(cluster)
    found += mirrors.unsuitable(cluster)
    for instance in cluster.instances.values():
        found += _instance(cluster, instance)
    return found


def _wrong(text: str) -> Finding:
    return Finding("ECLUSTERCFG", "cluster", "", text)


def _settings(cluster: Cluster) -> Iterator[Finding]:
    settings = cluster.cluster
    for name in settings.enabled_hypervisors:
        if name not in HYPERVISORS:
            yield _wrong(f"hypervisor {name} is enabled and not known; see 'gnt-cluster modify'")
        else:
            yield from _hypervisor(name, settings.hvparams.get(name, {}))
    for instance in cluster.instances.values():
        if instance.hypervisor not in settings.enabled_hypervisors:
            yield Finding(
                "EINSTANCEBADNODE",
                "instance",
                instance.name,
                f"uses hypervisor {instance.hypervisor}, which is not enabled; "
                "enable it with 'gnt-cluster modify --enabled-hypervisors'",
            )


def _hypervisor(name: str, given: Mapping[str, object]) -> Iterator[Finding]:
    try:
        known = params.hypervisor_schema(name)
        enforced = schema.enforced(known, given, "hypervisor parameter")
        hv_checks.require_usable(name, {**schema.defaults(known), **enforced})
    except errors.GanetiError as error:
        yield _wrong(f"parameters of hypervisor {name}: {error.message}")


def _candidates(cluster: Cluster) -> Iterator[Finding]:
    settings, listed = cluster.cluster, cluster.cluster.candidate_certs
    able = [n for n in cluster.nodes.values() if n.master_capable and not n.offline]
    able = [node for node in able if not node.drained]
    have = [node for node in cluster.nodes.values() if node.master_candidate]
    lacking = min(len(able), settings.candidate_pool_size) - len(have)
    if lacking > 0:
        yield _wrong(f"{lacking} master candidates are missing; promote nodes with -C yes")
    for node in have:
        if listed and node.uuid not in listed:
            text = f"candidate {node.name} has no certificate digest in the configuration"
            yield Finding("ECLUSTERCLIENTCERT", "cluster", "", f"{text}; promote it again")
    for uuid in listed:
        if uuid not in {node.uuid for node in have}:
            text = f"the digest of {uuid}, which is no candidate, is listed"
            yield Finding("ECLUSTERCLIENTCERT", "cluster", "", f"{text}; run redist-conf")


def _groups(cluster: Cluster) -> Iterator[Finding]:
    for node in cluster.nodes.values():
        if node.group not in cluster.nodegroups:
            text = f"node {node.name} is in a group that there is not; 'gnt-group assign-nodes'"
            yield Finding("ECLUSTERDANGLINGNODES", "node", node.name, text)


def _instance(cluster: Cluster, instance: Instance) -> Iterator[Finding]:
    node = cluster.nodes.get(instance.primary_node)
    if node is None:
        text = f"is the primary node of {instance.name}, and is not in the configuration; restore"
        text += " config.data from a backup"
        yield Finding("ECLUSTERDANGLINGINST", "node", instance.primary_node, text)
        return
    disks = cluster.disks_of(instance)
    shape = capacity.shape_of(cluster, instance, disks)
    group = cluster.nodegroups[node.group]
    for violation in policy.violations(policy.of_group(cluster, group), shape):
        text = f"{violation}; see 'gnt-instance modify' and 'gnt-group modify'"
        yield Finding("EINSTANCEPOLICY", "instance", instance.name, text)
    if params.template_of(disks) == "mixed":
        text = "its disks have different templates; 'gnt-instance modify -t' makes them one"
        yield Finding("EINSTANCELAYOUT", "instance", instance.name, text)
    groups = {cluster.nodes[uuid].group for uuid in cluster.nodes_of(instance)}
    if len(groups) > 1:
        text = "its nodes are in different groups; see 'gnt-group assign-nodes'"
        yield Finding("EINSTANCESPLITGROUPS", "instance", instance.name, text, "WARNING")

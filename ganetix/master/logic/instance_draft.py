"""What becomes of a request for a new instance: its records, before anything exists."""

from collections.abc import Sequence
from typing import Any

import attrs

from ganetix import errors
from ganetix.master.logic import capacity, disk_requests, nics
from ganetix.master.logic.disk_records import Wanted, Where, new_disk
from ganetix.master.logic.nic_addresses import Site
from ganetix.master.logic.tags import with_tags
from ganetix.model import params
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance, Node
from ganetix.opcodes.instance import OpInstanceCreate
from ganetix.paths import Paths


@attrs.frozen
class Draft:
    """A new instance as it was asked for, checked as far as the configuration allows."""

    name: str
    template: str
    hypervisor: str
    os: str
    install: bool
    start: bool
    beparams: dict[str, Any]
    hvparams: dict[str, Any]
    disks: list[Wanted]
    tags: list[str]


def draft_of(cluster: Cluster, op: OpInstanceCreate, name: str) -> Draft:
    """Return the draft for *op*; raise `errors.OpPrereqError` with what can't be so."""
    template = op.disk_template or cluster.cluster.enabled_disk_templates[0]
    disk_requests.require_template(cluster, template)
    hypervisor = _hypervisor(cluster, op)
    os = _os(cluster, op, template)
    wanted = disk_requests.wanted_disks(template, op.disks)
    return Draft(
        name=name,
        template=template,
        hypervisor=hypervisor,
        os=os,
        install=_installs(op, os, template, wanted),
        start=op.start and not op.no_install and not op.forthcoming,
        beparams=_beparams(cluster, op),
        hvparams=_hvparams(hypervisor, op),
        disks=wanted,
        tags=with_tags((), op.tags),
    )


def _installs(op: OpInstanceCreate, os: str, template: str, wanted: Sequence[Wanted]) -> bool:
    """Tell whether an OS is put on the disks; adopted ones have what they have."""
    if op.no_install or op.forthcoming or template == "diskless":
        return False
    return bool(os) and not any(one.adopt for one in wanted)


def _hypervisor(cluster: Cluster, op: OpInstanceCreate) -> str:
    enabled = cluster.cluster.enabled_hypervisors
    name = op.hypervisor or enabled[0]
    if name not in enabled:
        raise errors.OpPrereqError(
            f"Hypervisor {name} is not enabled in this cluster (enabled: {', '.join(enabled)}); "
            "'gnt-cluster modify --enabled-hypervisors' enables it.",
            errors.STATE,
        )
    return name


def _os(cluster: Cluster, op: OpInstanceCreate, template: str) -> str:
    os = op.os_type or ""
    if not os and template != "diskless" and not op.no_install:
        raise errors.OpPrereqError(
            "No OS was given; 'gnt-os list' shows the known ones, --no-install leaves the disks "
            "empty.",
            errors.INVAL,
        )
    require_allowed_os(cluster, os)
    return os


def require_allowed_os(cluster: Cluster, os: str) -> None:
    """Raise `errors.OpPrereqError` if *os* is blacklisted."""
    blacklist = cluster.cluster.blacklisted_os
    if os and (os in blacklist or os.partition("+")[0] in blacklist):
        raise errors.OpPrereqError(
            f"OS {os} is blacklisted in this cluster; 'gnt-os modify --blacklisted=no' "
            "takes it off the list.",
            errors.STATE,
        )


def _beparams(cluster: Cluster, op: OpInstanceCreate) -> dict[str, Any]:
    given = params.with_memory(op.beparams)
    own = params.changed(params.BACKEND, {}, given, "backend parameter")
    capacity.require_minmax(params.backend(cluster, own))
    return own


def _hvparams(hypervisor: str, op: OpInstanceCreate) -> dict[str, Any]:
    known = params.hypervisor_schema(hypervisor)
    params.only_below_cluster(known, op.hvparams, "hypervisor parameter")
    return params.changed(known, {}, op.hvparams, "hypervisor parameter")


def records(
    cluster: Cluster,
    op: OpInstanceCreate,
    draft: Draft,
    nodes: Sequence[Node],
    place: tuple[Site, Paths],
) -> tuple[Instance, list[Disk]]:
    """Return the new instance and its disks on *nodes*, the primary first; in no cluster yet."""
    site, paths = place
    randomness = site.randomness
    top = disk_requests.file_dir(cluster, paths, draft.template, op.file_storage_dir)
    directory = (op.file_driver or "loop", f"{top}/{draft.name}")
    uuids = tuple(node.uuid for node in nodes)
    where = Where(cluster, draft.template, uuids, directory, randomness)
    made: list[Disk] = []
    for index, wanted in enumerate(draft.disks):
        made.append(new_disk(where, wanted, index, made))
    instance = Instance(
        uuid=randomness.uuid(),
        name=draft.name,
        primary_node=nodes[0].uuid,
        os=draft.os,
        hypervisor=draft.hypervisor,
        admin_state="up" if draft.start else "down",
        hvparams=draft.hvparams,
        beparams=draft.beparams,
        osparams=params.os_changed({}, op.osparams),
        osparams_private=params.os_changed({}, op.osparams_private or {}),
        nics=nics.new_nics(site, op.nics),
        disks=[disk.uuid for disk in made],
        disks_active=draft.start and bool(made),
        tags=draft.tags,
    )
    return instance, made

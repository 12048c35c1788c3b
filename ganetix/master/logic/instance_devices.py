"""Changes to the disks and NICs of an instance. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import msgspec

from ganetix import errors
from ganetix.ids import Randomness
from ganetix.master.logic import disk_attach, disk_requests, disks, nics
from ganetix.master.logic.device_edits import Edit, Editor, Lasting, Told
from ganetix.master.logic.disk_records import Where, new_disk
from ganetix.master.logic.nic_addresses import POOL, Site
from ganetix.model import params
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance, Nic
from ganetix.opcodes.instance import OpInstanceSetParams
from ganetix.paths import Paths


def edited_nics(site: Site, instance: Instance, op: OpInstanceSetParams) -> Edit[Nic]:
    """Return what *op* makes of the NICs of *instance*."""

    def make(index: int, given: Mapping[Any, Any], others: Sequence[Nic]) -> tuple[Nic, Any]:
        nic = nics.new_nic(site, index, given, others)
        filled = params.nic(site.cluster, nic.nicparams)
        return nic, (
            f"add:mac={nic.mac},ip={nic.ip},mode={filled['mode']},link={filled['link']},"
            f"network={nic.network}"
        )

    def modify(
        index: int, nic: Nic, given: Mapping[Any, Any], others: Sequence[Nic]
    ) -> tuple[Nic, Told]:
        fresh = nics.modified(site, index, nic, given, others)
        told = {**given, **({"ip": fresh.ip} if given.get("ip") == POOL else {})}
        return fresh, [(f"nic.{key}/{index}", value) for key, value in sorted(told.items())]

    edit = Editor("nic", make, modify).edited(instance.nics, op.nics)
    nics.require_count(len(edit.rows))
    return edit


def edited_disks(
    cluster: Cluster,
    instance: Instance,
    op: OpInstanceSetParams,
    place: tuple[Randomness, Paths],
) -> Edit[Disk]:
    """Return what *op* makes of the disks of *instance*, numbered anew."""
    randomness, paths = place

    def make(index: int, given: Mapping[Any, Any], others: Sequence[Disk]) -> tuple[Disk, Any]:
        template = _template(cluster, others, given)
        wanted = disk_requests.wanted_disk(template, index, given)
        if wanted.adopt is not None:
            raise errors.OpPrereqError(
                f"Disk {index} can't adopt '{wanted.adopt}': what is there already becomes a disk "
                "when its instance is added ('gnt-instance add --disk N:adopt=...').",
                errors.INVAL,
            )
        directory = disks.instance_dir(others)
        if directory is None:
            top = disk_requests.file_dir(cluster, paths, template, op.file_storage_dir)
            directory = f"{top}/{instance.name}"
        driver = op.file_driver or "loop"
        nodes = tuple(cluster.nodes_of(instance))
        where = Where(cluster, template, nodes, (driver, directory), randomness)
        fresh = [one for one in others if one.uuid not in cluster.disks]
        disk = new_disk(where, wanted, index, fresh)
        return disk, f"add:size={wanted.size},mode={wanted.mode}"

    def modify(
        index: int, disk: Disk, given: Mapping[Any, Any], others: Sequence[Disk]
    ) -> tuple[Disk, Told]:
        disk_requests.require_modifiable(index, given)
        fresh = disk
        if "mode" in given:
            fresh = msgspec.structs.replace(
                fresh, mode=disk_requests.disk_mode(index, given["mode"])
            )
        if "name" in given:
            fresh = msgspec.structs.replace(fresh, name=disk_requests.disk_name(given["name"]))
        return fresh, [(f"disk.{key}/{index}", value) for key, value in sorted(given.items())]

    def attach(given: Mapping[Any, Any], others: Sequence[Disk]) -> Disk:
        return disk_attach.found(cluster, instance, given, others)

    editor = Editor("disk", make, modify, Lasting(attach, disk_attach.require_detachable))
    edit = editor.edited(cluster.disks_of(instance), op.disks)
    if len(edit.rows) > disk_requests.MAX_DISKS:
        raise errors.OpPrereqError(
            f"The instance would have {len(edit.rows)} disks; at most {disk_requests.MAX_DISKS} "
            "are possible.",
            errors.INVAL,
        )
    return _numbered(edit)


def _template(cluster: Cluster, others: Sequence[Disk], given: Mapping[Any, Any]) -> str:
    template = str(given.get("dev_type") or params.template_of(list(others)))
    if template == "diskless":
        raise errors.OpPrereqError(
            "A diskless instance has no disk template for a new disk; give the disk a dev_type, "
            "such as dev_type=file.",
            errors.INVAL,
        )
    disk_requests.require_template(cluster, template)
    return template


def _numbered(edit: Edit[Disk]) -> Edit[Disk]:
    rows = tuple(
        disk if disk.iv_name == f"disk/{index}" else _with_number(disk, index)
        for index, disk in enumerate(edit.rows)
    )
    now = {disk.uuid: disk for disk in rows}
    return attrs.evolve(
        edit,
        rows=rows,
        added=tuple(now[disk.uuid] for disk in edit.added),
        attached=tuple(now[disk.uuid] for disk in edit.attached),
    )


def _with_number(disk: Disk, index: int) -> Disk:
    return msgspec.structs.replace(disk, iv_name=f"disk/{index}")

"""Forthcoming instances: reserved in the configuration alone, and made real later.

A reservation holds the name, the addresses, the port and the place of an instance that does not
exist yet. ``gnt-instance add --commit`` with the instance's parameters creates it; an address that
it leaves to the cluster is the one that was reserved.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ganetix import errors
from ganetix.master.logic import names
from ganetix.master.logic.unit import UndoAction
from ganetix.model.changes import Change
from ganetix.model.cluster import Cluster
from ganetix.model.objects import Disk, Instance, Nic
from ganetix.opcodes.instance import OpInstanceCreate

_CHOSEN = {"mac": ("", "auto", "generate"), "ip": ("pool",)}
"""Values that leave the choice to the cluster."""


def named(cluster: Cluster, op: OpInstanceCreate) -> tuple[str, Instance | None]:
    """Return the name for *op*, and the reservation that it makes real, if it does.

    Raise `errors.OpPrereqError` if the name is taken, or not reserved.
    """
    if not op.commit:
        return names.new_instance_name(cluster, op.instance_name), None
    if op.forthcoming:
        raise errors.OpPrereqError(
            "An instance can't be reserved and made real at once; give --forthcoming or --commit.",
            errors.INVAL,
        )
    found = cluster.instance_named(op.instance_name.lower())
    if not found.forthcoming:
        raise errors.OpPrereqError(
            f"Instance {found.name} is not forthcoming: it exists already.", errors.EXISTS
        )
    return found.name, found


def with_kept(op: OpInstanceCreate, reserved: Instance | None) -> OpInstanceCreate:
    """Return *op* with the addresses that were *reserved* where it leaves the choice."""
    if reserved is None:
        return op
    rows = [
        _kept(row, reserved.nics[index]) if index < len(reserved.nics) else row
        for index, row in enumerate(op.nics)
    ]
    return msgspec.structs.replace(op, nics=rows)


def _kept(given: Mapping[Any, Any], nic: Nic) -> dict[Any, Any]:
    row = dict(given)
    if str(row.get("mac") or "").lower() in _CHOSEN["mac"]:
        row["mac"] = nic.mac
    if nic.ip is not None and str(row.get("ip") or "").lower() in _CHOSEN["ip"]:
        row["ip"] = nic.ip
    return row


def marked(
    op: OpInstanceCreate, reserved: Instance | None, instance: Instance, disks: Sequence[Disk]
) -> tuple[Instance, list[Disk]]:
    """Return *instance* with *disks* as a reservation, or in the place of the one *reserved*."""
    if reserved is not None:
        instance = msgspec.structs.replace(
            instance, uuid=reserved.uuid, network_port=reserved.network_port
        )
    if op.forthcoming:
        instance = msgspec.structs.replace(instance, forthcoming=True)
        disks = [msgspec.structs.replace(disk, forthcoming=True) for disk in disks]
    return instance, list(disks)


def restored(cluster: Cluster, reserved: Instance) -> UndoAction:
    """Return what brings the reservation back when its creation fails."""
    before = Change(instances=(reserved,), disks=tuple(cluster.disks_of(reserved)))
    return UndoAction(f"The reservation of {reserved.name}", restore=msgspec.to_builtins(before))

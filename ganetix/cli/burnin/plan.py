"""What burnin does, as data: steps of one job for each instance. Pure."""

from argparse import Namespace
from collections.abc import Callable
from itertools import cycle
from typing import Any, Final, NamedTuple

from ganetix.cli.submit import Opcode, opcode
from ganetix.cli.units import parse_size

MIRRORED: Final = ("drbd",)
SHARED: Final = ("sharedfile", "gluster", "blockdev", "rbd", "ext")
"""Templates whose disks every node reaches."""
COPIED: Final = ("plain", "file")
"""Templates whose disks must be copied to get to another node."""
_GROWS: Final = ("plain", "drbd", "file", "sharedfile", "ext", "rbd", "gluster")
_SNAPSHOTS: Final = ("plain", "drbd")
_REBOOTS: Final = ("soft", "hard", "full")


class Wanted(NamedTuple):
    """One instance of the trial and its nodes, empty for the allocator's.

    *third* takes its exports and, without an allocator, becomes its new secondary.
    """

    name: str
    pnode: str
    snode: str
    third: str


class Step(NamedTuple):
    """One step: what it is called, and the opcodes of one instance's job."""

    title: str
    fits: Callable[[Namespace, int], object]
    """Whether it is to be done, by the options and the number of usable nodes."""
    ops: Callable[[Namespace, Wanted], list[Opcode]]
    starts: bool = False
    """Whether the instance runs anew afterwards."""


def placed(names: list[str], nodes: list[str], allocator: str | None) -> list[Wanted]:
    """Return the instances, their nodes taken in turn; with *allocator* only where exports go."""
    if allocator:
        return [Wanted(name, "", "", node) for name, node in zip(names, cycle(nodes), strict=False)]
    turns = ((nodes * 3)[i : i + 3] for i in range(len(nodes)))
    return [Wanted(name, *three) for name, three in zip(names, cycle(turns), strict=False)]


def steps(options: Namespace, nodes: int) -> list[Step]:
    """Return the steps that *options* leave, on a cluster with that many usable *nodes*."""
    return [step for step in _STEPS if step.fits(options, nodes)]


def create(options: Namespace, one: Wanted) -> Opcode:
    """Return the opcode that makes an instance."""
    hypervisor, hvparams = options.hypervisor or (None, None)
    mirrored = options.disk_template in MIRRORED
    return opcode(
        "OP_INSTANCE_CREATE",
        instance_name=one.name,
        mode="create",
        disks=[{"size": size} for size in _sizes(options)],
        disk_template=options.disk_template,
        nics=options.nics,
        pnode=one.pnode or None,
        snode=(one.snode or None) if mirrored else None,
        iallocator=options.iallocator,
        hypervisor=hypervisor,
        hvparams=hvparams,
        beparams=memory(options),
        os_type=options.os,
        osparams=options.osparams,
        ip_check=options.ip_check and options.name_check,
        name_check=options.name_check,
        wait_for_sync=True,
    )


def memory(options: Namespace) -> dict[str, int]:
    """Return the backend parameters."""
    least = options.mem_size or options.minmem_size
    most = options.mem_size or options.maxmem_size
    return {"minmem": least, "maxmem": most, "vcpus": options.vcpu_count}


def _sizes(options: Namespace) -> list[int]:
    if options.disk_template == "diskless":
        return []
    return [parse_size(text) for text in options.disk_size.split(",")]


def remove(one: Wanted) -> Opcode:
    """Return the opcode that removes an instance."""
    return opcode("OP_INSTANCE_REMOVE", instance_name=one.name, ignore_failures=True)


def _op(name: str, one: Wanted, **more: Any) -> Opcode:
    return opcode(f"OP_INSTANCE_{name}", instance_name=one.name, **more)


def _replace1(options: Namespace, one: Wanted) -> list[Opcode]:
    modes = ("replace_on_secondary", "replace_on_primary")
    early = options.early_release
    return [_op("REPLACE_DISKS", one, mode=mode, disks=[], early_release=early) for mode in modes]


def _replace2(options: Namespace, one: Wanted) -> list[Opcode]:
    return [
        _op(
            "REPLACE_DISKS",
            one,
            mode="replace_new_secondary",
            remote_node=None if options.iallocator else one.third,
            iallocator=options.iallocator,
            disks=[],
            early_release=options.early_release,
        )
    ]


def _grow(options: Namespace, one: Wanted) -> list[Opcode]:
    growths = [parse_size(text) for text in options.disk_growth.split(",")]
    return [
        _op("GROW_DISK", one, disk=index, amount=growth)
        for index, growth in zip(range(len(_sizes(options))), cycle(growths), strict=False)
        if growth
    ]


def _elsewhere(options: Namespace, one: Wanted) -> dict[str, Any]:
    """Return where an instance goes whose disks say nothing about it."""
    if options.disk_template in MIRRORED:
        return {}
    return {"target_node": one.snode or None, "iallocator": options.iallocator}


def _failover(options: Namespace, one: Wanted) -> list[Opcode]:
    return [_op("FAILOVER", one, ignore_consistency=False, **_elsewhere(options, one))]


def _migrate(options: Namespace, one: Wanted) -> list[Opcode]:
    back = {} if options.disk_template in MIRRORED else {"target_node": one.pnode or None}
    if "target_node" in back:
        back["iallocator"] = options.iallocator
    there = _op("MIGRATE", one, cleanup=False, **back)
    tidy = _op("MIGRATE", one, cleanup=True) if options.disk_template in MIRRORED else None
    return [there, *([tidy] if tidy else [])]


def _move(options: Namespace, one: Wanted) -> list[Opcode]:
    return [_op("MOVE", one, target_node=node) for node in (one.snode, one.pnode)]


def _export(options: Namespace, one: Wanted) -> list[Opcode]:
    new = create(options, one) | {"mode": "import", "src_node": one.third, "src_path": one.name}
    asleep = options.disk_template not in _SNAPSHOTS
    return [
        opcode(
            "OP_BACKUP_EXPORT",
            instance_name=one.name,
            target_node=one.third,
            mode="local",
            long_sleep=asleep,
        ),
        remove(one),
        new,
        opcode("OP_BACKUP_REMOVE", instance_name=one.name),
    ]


def _reinstall(options: Namespace, one: Wanted) -> list[Opcode]:
    return [_op("SHUTDOWN", one), _op("REINSTALL", one), _op("STARTUP", one, force=False)]


def _reboots(options: Namespace, one: Wanted) -> list[Opcode]:
    kinds = options.reboot_types.split(",") if options.reboot_types else _REBOOTS
    return [_op("REBOOT", one, reboot_type=kind, ignore_secondaries=False) for kind in kinds]


def _rename(options: Namespace, one: Wanted, name: str) -> list[Opcode]:
    checks = {
        "ip_check": False,
        "name_check": options.name_check and name != one.name,
    }
    there = _op("RENAME", one, new_name=name, **checks)
    other = one._replace(name=name)
    back = _op("RENAME", other, new_name=one.name, **checks)
    start = _op("STARTUP", one, force=False)
    if name == one.name:
        return [_op("SHUTDOWN", one), there, start]
    return [_op("SHUTDOWN", one), there, _op("STARTUP", other, force=False),
            _op("SHUTDOWN", other), back, start]  # fmt: skip


def _disks(options: Namespace, one: Wanted) -> list[Opcode]:
    size = _sizes(options)[0]
    return [
        _op("SET_PARAMS", one, disks=[["add", -1, {"size": size}]]),
        _op("SHUTDOWN", one),
        _op("SET_PARAMS", one, disks=[["remove", -1, {}]]),
        _op("STARTUP", one, force=False),
    ]


def _nics(options: Namespace, one: Wanted) -> list[Opcode]:
    return [
        _op("SET_PARAMS", one, nics=[["add", -1, {}]]),
        _op("SET_PARAMS", one, nics=[["remove", -1, {}]]),
    ]


def _activate(options: Namespace, one: Wanted) -> list[Opcode]:
    return [
        _op("STARTUP", one, force=False),
        _op("ACTIVATE_DISKS", one),
        _op("SHUTDOWN", one),
        _op("ACTIVATE_DISKS", one),
        _op("DEACTIVATE_DISKS", one),
        _op("STARTUP", one, force=False),
    ]


def _stop_start(options: Namespace, one: Wanted) -> list[Opcode]:
    return [_op("SHUTDOWN", one), _op("STARTUP", one, force=False)]


def _created(options: Namespace, one: Wanted) -> list[Opcode]:
    return [create(options, one)]


def _rename_same(options: Namespace, one: Wanted) -> list[Opcode]:
    return _rename(options, one, one.name)


def _rename_other(options: Namespace, one: Wanted) -> list[Opcode]:
    return _rename(options, one, options.rename)


def _mirrored(options: Namespace, nodes: int) -> bool:
    return options.disk_template in MIRRORED


def _third(options: Namespace, nodes: int) -> bool:
    return _mirrored(options, nodes) and bool(options.iallocator or nodes > 2)


def _growing(options: Namespace, nodes: int) -> bool:
    wanted = any(parse_size(text) for text in options.disk_growth.split(","))
    return options.disk_template in _GROWS and wanted


def _anywhere(options: Namespace, nodes: int) -> bool:
    return nodes > 1 and options.disk_template in (*MIRRORED, *SHARED, "diskless")


def _copied(options: Namespace, nodes: int) -> bool:
    return nodes > 1 and options.disk_template in COPIED and not options.iallocator


def _has_disks(options: Namespace, nodes: int) -> bool:
    return bool(options.disk_template != "diskless")


_STEPS: Final = (
    Step("Creating instances", lambda o, n: True, _created, True),
    Step("Replacing disks on the same nodes", lambda o, n: o.do_replace1 and _mirrored(o, n),
         _replace1),
    Step("Replacing the secondary node", lambda o, n: o.do_replace2 and _third(o, n), _replace2),
    Step("Growing disks", _growing, _grow),
    Step("Failing over", lambda o, n: o.do_failover and _anywhere(o, n), _failover, True),
    Step("Migrating live", lambda o, n: o.do_migrate and _anywhere(o, n), _migrate),
    Step("Moving to another node", lambda o, n: o.do_move and _copied(o, n), _move, True),
    Step("Exporting and importing", lambda o, n: o.do_importexport and _has_disks(o, n), _export,
         True),
    Step("Reinstalling", lambda o, n: o.do_reinstall and _has_disks(o, n), _reinstall, True),
    Step("Rebooting", lambda o, n: o.do_reboot, _reboots, True),
    Step("Renaming to the same name", lambda o, n: o.do_renamesame, _rename_same, True),
    Step("Adding and removing disks", lambda o, n: o.do_addremove_disks and _has_disks(o, n),
         _disks, True),
    Step("Adding and removing NICs", lambda o, n: o.do_addremove_nics, _nics),
    Step("Activating and deactivating disks", lambda o, n: o.do_activate_disks, _activate, True),
    Step("Renaming", lambda o, n: o.rename, _rename_other, True),
    Step("Stopping and starting", lambda o, n: o.do_startstop, _stop_start, True),
)  # fmt: skip

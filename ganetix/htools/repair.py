"""Tag driven repair: what is broken, what may be done about it, and with which jobs."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from ganetix.htools.model import DRBD, NO_NODE, Cluster, Instance

PREFIX: Final = "ganeti:watcher:autorepair:"
SUSPEND: Final = PREFIX + "suspend:"
PENDING: Final = PREFIX + "pending:"
RESULT: Final = PREFIX + "result:"
TYPES: Final = ("fix-storage", "migrate", "failover", "reinstall")
SUCCESS, FAILURE, ENOPERM = "success", "failure", "enoperm"
FINAL: Final = frozenset({"canceled", "success", "error"})


class Repair(NamedTuple):
    """A repair that runs or has ended, as its tag says."""

    kind: str
    uuid: str
    when: int
    result: str | None
    jobs: tuple[int, ...]
    tag: str


class Damage(NamedTuple):
    """What is wrong with an instance, the kind of repair and its opcodes."""

    kind: str
    why: str
    ops: tuple[dict[str, Any], ...]


def setting(tags: Iterable[str], now: float) -> str | None:
    """Return what *tags* of one object allow: a type, "suspended", or None without a word."""
    kinds, suspended = [], False
    for tag in tags:
        if tag.startswith(SUSPEND):
            until = tag[len(SUSPEND) :]
            suspended |= until == "" or (until.isdecimal() and int(until) > now)
        elif tag[len(PREFIX) :] in TYPES and tag.startswith(PREFIX):
            kinds.append(tag[len(PREFIX) :])
    if suspended:
        return "suspended"
    return min(kinds, key=TYPES.index) if kinds else None


def allowed(inst: Instance, cluster: Cluster, now: float) -> str | None:
    """Return the biggest repair that is allowed; the instance's word goes before its group's."""
    group = cluster.groups[cluster.nodes[inst.primary].spec.group]
    for tags in (inst.tags, group.tags, cluster.tags):
        found = setting(tags, now)
        if found is not None:
            return None if found == "suspended" else found
    return None


def _jobs(text: str) -> tuple[int, ...]:
    return tuple(int(job) for job in text.split("+") if job.isdecimal())


def parse(tag: str) -> Repair | None:
    """Read a tag of a repair; None if it is none."""
    if tag.startswith(PENDING):
        parts = tag[len(PENDING) :].split(":")
        if len(parts) == 4 and parts[0] in TYPES and parts[2].isdecimal():
            return Repair(parts[0], parts[1], int(parts[2]), None, _jobs(parts[3]), tag)
    elif tag.startswith(RESULT):
        parts = tag[len(RESULT) :].split(":")
        if len(parts) == 5 and parts[0] in TYPES and parts[2].isdecimal():
            return Repair(parts[0], parts[1], int(parts[2]), parts[3], _jobs(parts[4]), tag)
    return None


def tag_of(kind: str, uuid: str, when: int, jobs: Iterable[int], result: str | None = None) -> str:
    """Return the tag of a repair."""
    numbers = "+".join(str(job) for job in jobs)
    if result is None:
        return f"{PENDING}{kind}:{uuid}:{when}:{numbers}"
    return f"{RESULT}{kind}:{uuid}:{when}:{result}:{numbers}"


def repairs(inst: Instance) -> list[Repair]:
    """Return the repairs in the tags of *inst*."""
    return [found for tag in inst.tags if (found := parse(tag)) is not None]


def outcome(states: Mapping[int, str], repair: Repair) -> str | None:
    """Return the result of a pending repair from the states of its jobs; None while they run."""
    found = [states.get(job, "error") for job in repair.jobs]
    if any(state not in FINAL for state in found):
        return None
    return SUCCESS if all(state == "success" for state in found) else FAILURE


def _recreate(inst: Instance) -> tuple[dict[str, Any], ...]:
    return (
        {"OP_ID": "OP_INSTANCE_RECREATE_DISKS", "instance_name": inst.name, "disks": [],
         "nodes": [], "iallocator": "hail"},
        {"OP_ID": "OP_INSTANCE_REINSTALL", "instance_name": inst.name},
    )  # fmt: skip


def damage(inst: Instance, cluster: Cluster) -> Damage | None:
    """Say what is wrong with *inst*, None if nothing that can be repaired."""
    primary = cluster.nodes[inst.primary].spec.offline
    if inst.template == DRBD and inst.secondary != NO_NODE:
        secondary = cluster.nodes[inst.secondary].spec.offline
        if primary and secondary:
            return Damage("reinstall", "both nodes are offline", _recreate(inst))
        if primary:
            op = {"OP_ID": "OP_INSTANCE_FAILOVER", "instance_name": inst.name,
                  "ignore_consistency": False}  # fmt: skip
            return Damage("failover", "the primary node is offline", (op,))
        if secondary:
            op = {"OP_ID": "OP_INSTANCE_REPLACE_DISKS", "instance_name": inst.name,
                  "mode": "replace_new_secondary", "disks": [], "iallocator": "hail"}  # fmt: skip
            return Damage("fix-storage", "the secondary node is offline", (op,))
    elif inst.template == "plain" and primary:
        return Damage("reinstall", "the primary node is offline", _recreate(inst))
    return None


def permitted(found: Damage, biggest: str) -> bool:
    """Whether a repair is not bigger than what is allowed."""
    return TYPES.index(found.kind) <= TYPES.index(biggest)

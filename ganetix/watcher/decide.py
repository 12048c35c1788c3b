"""What the watcher should do, from what the master says and what it remembers; pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import attrs

from ganetix.watcher.state import NONE, State, Tries

MOST_TRIES: Final = 5
"""How often an instance is started, or noted as stopped by its user, before it is left alone."""

DOWN: Final = "ERROR_down"
STOPPED_BY_USER: Final = "USER_down"
_UNKNOWN: Final = frozenset(("ERROR_nodedown", "ERROR_nodeoffline"))
_ON_VOLUMES: Final = frozenset(("drbd", "plain"))
"""Disk templates whose disks the verification of a group's disks looks at."""


@attrs.frozen
class Instance:
    """An instance as a query shows it; *secondaries* are names of nodes."""

    name: str
    status: str
    admin_state: str = "up"
    disks_active: bool = True
    disk_template: str = "diskless"
    primary: str = ""
    secondaries: tuple[str, ...] = ()


@attrs.frozen
class Node:
    """A node as a query shows it; without *boot_id* it is not heard."""

    name: str
    boot_id: str | None = None
    offline: bool = False
    group: str = ""


@attrs.frozen
class Due:
    """Instances to act on, those left alone after too many tries, and those under a lock."""

    now: tuple[Instance, ...] = ()
    given_up: tuple[Instance, ...] = ()
    locked: tuple[Instance, ...] = ()


def starts(instances: Sequence[Instance], state: State) -> Due:
    """Return which instances to start: they should run and do not."""
    down = [one for one in instances if one.status == DOWN]
    return Due(tuple(_tried(down, state.restarts)), tuple(_given_up(down, state.restarts)))


def cleanups(instances: Sequence[Instance], state: State, locked: Collection[str]) -> Due:
    """Return which instances to mark as down: their users stopped them from the inside.

    What another job holds (*locked*) waits for the next run.
    """
    down = [one for one in instances if one.status == STOPPED_BY_USER and one.admin_state == "up"]
    free = [one for one in down if one.name not in locked]
    return Due(
        tuple(_tried(free, state.cleanups)),
        tuple(_given_up(free, state.cleanups)),
        tuple(one for one in down if one.name in locked),
    )


def _tried(instances: Sequence[Instance], tries: Mapping[str, Tries]) -> list[Instance]:
    return [one for one in instances if tries.get(one.name, NONE).count < MOST_TRIES]


def _given_up(instances: Sequence[Instance], tries: Mapping[str, Tries]) -> list[Instance]:
    return [one for one in instances if tries.get(one.name, NONE).count >= MOST_TRIES]


def settled(instances: Sequence[Instance], state: State) -> frozenset[str]:
    """Return whose tries to forget: those that are well again, or are gone.

    Nothing is known of instances on nodes that are not heard; their tries go on counting.
    """
    bad = {DOWN, STOPPED_BY_USER} | _UNKNOWN
    kept = {one.name for one in instances if one.status in bad}
    return frozenset({*state.restarts, *state.cleanups} - kept)


def rebooted(nodes: Sequence[Node], state: State) -> frozenset[str]:
    """Return the names of the nodes that run since another boot than the one remembered."""
    return frozenset(
        one.name
        for one in nodes
        if one.boot_id and not one.offline and state.boot_ids.get(one.name) != one.boot_id
    )


def reactivations(
    instances: Sequence[Instance], booted: Collection[str], started: Collection[str]
) -> tuple[Instance, ...]:
    """Return whose disks to activate: a secondary has *booted* and has lost its half of them.

    Those *started* in this run have had their disks activated by that.
    """
    return tuple(
        one
        for one in instances
        if one.disks_active
        and one.name not in started
        and one.status not in _UNKNOWN
        and any(node in booted for node in one.secondaries)
    )


def verifiable(instances: Sequence[Instance]) -> bool:
    """Whether the verification of the group's disks has anything to look at."""
    return any(one.disks_active and one.disk_template in _ON_VOLUMES for one in instances)


def repairs(
    instances: Sequence[Instance], nodes: Sequence[Node], broken: Collection[str]
) -> tuple[Instance, ...]:
    """Return whose disks to activate of those reported *broken*: all their nodes are heard."""
    heard = {node.name for node in nodes if node.boot_id and not node.offline}
    return tuple(
        one
        for one in instances
        if one.name in broken and heard.issuperset((one.primary, *one.secondaries))
    )


def broken_disks(result: Any) -> frozenset[str]:
    """Return the instances that the *result* of OP_GROUP_VERIFY_DISKS wants activated."""
    _, instances, _ = result
    return frozenset(instances)


def statuses(instances: Sequence[Instance]) -> bytes:
    """Return the text of a status file: a line for each instance."""
    rows = sorted((one.name, one.status) for one in instances)
    return "".join(f"{name} {status}\n" for name, status in rows).encode()


def merged(files: Sequence[bytes]) -> bytes:
    """Return the status file of the cluster from those of the groups, *files*, oldest first."""
    found: dict[str, str] = {}
    for text in files:
        for line in text.decode("utf-8", "replace").splitlines():
            name, _, status = line.partition(" ")
            if status:
                found[name] = status
    return "".join(f"{name} {found[name]}\n" for name in sorted(found)).encode()

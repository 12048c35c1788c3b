"""Commands that need something made before them: typed in order, each with what must be so after.

A journey yields a step, which is typed before the next one is asked for: it can look meanwhile.
"""

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import attrs

from ganetix_test.compat.programs.commands import Typed, typed
from ganetix_test.parity.place import INSTANCE, NETWORK, PROVIDER, Place, delay

MASTER, NODE, *MORE = (f"node{number}.example.com" for number in (1, 2, 3, 4))
COPY: Final = "instance11.example.com"
BATCH: Final = "instance12.example.com"
OTHER_NAME: Final = "instance60.example.com"
"""A name that resolves, to an address that nobody has."""


def _always() -> bool:
    return True


@attrs.frozen
class Step:
    """A command line, what must be so *after* it, and the number of the node where it is typed."""

    row: Typed
    after: Callable[[], object] = _always
    node: int = 1


Steps = Iterator[Step]


def calm(place: Place) -> Steps:
    """Cancel the jobs that run, for which others would wait."""
    rows = place.client.call("Query", "job", ["id"], ["=", "status", "running"])["data"]
    for [(_, number)] in rows:
        place.client.call("CancelJob", number)
    yield from ()


def rules(place: Place) -> Steps:
    """Change a rule on jobs, and remove it."""
    uuid = place.client.call("ReplaceFilter", None, 50, [], "CONTINUE", [])

    def priorities() -> Any:
        return place.client.call("QueryFilters", [uuid], ["priority"])

    yield Step(typed(f"gnt-filter info {uuid}", uuid, "Priority: 50"))
    replaced = typed(f"gnt-filter replace --priority=51 --action=CONTINUE {uuid}", uuid)
    yield Step(replaced, lambda: priorities() == [[51]])
    yield Step(typed(f"gnt-filter delete {uuid}"), lambda: priorities() == [])


def jobs(place: Place) -> Steps:
    """Change the priority of a job that runs, and cancel it; submit another from a file."""
    number = place.client.call("SubmitJob", [delay(60.0)])

    def job(field: str) -> Any:
        [[found]] = place.client.call("QueryJobs", [number], [field])
        return found

    changed = typed(f"gnt-job change-priority --priority=low {number}")
    yield Step(changed, lambda: job("oppriority") == [10])
    canceled = typed(f"gnt-job cancel {number}")
    yield Step(canceled, lambda: place.wait(number) and job("status") == "canceled")
    text = _file(place, "job.json", json.dumps([delay(0.01)]))
    yield Step(typed(f"gnt-debug submit-job --verbose {text}", "with 1 operations"))


def _file(place: Place, name: str, text: str) -> Path:
    """Write a file of the master node."""
    path = place.cluster.root(1) / name
    path.write_text(text, "ascii")
    return path


def nodes(place: Place) -> Steps:
    """Bring a file and a command to a node; look at its storage provider; ask the allocator."""
    sent = _file(place, "srv/ganeti/notes", "to all nodes\n")
    there = place.cluster.root(2) / "srv/ganeti/notes"
    copied = typed(f"gnt-cluster copyfile {sent}")
    yield Step(copied, lambda: there.read_text("ascii") == "to all nodes\n")
    allowed = place.cluster.root(2) / "etc/ganeti/restricted-commands"
    allowed.mkdir(mode=0o755, exist_ok=True)
    hello = allowed / "hello"
    hello.write_text("#!/bin/sh\necho hello from here\n", "ascii")
    hello.chmod(0o755)
    yield Step(typed(f"gnt-node restricted-command hello {NODE}", "hello from here"))
    yield Step(typed("gnt-storage diagnose", PROVIDER, f"Node: {NODE}, status: valid"))
    yield Step(typed(f"gnt-storage info {PROVIDER}", f"{PROVIDER}:", "pool"))
    asked = "gnt-debug iallocator --mode allocate -t file --disks 1g -o dummy"
    yield Step(typed(f"{asked} --dir in -I hail {COPY}", '"type": "allocate"', COPY))
    yield Step(typed(f"{asked} --dir out -I hail {COPY}", '"success": true'))


def disks(place: Place) -> Steps:
    """Export, make another instance of that, move it, lose its disks and have them made anew."""
    kept = place.cluster.root(2) / "var/lib/ganeti/export" / INSTANCE
    exported = typed(f"gnt-backup export --long-sleep -n {NODE} {INSTANCE}")
    yield Step(exported, lambda: (kept / "config.ini").exists())
    made = typed(
        f"gnt-backup import -n {MASTER} --src-node {NODE} --src-dir {INSTANCE} -t file"
        f" --net=0:ip=pool,network={NETWORK} {COPY}"
    )
    yield Step(made, lambda: len(_disks(place, 1)) == 2)
    yield Step(typed(f"gnt-backup remove {INSTANCE}"), lambda: not kept.exists())
    moved = typed(f"gnt-instance move -f -n {NODE} {COPY}")
    yield Step(moved, lambda: len(_disks(place, 2)) == 2 and not _disks(place, 1))
    for disk in _disks(place, 2):
        disk.unlink()
    anew = typed(f"gnt-instance recreate-disks {COPY}")
    yield Step(anew, lambda: len(_disks(place, 2)) == 2)
    row = {"name": BATCH, "disk_template": "diskless", "os": "dummy"}
    batch = _file(place, "batch.json", json.dumps([row]))
    created = typed(f"gnt-instance batch-create -I hail {batch}")
    yield Step(created, lambda: place.value("instance", BATCH, "status") == "running")


def _disks(place: Place, node: int) -> list[Path]:
    return list((place.cluster.root(node) / "srv/ganeti/file-storage" / COPY).glob("*.disk*"))


def groups(place: Place) -> Steps:
    """Move an instance to a group of two more nodes and back; cut the power of one of these."""

    def at() -> Any:
        return place.value("instance", INSTANCE, "pnode")

    for name in MORE:
        yield Step(typed(f"gnt-node add {name}"), partial(_is_candidate, place, name))
    yield Step(typed("gnt-group add far"))
    yield Step(typed(f"gnt-network connect --nic-parameters=mode=bridged,link=br0 {NETWORK} far"))
    yield Step(typed(f"gnt-group assign-nodes far {' '.join(MORE)}"))
    away = typed(f"gnt-instance change-group --to far -I hail {INSTANCE}")
    yield Step(away, lambda: at() in MORE)
    back = typed("gnt-group evacuate --to default -I hail far")
    yield Step(back, lambda: at() in (MASTER, NODE))
    yield Step(typed(f"gnt-node powercycle --yes {MORE[0]}"), place.rebooting(3))
    for name in MORE:
        removed = typed(f"gnt-node remove {name}")
        yield Step(removed, partial(_is_gone, place, name))


def _is_candidate(place: Place, name: str) -> bool:
    return bool(place.value("node", name, "role") == "C")


def _is_gone(place: Place, name: str) -> bool:
    return place.value("node", name, "role") is None


def cluster(place: Place) -> Steps:
    """Rename the cluster, let the other node be the master, and both back; take another version."""

    def called(name: str) -> bool:
        return bool(place.client.call("QueryConfigValues", ["cluster_name"]) == [name])

    for name in (OTHER_NAME, place.configuration()["cluster"]["cluster_name"]):
        yield Step(typed(f"gnt-cluster rename -f {name}", name), partial(called, name))
    for number in (2, 1):
        there = place.cluster.name(number)
        yield Step(typed("gnt-cluster master-failover", f"{there} is the master"), node=number)
        yield Step(typed("gnt-cluster getmaster", there), node=2)
    for number in (1, 2):
        _install(place.cluster.root(number))
    link = place.cluster.root(2) / "etc/ganeti/lib"
    upgraded = typed("gnt-cluster upgrade --to 0.2", "Verifying")
    yield Step(upgraded, lambda: link.readlink().name == "0.2" and place.heard() == 2)


def _install(root: Path) -> None:
    """Install two versions side by side, which are this very software."""
    versions = root / "usr/lib/ganeti"
    versions.mkdir(parents=True)
    for version in ("0.1", "0.2"):
        (versions / version).symlink_to(Path(sys.prefix))
    (root / "etc/ganeti/lib").symlink_to(versions / "0.1")


def end(place: Place) -> Steps:
    """Take the cluster apart."""
    for name in sorted(row["name"] for row in place.configuration()["instances"].values()):
        yield Step(typed(f"gnt-instance remove -f {name}"))
    yield Step(typed(f"gnt-node remove {NODE}"))
    config = place.cluster.root(1) / "var/lib/ganeti/config.data"
    yield Step(typed("gnt-cluster destroy --yes-do-it"), lambda: not config.exists())


ALL: Final = (rules, jobs, nodes, disks, groups, cluster)
"""All of them but the end, in an order that holds."""

"""gnt-cluster upgrade: from one version to another of those that are installed side by side.

Each version is a Python environment of its own, ``/usr/lib/ganeti/VERSION``; the link
``/etc/ganeti/lib`` names the one in use. The queue is drained, all daemons are stopped, the links
of all nodes are switched, and the other version's own ``gnt-cluster upgrade --resume`` does the
rest. What is under way is written in ``intent-to-upgrade``, so that it can be gone on with, by hand
or by the watcher.
"""

import os
import re
from argparse import Namespace
from typing import Final, NamedTuple

from ganetix import errors
from ganetix.cli.context import Context, Refused
from ganetix.cli.follow import follow
from ganetix.cli.remote import Remote, command_on
from ganetix.cli.submit import opcode, prepare

PAUSE: Final = 2.0
"""Seconds between two looks at the jobs that are still to end."""
WATCHER_PAUSE: Final = 86400.0
"""Seconds for which the watcher leaves the cluster alone at most, should nobody go on."""

_VERSION: Final = re.compile(r"[0-9]+(\.[0-9]+)+[0-9A-Za-z.+~-]*")
_LINK: Final = '"$GANETI_ROOTDIR/etc/ganeti/lib"'
_FINAL: Final = ("canceled", "error", "success")


class Intent(NamedTuple):
    """An upgrade under way."""

    old: str
    new: str


def upgrade(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Begin an upgrade or go on with one; return 1 when the other version finds errors."""
    if (options.to is None) == (not options.resume):
        raise errors.OpPrereqError(
            "Say either to which version, with --to VERSION, or --resume.", errors.INVAL
        )
    found = _intent(context)
    if not options.resume:
        return _begin(context, options.to, found)
    if found is None:
        raise errors.OpPrereqError(
            "No upgrade is under way here; begin one with --to VERSION, on the master.",
            errors.NOENT,
        )
    return _resumed(context, options, found)


def _begin(context: Context, new: str, found: Intent | None) -> int:
    if found is not None:
        raise errors.OpPrereqError(
            f"An upgrade from {found.old} to {found.new} is under way; go on with --resume.",
            errors.STATE,
        )
    intent = Intent(_in_use(context), new)
    if intent.old == new:
        context.print(f"Version {new} is in use already.")
        return 0
    _check_step(intent)
    nodes = _nodes(context)
    _check_installed(context, nodes, new)
    _write_intent(context, intent)
    try:
        _quiet(context)
    except BaseException:
        _loud(context)
        raise
    return _switch(context, nodes, intent)


def _resumed(context: Context, options: Namespace, intent: Intent) -> int:
    nodes = _nodes(context)
    _write_intent(context, intent)
    works = context.world.run([_program(context, "daemon-util"), "check", "ganeti-masterd"])[0] == 0
    if _in_use(context) == intent.new:
        return _finish(context, options, nodes)
    if works:
        _quiet(context)
    return _switch(context, nodes, intent)


def _switch(context: Context, nodes: list[Remote], intent: Intent) -> int:
    """Stop all daemons and switch all links, or go back; the other version goes on."""
    try:
        _everywhere(context, nodes, f"{_LINK}/bin/daemon-util stop-all", "stop its daemons")
        _keep_files(context)
        _everywhere(context, nodes, _link_to(intent.new), f"switch to version {intent.new}")
    except errors.GanetiError as error:
        context.tell(f"{error.message} Going back to version {intent.old}.")
        _tried(context, nodes, _link_to(intent.old), "switch back")
        _tried(context, nodes, f"{_LINK}/bin/daemon-util start-all", "start its daemons")
        _loud(context)
        raise Refused from None
    context.print(f"All nodes use version {intent.new} now; it goes on.")
    context.flush()
    code = context.world.feed([_program(context, "gnt-cluster"), "upgrade", "--resume"], "", None)
    if code:
        raise Refused(code)
    return 0


def _finish(context: Context, options: Namespace, nodes: list[Remote]) -> int:
    """Start this version's daemons; the master's last, because it asks the others for a vote."""
    _everywhere(context, nodes, f"{_LINK}/bin/daemon-util start-all", "start its daemons")
    redistribution = [prepare(context, options, opcode("OP_CLUSTER_REDIST_CONF"))]
    follow(context, context.call("SubmitJobToDrainedQueue", redistribution))
    _loud(context)
    context.print("The daemons of all online nodes are started. Verifying the cluster.")
    context.flush()
    return context.world.feed([_program(context, "gnt-cluster"), "verify"], "", None)


def _quiet(context: Context) -> None:
    """Take no new jobs, have the watcher pause, and wait for the jobs that there are."""
    context.call("SetDrainFlag", True)
    context.call("SetWatcherPause", context.world.nanoseconds() / 1e9 + WATCHER_PAUSE)
    told = -1
    while left := _unfinished(context):
        if left != told:
            context.tell(f"Waiting for jobs to end ({left} left); Ctrl-C calls the upgrade off.")
        told = left
        context.world.sleep(PAUSE)


def _unfinished(context: Context) -> int:
    rows = context.call("QueryJobs", [], ["status"])
    return sum(1 for [status] in rows if status not in _FINAL)


def _loud(context: Context) -> None:
    """Take jobs again, let the watcher go on, and forget the upgrade."""
    context.call("SetDrainFlag", False)
    context.call("SetWatcherPause", None)
    os.unlink(_intent_file(context))


def _check_step(intent: Intent) -> None:
    if not _VERSION.fullmatch(intent.new):
        raise errors.OpPrereqError(
            f"'{intent.new}' is no version; give one such as {intent.old}.", errors.INVAL
        )
    (major, minor), (old_major, old_minor) = (
        [int(part) for part in re.findall("[0-9]+", text)[:2]] for text in (intent.new, intent.old)
    )
    if abs(major - old_major) > 1 or (major == old_major and abs(minor - old_minor) > 1):
        raise errors.OpPrereqError(
            f"{intent.new} is too far from {intent.old}: versions may differ by one. Go there in "
            "steps.",
            errors.INVAL,
        )


def _check_installed(context: Context, nodes: list[Remote], new: str) -> None:
    there = f'test -x "$GANETI_ROOTDIR/usr/lib/ganeti/{new}/bin/ganeti-noded" && test -L {_LINK}'
    lacking = [node.name for node in nodes if _on(context, node, there)[0]]
    if lacking:
        raise errors.OpPrereqError(
            f"Version {new} is not installed side by side on {', '.join(lacking)}: each node needs "
            f"it in /usr/lib/ganeti/{new}, and the link /etc/ganeti/lib. Nothing was changed.",
            errors.ENVIRON,
        )


def _in_use(context: Context) -> str:
    link = context.paths.at("/etc/ganeti/lib")
    if not os.path.islink(link):
        raise errors.OpPrereqError(
            f"{link} does not link to a version: this software was not installed side by side with "
            "others, so versions can't be switched, and nothing was changed. Install the new "
            "package on every node, then restart the daemons node by node with 'daemon-util "
            "stop-all' and 'daemon-util start-all', the master last: versions may differ by one "
            "meanwhile, and jobs go on.",
            errors.STATE,
        )
    return os.path.basename(os.readlink(link))


def _link_to(version: str) -> str:
    """Return a shell command that switches the link at once, with no moment without one."""
    target = f'"$GANETI_ROOTDIR/usr/lib/ganeti/{version}"'
    fresh = '"$GANETI_ROOTDIR/etc/ganeti/lib.new"'
    return f"ln -sfn {target} {fresh} && mv -T {fresh} {_LINK}"


def _nodes(context: Context) -> list[Remote]:
    """Return the online nodes, the master last; no master daemon is asked, it may be stopped."""
    master = context.ssconf("master_node")
    if master != context.paths.hostname:
        raise errors.NotMasterError(
            f"{context.paths.hostname} is not the master; type the command on {master}."
        )
    names = (context.ssconf("online_nodes") or "").split()
    rows = (context.ssconf("ssh_ports") or "").split()
    ports = dict(row.split("=", 1) for row in rows)
    nodes = [Remote(name, name == master, int(ports.get(name, 22)), "") for name in names]
    return sorted(nodes, key=lambda node: node.master)


def _keep_files(context: Context) -> None:
    """Keep configuration, journal and jobs as they are now, for going back by hand."""
    directory = context.paths.data_dir
    kept = f"{directory}{context.world.nanoseconds() // 10**9}.tar"
    code, said = context.world.run(["sh", "-c", f'umask 077; exec tar -cf "{kept}" "{directory}"'])
    if code:
        raise errors.OpExecError(f"{directory} could not be kept in {kept}: {said.strip()}")
    context.print(f"{directory} as it was is kept in {kept}.")


def _everywhere(context: Context, nodes: list[Remote], line: str, what: str) -> None:
    for node in nodes:
        code, said = _on(context, node, line)
        if code:
            raise errors.OpExecError(f"Node {node.name} could not {what}: {said.strip()}")


def _tried(context: Context, nodes: list[Remote], line: str, what: str) -> None:
    for node in nodes:
        code, said = _on(context, node, line)
        if code:
            context.tell(f"Node {node.name} could not {what}: {said.strip()}")


def _on(context: Context, node: Remote, line: str) -> tuple[int, str]:
    if node.master and not context.paths.root:
        return context.world.run(["sh", "-c", line])
    cluster = context.ssconf("cluster_name") or ""
    return context.world.run(command_on(context, node, [line], cluster))


def _program(context: Context, name: str) -> str:
    return context.paths.at(f"/etc/ganeti/lib/bin/{name}")


def _intent_file(context: Context) -> str:
    return f"{context.paths.data_dir}/intent-to-upgrade"


def _intent(context: Context) -> Intent | None:
    try:
        with open(_intent_file(context), encoding="utf-8") as source:
            old, new, *_ = source.read().strip().split(",")
    except FileNotFoundError:
        return None
    except ValueError:
        raise errors.OpPrereqError(
            f"{_intent_file(context)} can't be read; if no upgrade is under way, remove it.",
            errors.STATE,
        ) from None
    return Intent(old, new)


def _write_intent(context: Context, intent: Intent) -> None:
    """Write it as the reference does: old version, new version, process.

    By the process the watcher sees whether somebody is at it, or it is to be resumed.
    """
    path = _intent_file(context)
    with open(f"{path}.new", "w", encoding="utf-8") as target:
        target.write(f"{intent.old},{intent.new},{os.getpid()}\n")
        target.flush()
        os.fsync(target.fileno())
    os.replace(f"{path}.new", path)

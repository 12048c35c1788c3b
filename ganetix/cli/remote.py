"""Reaching other nodes as their administrator: by ssh, or by the directory beside this one's."""

import os
import shlex
from typing import Any, Final, NamedTuple

from ganetix.cli.context import Context
from ganetix.errors import INVAL, NOENT, OpPrereqError

_FIELDS: Final = ("name", "offline", "master", "ndp/ssh_port", "sip", "group", "group.uuid")


class Remote(NamedTuple):
    """A node to reach: *address* is its name, or its address for replication."""

    name: str
    master: bool
    port: int
    replication: str


def online_nodes(context: Context, names: list[str], group: str | None) -> list[Remote]:
    """Return the nodes *names* (all: none), only those of *group*, without offline ones.

    The master comes last: what restarts it should not end the command before the others are done.
    Raise `OpPrereqError` for unknown names.
    """
    rows = context.call("QueryNodes", names, list(_FIELDS), False)
    if len(rows) < len(set(names)):
        raise OpPrereqError(
            f"Not all of these are nodes: {', '.join(names)}. See: gnt-node list", NOENT
        )
    found = [dict(zip(_FIELDS, row, strict=True)) for row in rows]
    if group is not None:
        found = [row for row in found if group in (row["group"], row["group.uuid"])]
        if not found:
            raise OpPrereqError(f"There is no node in a group {group}.", NOENT)
    nodes = [_remote(row) for row in found if not row["offline"]]
    return sorted(nodes, key=lambda node: node.master)


def _remote(row: dict[str, Any]) -> Remote:
    return Remote(row["name"], bool(row["master"]), int(row["ndp/ssh_port"] or 22), row["sip"])


def command_on(context: Context, node: Remote, words: list[str], cluster: str) -> list[str]:
    """Return the program that runs *words*, a shell command, on *node*."""
    text = " ".join(words)
    if context.paths.root:
        return [f"{_sibling(context, node.name)}/cmd", "sh", "-c", text]
    return ["ssh", *_options(context, cluster), "-p", str(node.port), f"root@{node.name}", text]


def copy_to(
    context: Context, node: Remote, path: str, cluster: str, *, replication: bool
) -> list[str]:
    """Return the program that copies the file *path* of this node to the same place on *node*.

    Raise `OpPrereqError` when *path* can't be meant so.
    """
    if not os.path.isfile(path):
        raise OpPrereqError(f"{path} is not a file on this node.", INVAL)
    full = os.path.abspath(path)
    if context.paths.root:
        return _copy_beside(context, node, full)
    address = node.replication if replication else node.name
    shown = f"[{address}]" if ":" in address else address
    return [
        "scp", "-p", *_options(context, cluster), "-P", str(node.port), full,
        f"root@{shown}:{shlex.quote(full)}",
    ]  # fmt: skip


def _copy_beside(context: Context, node: Remote, path: str) -> list[str]:
    root = context.paths.root
    if not path.startswith(f"{root}/"):
        raise OpPrereqError(
            f"{path} is outside of this node's directory {root}: the nodes of a virtual cluster "
            "share the rest of the machine already.",
            INVAL,
        )
    return ["cp", "-p", path, _sibling(context, node.name) + path.removeprefix(root)]


def _sibling(context: Context, name: str) -> str:
    return f"{os.path.dirname(context.paths.root)}/{name}"


def _options(context: Context, cluster: str) -> list[str]:
    """Return ssh's options: the host keys are the cluster's, and nothing is asked."""
    return [
        "-oEscapeChar=none", "-oBatchMode=yes", "-oStrictHostKeyChecking=yes",
        "-oCheckHostIP=no", "-oHashKnownHosts=no", f"-oHostKeyAlias={cluster}",
        f"-oUserKnownHostsFile={context.paths.known_hosts_file}",
        "-oGlobalKnownHostsFile=/dev/null",
    ]  # fmt: skip

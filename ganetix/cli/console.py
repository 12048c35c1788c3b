"""gnt-instance console."""

import shlex
from argparse import Namespace
from collections.abc import Callable
from typing import Any, Final

from ganetix import errors
from ganetix.cli.context import Context


def console(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Open an instance's console, or print how; return what the console's program returns."""
    name = arguments[0]
    rows = context.call("QueryInstances", [name], ["console", "oper_state"], False)
    if not rows:
        raise errors.OpPrereqError(
            f"There is no instance {name}. See: gnt-instance list", errors.NOENT
        )
    [found, runs] = rows[0]
    if not found:
        said = "does not run" if runs is False else "is on a node that does not answer"
        raise errors.OpPrereqError(
            f"Instance {name} has no console now: it {said}. See: gnt-instance list {name}",
            errors.STATE,
        )
    return _KINDS[found["kind"]](context, found, options.show_command)


def _message(context: Context, found: dict[str, Any], _: bool) -> int:
    context.print(str(found["message"]))
    return 0


def _vnc(context: Context, found: dict[str, Any], _: bool) -> int:
    context.print(
        f"Instance {found['instance']} has its console on VNC {found['host']}:{found['port']}"
        f" (display {found['display']}), URL vnc://{found['host']}:{found['port']}/"
    )
    return 0


def _spice(context: Context, found: dict[str, Any], _: bool) -> int:
    context.print(
        f"Instance {found['instance']} has its console on SPICE {found['host']}:{found['port']},"
        f" URL spice://{found['host']}:{found['port']}/"
    )
    return 0


def _ssh(context: Context, found: dict[str, Any], show: bool) -> int:
    [cluster] = context.call("QueryConfigValues", ["cluster_name"])
    remote = found["command"]
    remote = remote if isinstance(remote, str) else shlex.join(remote)
    command = [
        "ssh", "-q", "-t", "-oEscapeChar=none", "-oBatchMode=no",
        f"-oHostKeyAlias={cluster}", f"-oGlobalKnownHostsFile={context.paths.known_hosts_file}",
        "-oUserKnownHostsFile=/dev/null", "-oStrictHostKeyChecking=yes",
        f"{found['user']}@{found['host']}", remote,
    ]  # fmt: skip
    if show:
        context.print(shlex.join(command))
        return 0
    context.client.close()
    context.flush()
    return context.world.terminal(command)


_KINDS: Final[dict[str, Callable[[Context, dict[str, Any], bool], int]]] = {
    "msg": _message,
    "vnc": _vnc,
    "spice": _spice,
    "ssh": _ssh,
}

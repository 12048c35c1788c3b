"""gnt-os modify."""

from argparse import Namespace
from typing import Any

from ganetix import errors
from ganetix.cli import parameters
from ganetix.cli.context import Context
from ganetix.cli.submit import opcode, submit


def modify(context: Context, options: Namespace, arguments: list[str]) -> int:
    """Change what the cluster knows of an operating system."""
    name = arguments[0]
    hvparams = parameters.table(options.hvparams)
    given: dict[str, Any] = {
        "os_hvp": {name: hvparams} if hvparams else None,
        "osparams": {name: options.osparams} if options.osparams else None,
        "osparams_private_cluster": (
            {name: options.osparams_private} if options.osparams_private else None
        ),
        "hidden_os": _listed(options.hidden, name),
        "blacklisted_os": _listed(options.blacklisted, name),
    }
    if all(value is None for value in given.values()):
        raise errors.OpPrereqError(
            "Say what to change. Show what can be changed with: gnt-os modify --help", errors.INVAL
        )
    return submit(context, options, opcode("OP_CLUSTER_SET_PARAMS", **given))


def _listed(wanted: bool | None, name: str) -> list[list[str]] | None:
    """Return the change of a list of systems that puts *name* on it or takes it off."""
    if wanted is None:
        return None
    return [["add" if wanted else "remove", name]]

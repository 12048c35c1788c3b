"""The steps that need more than the master daemon: done by the bootstrap program, as a child.

It is a program of its own because it makes keys and starts daemons, which no list command should
have to import. Requests go over its standard input, so that no secret is in the process list.
"""

import json
import sys
from argparse import Namespace
from typing import Any, Final

from ganetix.cli.context import Context, Refused

PROGRAM: Final = "ganetix.daemons.bootstrap"


def given(options: Namespace) -> dict[str, Any]:
    """Return the options that have a value, as a request."""
    left_out = {"debug", "reason"}
    return {
        key: value
        for key, value in vars(options).items()
        if value is not None and key not in left_out
    }


def carry_out(context: Context, step: str, request: dict[str, Any]) -> None:
    """Run *step*; what it says is shown. Raise `Refused` with its exit code if it fails."""
    context.flush()
    code = context.world.feed(_command(step), json.dumps(request), None)
    if code:
        raise Refused(code)


def ask(context: Context, step: str, request: dict[str, Any]) -> Any:
    """Run *step* and return its answer, its last line; what it says before is shown at once.

    Raise `Refused` with its exit code if it fails.
    """
    context.flush()
    said = [""]

    def line(text: str) -> None:
        if said[0]:
            context.print(said[0].rstrip("\n"))
            context.flush()
        said[0] = text

    code = context.world.feed(_command(step), json.dumps(request), line)
    if code:
        raise Refused(code)
    return json.loads(said[0])


def _command(step: str) -> list[str]:
    return [sys.executable, "-m", PROGRAM, step]

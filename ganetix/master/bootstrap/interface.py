"""How the program that gives a node its first certificate is run on that node."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import attrs
from zope.interface import Interface

Spawn = Callable[[Sequence[str], Mapping[str, str], bytes], Awaitable[bytes]]
"""Runs a command with variables added to its environment and bytes on its standard input.

Fires with its standard output; fails with `errors.CommandError`, whose message is what the program
said on its standard error.
"""

MODULE = "ganetix.daemons.bootstrap"
"""The program that runs on the node."""


@attrs.frozen
class Target:
    """The machine that is to become a node."""

    name: str
    address: str


class IBootstrap(Interface):
    """A way to a machine that has no certificate yet."""

    def run(target: Target, step: str, request: bytes) -> Awaitable[bytes]:
        """Run *step* of the bootstrap program on *target* and fire with its answer (JSON).

        Raise `errors.OpPrereqError` when the machine can't be reached in this way, or refuses.
        """

"""The way to a real machine: ssh as root, with host keys checked as the reference does."""

import shlex

import attrs
from zope.interface import implementer

from ganetix import errors
from ganetix.master.bootstrap.interface import MODULE, IBootstrap, Spawn, Target


@implementer(IBootstrap)
@attrs.frozen
class Ssh:
    """Runs the program over ssh.

    *python* is the interpreter, at the same path on all nodes. The machine is not in the cluster's
    known hosts yet: with *ask* its key must be known to whoever runs this, or be confirmed; without
    it any key is taken.
    """

    python: str
    spawn: Spawn
    port: int
    ask: bool

    def command(self, target: Target, step: str) -> tuple[str, ...]:
        """Return the command line."""
        checking = "ask" if self.ask else "no"
        known = () if self.ask else ("-o", "UserKnownHostsFile=/dev/null")
        return (
            "ssh", "-o", "EscapeChar=none", "-o", f"StrictHostKeyChecking={checking}", *known,
            "-o", f"HostKeyAlias={target.name}", "-o", "CheckHostIP=no", "-o", "LogLevel=ERROR",
            "-p", str(self.port), f"root@{target.address}",
            shlex.join((self.python, "-m", MODULE, step)),
        )  # fmt: skip

    async def run(self, target: Target, step: str, request: bytes) -> bytes:
        """See `IBootstrap`."""
        try:
            return await self.spawn(self.command(target, step), {}, request)
        except errors.CommandError as error:
            raise errors.OpPrereqError(
                f"{target.name} did not do '{step}' over ssh: {error.message} Check that "
                f"'ssh -p {self.port} root@{target.address}' works and that ganetix is installed "
                f"there for {self.python}.",
                errors.ENVIRON,
            ) from error

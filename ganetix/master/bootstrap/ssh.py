"""The way to a real machine: ssh as root, with host keys checked as the reference does."""

import shlex

import attrs
from zope.interface import implementer

from ganetix import errors
from ganetix.master.bootstrap.interface import MODULE, IBootstrap, Spawn, Target
from ganetix.master.bootstrap.join import SETUP


@implementer(IBootstrap)
@attrs.frozen
class Ssh:
    """Runs the program over ssh.

    *python* is the interpreter, at the same path on all nodes. The machine is not in the cluster's
    known hosts yet: with *ask* its key must be known to whoever runs this, or be confirmed; without
    it any key is taken. The first step may give it the cluster's host keys; then it is known as
    *cluster* in the file *known_hosts* (both empty when the cluster leaves ssh alone).
    """

    python: str
    spawn: Spawn
    port: int
    ask: bool
    cluster: str = ""
    known_hosts: str = ""

    def command(self, target: Target, step: str) -> tuple[str, ...]:
        """Return the command line."""
        return (
            "ssh", "-o", "EscapeChar=none", *self._checks(target, step), "-o", "CheckHostIP=no",
            "-o", "LogLevel=ERROR", "-p", str(self.port), f"root@{target.address}",
            shlex.join((self.python, "-m", MODULE, step)),
        )  # fmt: skip

    def _checks(self, target: Target, step: str) -> tuple[str, ...]:
        """Return ssh's options for the host key."""
        alias, known = target.name, "/dev/null"
        if step == SETUP and self.cluster:
            checking, alias, known = "yes", self.cluster, self.known_hosts
        elif self.ask:
            return "-o", "StrictHostKeyChecking=ask", "-o", f"HostKeyAlias={alias}"
        else:
            checking = "no"
        return (
            "-o", f"StrictHostKeyChecking={checking}", "-o", f"HostKeyAlias={alias}",
            "-o", f"UserKnownHostsFile={known}",
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

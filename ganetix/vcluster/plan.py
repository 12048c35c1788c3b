"""What a virtual cluster's directory holds: names, addresses and the text of its files."""

import shlex
from collections.abc import Iterator
from typing import Final

import attrs

DOMAIN: Final = "example.com"
CLUSTER: Final = f"cluster.{DOMAIN}"

ACTIONS: Final = ("start", "stop", "restart", "watcher")

NODE_DIRECTORIES: Final = (
    "etc/ganeti/hooks",
    "srv/ganeti/file-storage",
    "srv/ganeti/os",
    "var/lib/ganeti",
    "var/lock",
    "var/log/ganeti",
    "var/run/ganeti/socket",
)

_NODE_CMD: Final = """\
#!/bin/sh
# Runs a command as {name} of the virtual cluster in {directory}; without one, a shell.
GANETI_ROOTDIR={root}
GANETI_HOSTNAME={name}
PATH={bin}:$PATH
export GANETI_ROOTDIR GANETI_HOSTNAME PATH
[ $# -gt 0 ] || set -- "${{SHELL:-/bin/sh}}"
exec "$@"
"""

_ALL: Final = """\
#!/bin/sh
# {what}
exec {python} -m ganetix.vcluster.control {action} {directory}
"""

_WHAT: Final = {
    "start": "Starts the daemons of every node that does not run.",
    "stop": "Stops the daemons of every node; instances go on running.",
    "restart": "Stops and starts the daemons of every node.",
    "watcher": "Runs the watcher once on every node.",
}


@attrs.frozen
class Plan:
    """A virtual cluster in *directory* (absolute) with nodes 1 to *nodes*.

    *prefix* is its network's first three numbers, *instances* how many names are resolvable,
    *python* the interpreter that runs ganetix, and *bin* the directory of its programs.
    """

    directory: str
    prefix: str
    nodes: int
    instances: int
    python: str
    bin: str

    def node_names(self) -> list[str]:
        """Return the nodes' names in order."""
        return [f"node{number}.{DOMAIN}" for number in range(1, self.nodes + 1)]

    def root(self, name: str) -> str:
        """Return the root directory of node *name*."""
        return f"{self.directory}/{name}"

    def hosts(self) -> str:
        """Return the hosts file."""
        return "".join(f"{address} {name} {_short(name)}\n" for address, name in self._rows())

    def _rows(self) -> Iterator[tuple[str, str]]:
        yield f"{self.prefix}.1", CLUSTER
        yield from zip(node_addresses(self.prefix, self.nodes), self.node_names(), strict=True)
        for number in range(1, self.instances + 1):
            yield f"{self.prefix}.{100 + number}", f"instance{number}.{DOMAIN}"

    def node_command(self, name: str) -> str:
        """Return the ``cmd`` script of node *name*."""
        return _NODE_CMD.format(
            name=name,
            directory=self.directory,
            root=shlex.quote(self.root(name)),
            bin=shlex.quote(self.bin),
        )

    def script(self, action: str) -> str:
        """Return the script that does *action* (one of `ACTIONS`) on all nodes."""
        return _ALL.format(
            what=_WHAT[action],
            action=action,
            python=shlex.quote(self.python),
            directory=shlex.quote(self.directory),
        )


def node_addresses(prefix: str, nodes: int) -> list[str]:
    """Return the addresses of nodes 1 to *nodes* in the network *prefix*."""
    return [f"{prefix}.{10 + number}" for number in range(1, nodes + 1)]


def _short(name: str) -> str:
    return name.partition(".")[0]

"""Uses spicerack's module for Ganeti; prints an object for each call.

It runs as a program of its own, with the environment's interpreter. The cluster's name resolves as
the master's address, which stands for DNS, and a command that spicerack would run on the master by
cumin is run there by the virtual cluster's `cmd`.
"""

import json
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from spicerack.ganeti import (  # type: ignore[import-not-found]  # only where this runs
    GanetiError,
    GanetiRAPI,
    GntInstance,
)

CLUSTER = "cluster.example.com"
INSTANCE = "instance1.example.com"


class Master:
    """Stands for the master as cumin reaches it."""

    def __init__(self, command: str) -> None:
        self.command = command

    def run_sync(self, line: str, **_: Any) -> list[Any]:
        """Run *line* on the master; raise CalledProcessError."""
        subprocess.run([self.command, *shlex.split(line)], check=True, capture_output=True)
        return []


def tell(called: str, call: Callable[[], Any]) -> None:
    """Print what *call* answers."""
    try:
        answer = call()
    except GanetiError as error:
        answer = f"GanetiError: {error} {error.__cause__ or ''}"
    print(json.dumps({"call": called, "answer": answer}), flush=True)  # noqa: T201 - the record


def resolve_as(name: str, address: str) -> None:
    """Let *name* resolve as *address*."""
    plain: Any = socket.getaddrinfo
    socket.getaddrinfo = lambda host, *rest, **named: plain(
        address if host == name else host, *rest, **named
    )


def main() -> None:
    """Read, then stop, start and remove an instance."""
    address, certificate, command = sys.argv[1:]
    resolve_as(CLUSTER, address)
    rapi = GanetiRAPI(f"https://{CLUSTER}:5080", "jack", "secret", 30, certificate)
    tell("info", lambda: rapi.info)
    tell("master", lambda: rapi.master)
    tell("fetch_instance", lambda: rapi.fetch_instance(INSTANCE))
    tell("fetch_instance of an unknown one", lambda: rapi.fetch_instance("nosuch.example.com"))
    tell("fetch_instance_mac", lambda: rapi.fetch_instance_mac(INSTANCE))
    tell("groups", rapi.groups)
    tell("groups in bulk", lambda: rapi.groups(bulk=True))
    tell("nodes", rapi.nodes)
    tell("nodes in bulk", lambda: rapi.nodes(bulk=True))
    instance = GntInstance(Master(command), "cluster", INSTANCE)
    tell("shutdown", instance.shutdown)
    tell("status after shutdown", lambda: rapi.fetch_instance(INSTANCE)["status"])
    tell("startup", instance.startup)
    tell("status after startup", lambda: rapi.fetch_instance(INSTANCE)["status"])
    tell("remove", instance.remove)
    tell("fetch_instance of a removed one", lambda: rapi.fetch_instance(INSTANCE))


if __name__ == "__main__":
    main()

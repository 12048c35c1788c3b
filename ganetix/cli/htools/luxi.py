"""The master daemon as a source of data and a taker of jobs."""

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

from ganetix.errors import GanetiError
from ganetix.htools.faults import PlanError
from ganetix.luxi import client

QUERY_SOCKET = "/var/run/ganeti/socket/ganeti-query"


def _path(given: str) -> str:
    return given or os.environ.get("GANETI_ROOTDIR", "") + QUERY_SOCKET


def _door(path: str) -> client.Door:
    host = os.environ.get("GANETI_HOSTNAME") or socket.getfqdn()
    return client.Door(path, host, lambda: host, connect_timeout=5.0)


@contextlib.contextmanager
def connected(given: str) -> Iterator[Callable[..., Any]]:
    """Give a function that calls the daemon, on the socket *given* or on the one that it has.

    It raises `PlanError`.
    """
    path = _path(given)
    link = client.Client(_door(path))

    def call(method: str, *args: Any) -> Any:
        try:
            return link.call(method, *args)
        except GanetiError as err:
            raise PlanError(f"{path}: {err.message}") from None

    try:
        yield call
    finally:
        link.close()

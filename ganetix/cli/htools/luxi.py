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
SUBMIT_SOCKET = "/var/run/ganeti/socket/ganeti-master"


def _path(given: str, default: str) -> str:
    return given or os.environ.get("GANETI_ROOTDIR", "") + default


def _door(path: str) -> client.Door:
    host = os.environ.get("GANETI_HOSTNAME") or socket.getfqdn()
    return client.Door(path, host, lambda: host, connect_timeout=5.0)


@contextlib.contextmanager
def connected(given: str, default: str = QUERY_SOCKET) -> Iterator[Callable[..., Any]]:
    """Give a function that calls a method of the daemon; it raises `PlanError`."""
    path = _path(given, default)
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


def submitting(given: str) -> contextlib.AbstractContextManager[Callable[..., Any]]:
    """Give the function that calls the daemon which takes jobs, beside the query socket."""
    if given.endswith("ganeti-query"):
        given = given[: -len("query")] + "master"
    return connected(given, SUBMIT_SOCKET)

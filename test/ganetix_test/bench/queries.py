"""Queries, as programs ask them: over LUXI, and over the remote API."""

import base64
import http.client
import re
import socket
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, Final

from ganetix_test.bench.report import Measure, median_ms
from ganetix_test.bench.target import Target

LIVE: Final = ["name", "hypervisor", "os", "pnode", "status", "oper_ram"]
"""The default columns of a list of instances."""
CONFIGURED: Final = ["name", "os", "pnode", "hypervisor", "tags"]
LIMITS: Final = {1000: (30.0, 10.0, 60.0), 5000: (150.0, None, 300.0)}
"""Instances to the milliseconds to reach: live and configured fields, and in bulk."""
USER: Final = ("jack", "secret")
"""The user of the remote API who must stand in its users file."""
PORT: Final = 5080
SMALL: Final = "/2/info"
SECONDS: Final = 3.0


def queries(target: Target, share: int) -> list[Measure]:
    """Lists of all instances, and of one."""
    client = target.client()
    times = max(3, 20 // share)
    names = target.names("instance")
    live, configured, _ = LIMITS.get(len(names), (None, None, None))
    asked: tuple[tuple[str, list[str], Any, float | None], ...] = (
        (f"query of {len(names)} instances, live fields", LIVE, None, live),
        (f"query of {len(names)} instances, configured fields", CONFIGURED, None, configured),
        ("query of one instance by name", LIVE, ["=", "name", names[0]], 1.0),
    )
    return [
        median_ms(what, _taken(partial(client.call, "Query", "instance", *rest), times), limit)
        for what, *rest, limit in asked
    ]


def _taken(ask: Callable[[], object], times: int) -> list[float]:
    """Return the seconds that each but the first of *times* + 1 took."""
    found = []
    for _ in range(times + 1):
        began = time.perf_counter()
        ask()
        found.append(time.perf_counter() - began)
    return found[1:]


def rapi(target: Target, share: int) -> list[Measure]:
    """All instances in bulk, and small requests by one client and by eight."""
    names, address = target.names("instance"), _address(target)
    _, _, limit = LIMITS.get(len(names), (None, None, None))
    bulk = partial(Caller(address).get, "/2/instances?bulk=1")
    return [
        median_ms(
            f"remote API, {len(names)} instances in bulk", _taken(bulk, max(3, 10 // share)), limit
        ),
        Measure("small requests, one client", "/s", _rate(address, 1), 500, more=True),
        Measure("small requests, eight clients", "/s", _rate(address, 8), 1000, more=True),
    ]


def _around() -> ssl.SSLContext:
    """Return TLS that takes any certificate."""
    made = ssl.create_default_context()
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    return made


LOGIN: Final = f"Basic {base64.b64encode(':'.join(USER).encode()).decode()}"


class Caller:
    """One connection to the remote API that is kept, with user and password."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPSConnection(address, PORT, context=_around(), timeout=60)
        self._headers = {"Authorization": LOGIN}

    def get(self, path: str) -> bytes:
        """Return the answer's body; raise `RuntimeError` when it is no good one."""
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"{path} is answered with {answer.status}: {body!r}")
        return body


def _rate(address: str, clients: int) -> float:
    """Return the requests a second that are answered to so many processes."""
    with ProcessPoolExecutor(clients) as pool:
        return sum(pool.map(_hammered, [address] * clients)) / SECONDS


def _hammered(address: str) -> int:
    """Return how many requests one client got answered in `SECONDS`.

    It does as little as it can, since it runs on the processors of the server that is measured.
    """
    plain = socket.create_connection((address, PORT), 60)
    with _around().wrap_socket(plain) as connection:
        count, end = 0, time.perf_counter() + SECONDS
        while time.perf_counter() < end:
            connection.sendall(_REQUEST)
            _read(connection)
            count += 1
    return count


_REQUEST: Final = f"GET {SMALL} HTTP/1.1\r\nHost: x\r\nAuthorization: {LOGIN}\r\n\r\n".encode()
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)


def _read(connection: ssl.SSLSocket) -> None:
    """Read one answer; raise `RuntimeError` when it is no good one."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    length = _LENGTH.search(head + b"\r\n")
    if b" 200 " not in head[:16] or length is None:
        raise RuntimeError(f"{SMALL} is answered with {data[:200]!r}")
    left = int(length[1]) - len(body)
    while left > 0:
        left -= len(_more(connection))


def _more(connection: ssl.SSLSocket) -> bytes:
    data = connection.recv(1 << 16)
    if not data:
        raise RuntimeError("The remote API has closed the connection.")
    return data


def _address(target: Target) -> str:
    """Return the address of the master."""
    rows = target.client().call("Query", "node", ["pip"], ["?", "master"])["data"]
    return str(rows[0][0][1])

"""Queries, as programs ask them: over LUXI, and over the remote API."""

import base64
import http.client
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


class Caller:
    """One connection to the remote API that is kept, with user and password."""

    def __init__(self, address: str) -> None:
        around = ssl.create_default_context()
        around.check_hostname, around.verify_mode = False, ssl.CERT_NONE
        self._connection = http.client.HTTPSConnection(address, PORT, context=around, timeout=60)
        login = base64.b64encode(":".join(USER).encode()).decode()
        self._headers = {"Authorization": f"Basic {login}"}

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
    """Return how many requests one client got answered in `SECONDS`."""
    caller, count = Caller(address), 0
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        caller.get(SMALL)
        count += 1
    return count


def _address(target: Target) -> str:
    """Return the address of the master."""
    rows = target.client().call("Query", "node", ["pip"], ["?", "master"])["data"]
    return str(rows[0][0][1])

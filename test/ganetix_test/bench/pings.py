"""What somebody else feels while a cluster works: small queries all the time."""

import threading
import time
from types import TracebackType
from typing import Final, Self

from ganetix_test.bench.target import Target

PAUSE: Final = 0.005
"""Seconds between two queries."""


class Pings:
    """Asks for the cluster's name, over a connection of its own, as long as the context lasts."""

    def __init__(self, target: Target) -> None:
        self._client = target.client()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self.longest = 0.0
        """Seconds that the slowest answer took."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        self._client.close()

    def _ask(self) -> None:
        while not self._over.wait(PAUSE):
            began = time.perf_counter()
            self._client.call("QueryConfigValues", ["cluster_name"])
            self.longest = max(self.longest, time.perf_counter() - began)

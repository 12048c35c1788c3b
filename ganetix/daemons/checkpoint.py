"""``ganeti-masterd --checkpoint``: folds the journal while no master daemon runs."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from zope.interface import implementer

from ganetix import errors
from ganetix.daemons.pidfile import PidFile
from ganetix.master.store.store import StoreParts, open_store
from ganetix.paths import Paths
from ganetix.rpc.call import Call, INodes
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.files import FileSystem, Worker


@implementer(INodes)
@attrs.frozen
class NoNodes:
    """Folding concerns this machine's disk alone: nobody is called."""

    async def call(
        self, node: str, call: Call[Any, Any], request: Any, timeout: float | None = None
    ) -> Any:
        """See `INodes`."""
        raise errors.RemoteError(f"Node {node} is not called while the journal is folded.")

    async def call_each(
        self, nodes: Iterable[str], call: Call[Any, Any], request: Any
    ) -> Mapping[str, Any | errors.GanetiError]:
        """See `INodes`."""
        told = errors.RemoteError("Nodes are not called while the journal is folded.")
        return dict.fromkeys(nodes, told)

    def connected(self, node: str) -> bool:
        """See `INodes`."""
        return False


def fold(reactor: Any, paths: Paths) -> Deferred[None]:
    """Fold the journal of *paths*; raise SystemExit with a sentence when that can't be."""
    return Deferred.fromCoroutine(_told(reactor, paths))


async def _told(reactor: Any, paths: Paths) -> None:
    # As SystemExit, because `react` shows any other error with its stack.
    try:
        await _fold(reactor, paths)
    except errors.GanetiError as error:
        raise SystemExit(f"ganeti-masterd: {error.message}") from error
    except OSError as error:
        raise SystemExit(f"ganeti-masterd: {error.filename}: {error.strerror}.") from error


async def _fold(reactor: Any, paths: Paths) -> None:
    pid_file = PidFile(paths.pid_file("ganeti-masterd"), "ganeti-masterd")
    pid_file.take()
    workers = (Worker(reactor, "store"), Worker(reactor, "checkpoints"))
    try:
        for worker in workers:
            await worker.start()
        clock = Clock(reactor, time.time)
        parts = StoreParts(clock, FileSystem(), paths, NoNodes(), *workers)
        store = open_store(parts, 0)
        await store.stop()
        print(f"Folded: {paths.config_file} has serial number {store.cluster.serial_no}.")
    finally:
        for worker in workers:
            await worker.stop()
        pid_file.release()

"""The outside of the watcher and the cleaner, so that tests can give another one."""

from collections.abc import Callable, Sequence
from typing import Final

import attrs

from ganetix.paths import Paths
from ganetix.toolkit.interfaces import IFileSystem

NANO: Final = 1_000_000_000

Release = Callable[[], object]


@attrs.frozen
class World:
    """Everything that a run touches beside the master daemon."""

    paths: Paths
    files: IFileSystem
    nanoseconds: Callable[[], int]
    """Wall time since the epoch."""
    modified: Callable[[str], float]
    """Seconds since the epoch at which a file was written last; raises OSError."""
    lock: Callable[[str, bool], Release | None]
    """Locks a file, exclusively or shared, until released; None if another holds it."""
    run: Callable[[Sequence[str]], int]
    """Runs a program and returns its exit code; raises OSError if there is none."""
    daemon_util: Sequence[str]
    """The program that starts and stops this node's daemons."""

    @property
    def now(self) -> float:
        """Seconds since the epoch."""
        return self.nanoseconds() / NANO

    @property
    def pause_file(self) -> str:
        """Until when the watcher pauses."""
        return f"{self.paths.data_dir}/watcher.pause"

    @property
    def lock_file(self) -> str:
        """Held shared by each watcher; who holds it exclusively keeps all of them away."""
        return self.paths.at("/var/lock/ganeti-watcher.lock")

    def group_lock_file(self, uuid: str) -> str:
        """Held by the one watcher that looks after a group."""
        return self.paths.at(f"/var/lock/ganeti-watcher.{uuid}.lock")

    def state_file(self, uuid: str) -> str:
        """What the watcher of a group remembers."""
        return f"{self.paths.data_dir}/watcher.{uuid}.data"

    def group_status_file(self, uuid: str) -> str:
        """The states of the instances of a group."""
        return f"{self.paths.data_dir}/watcher.{uuid}.instance-status"

    @property
    def status_file(self) -> str:
        """The states of all instances."""
        return f"{self.paths.run_dir}/instance-status"

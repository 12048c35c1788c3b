"""A daemon's pid file: locked while it runs, so that a stale one never stops a start."""

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Callable
from typing import Final

import attrs

from ganetix import errors

TRIES: Final = 100
PAUSE: Final = 0.01
"""How often, with how many seconds between, a file is tried whose holder has no number."""


@attrs.define(eq=False)
class PidFile:
    """Holds *path* locked with our pid in it. `taken` before daemonising does not pass a fork."""

    path: str
    daemon: str
    sleep: Callable[[float], None] = time.sleep
    _fd: int | None = attrs.field(default=None, init=False)

    def take(self) -> None:
        """Lock the file and write our pid; raise `errors.PidFileLockError` if another has it."""
        for _ in range(TRIES):
            fd = self._locked()
            if fd is not None:
                os.ftruncate(fd, 0)
                os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
                self._fd = fd
                return
            pid = running_pid(self.path)
            if pid is not None:
                raise errors.PidFileLockError(
                    f"{self.daemon} is already running with pid {pid} (it holds {self.path}); "
                    f"stop it first: daemon-util stop {self.daemon}"
                )
            # It was only looked at, or it ends, or it begins and has not said its number yet.
            self.sleep(PAUSE)
        raise errors.PidFileLockError(
            f"Another process holds {self.path} and does not say who it is; 'fuser {self.path}' "
            f"does. Stop it, then start {self.daemon} again."
        )

    def _locked(self) -> int | None:
        """Return the file locked; None if another has it, or just had it and removed it."""
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(fd), os.stat(self.path)):
                return fd
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN, errno.ENOENT):
                os.close(fd)
                raise
        os.close(fd)
        return None

    def release(self) -> None:
        """Remove the file and give up the lock."""
        if self._fd is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path)
            os.close(self._fd)
            self._fd = None


def running_pid(path: str) -> int | None:
    """Return the pid of the daemon that holds *path*, None when nobody does."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        text = os.read(fd, 32).decode("ascii", "replace").strip()
        return int(text) if text.isdecimal() else None
    else:
        return None
    finally:
        os.close(fd)

"""A daemon's pid file: locked while it runs, so that a stale one never stops a start."""

import contextlib
import errno
import fcntl
import os

import attrs

from ganetix import errors


@attrs.define(eq=False)
class PidFile:
    """Holds *path* locked with our pid in it. `taken` before daemonising does not pass a fork."""

    path: str
    daemon: str
    _fd: int | None = attrs.field(default=None, init=False)

    def take(self) -> None:
        """Lock the file and write our pid; raise `errors.PidFileLockError` if another has it."""
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(fd)
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                raise
            raise errors.PidFileLockError(
                f"{self.daemon} is already running with pid {running_pid(self.path)} "
                f"(it holds {self.path}); stop it first: daemon-util stop {self.daemon}"
            ) from error
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._fd = fd

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

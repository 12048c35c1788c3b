"""Work beside other work: in a process of its own, where there is a second processor."""

import os
import pickle
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def beside(work: Callable[[], Found]) -> Callable[[], Found]:
    """Begin *work* and return what waits for its result.

    Without a second processor, in a process that has threads (which a copy would lack), or where
    the copy comes to nothing, the work is done when it is waited for; what it raises is raised
    there.
    """
    if len(os.sched_getaffinity(0)) < 2 or len(os.listdir("/proc/self/task")) > 1:
        return work
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _send(work, writing)
    os.close(writing)

    def wait() -> Found:
        with open(reading, "rb") as pipe:
            answer = pipe.read()
        _child, status = os.waitpid(child, 0)
        found: Found = work() if status else pickle.loads(answer)  # noqa: S301 - from our own copy
        return found

    return wait


def _send(work: Callable[[], object], writing: int) -> None:
    """Write the result of *work* and end the process; what was said before, its parent says."""
    code = 1
    try:
        with open(writing, "wb") as pipe:
            pickle.dump(work(), pipe, protocol=pickle.HIGHEST_PROTOCOL)
        code = 0
    finally:
        os._exit(code)

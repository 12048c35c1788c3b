"""The real worker thread keeps the shared promises."""

from typing import cast

from twisted.internet.interfaces import IReactorFromThreads
from twisted.trial.unittest import TestCase

from ganetix.testing.worker_tests import make_worker_tests
from ganetix.toolkit.files import Worker
from ganetix.toolkit.interfaces import IWorker


async def make(case: TestCase) -> IWorker:
    """Return a running worker that ends with the test."""
    from twisted.internet import reactor  # noqa: PLC0415 - installs it

    worker = Worker(cast("IReactorFromThreads", reactor), "test")
    await worker.start()
    case.addCleanup(worker.stop)
    return worker


class WorkerTests(make_worker_tests(make)):  # type: ignore[misc]  # made by a function
    """One thread of its own."""

"""Programs in a row: what happens when one of them can't be started."""

from typing import Any

import attrs
from twisted.internet.error import ProcessTerminated
from twisted.internet.task import Clock as FakeReactor
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.process.command import Command
from ganetix.process.pipeline import Pipeline
from ganetix.toolkit.clock import Clock

CAT = Command(("/bin/cat",))


@attrs.define
class Started:
    """The transport of a program that has no pid any more."""

    pid: int | None = None


@attrs.define(eq=False)
class Spawner:
    """Starts so many programs, and no more."""

    most: int
    started: list[Any] = attrs.field(factory=list)

    def spawnProcess(self, protocol: Any, *_: object, **__: object) -> None:
        """See `twisted.internet.interfaces.IReactorProcess`."""
        if len(self.started) == self.most:
            raise OSError("Resource temporarily unavailable")
        self.started.append(protocol)
        protocol.makeConnection(Started())


class StartTests(SynchronousTestCase):
    """A machine on which not all programs can be started."""

    def failed(self, most: int) -> tuple[Spawner, list[str]]:
        """Start two programs where only *most* can be; return them and what is told at the end."""
        told: list[str] = []
        spawner, reactor = Spawner(most), FakeReactor()
        pipeline = Pipeline(spawner, Clock(reactor, reactor.seconds), [CAT, CAT], print)
        error = self.assertRaises(errors.CommandError, pipeline.start)
        self.assertIn("could not be started: Resource temporarily", error.message)
        pipeline.when_ended(told.append)
        return spawner, told

    def test_none(self) -> None:
        """Where none could be started all have ended."""
        _, told = self.failed(0)
        self.assertEqual(len(told), 1)

    def test_some(self) -> None:
        """Those that run are ended, and all have ended when they have."""
        spawner, told = self.failed(1)
        self.assertEqual(told, [])
        [first] = spawner.started
        first.processEnded(Failure(ProcessTerminated(signal=15)))
        self.assertIn("/bin/cat could not be started", told[0])

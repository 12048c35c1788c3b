"""What every way to a machine without a certificate promises, as one set of tests."""

from collections.abc import Callable, Mapping, Sequence

import attrs
from zope.interface.verify import verifyObject

from ganetix import errors
from ganetix.master.bootstrap.interface import MODULE, IBootstrap, Spawn, Target
from ganetix.testing.cases import AwaitingTestCase


@attrs.define
class Spawned:
    """A spawner that notes what it is to run, and answers or fails as told."""

    answer: bytes | errors.CommandError
    runs: list[tuple[Sequence[str], Mapping[str, str], bytes]] = attrs.field(factory=list)

    async def __call__(
        self, command: Sequence[str], environment: Mapping[str, str], request: bytes
    ) -> bytes:
        """See `Spawn`."""
        self.runs.append((command, environment, request))
        if isinstance(self.answer, errors.CommandError):
            raise self.answer
        return self.answer


def make_bootstrap_tests(make: Callable[[Spawn], IBootstrap]) -> type[AwaitingTestCase]:
    """Return the tests of `IBootstrap` for the way that *make* makes from a spawner."""

    class BootstrapTests(AwaitingTestCase):
        """What every way promises."""

        target = Target("node2.example.com", "192.0.2.2")

        def test_interface(self) -> None:
            """The way provides the interface."""
            self.assertTrue(verifyObject(IBootstrap, make(Spawned(b""))))

        def test_answer(self) -> None:
            """The program's answer comes back as it was written."""
            spawned = Spawned(b'{"key": 1}')
            self.assertEqual(
                self.awaited(make(spawned).run(self.target, "certify", b"{}")), b'{"key": 1}'
            )

        def test_request(self) -> None:
            """The step is named on the command line; the request, which has secrets, is not."""
            spawned = Spawned(b"{}")
            self.awaited(make(spawned).run(self.target, "certify", b"secret"))
            [(command, environment, request)] = spawned.runs
            self.assertEqual(request, b"secret")
            self.assertIn(f"-m {MODULE} certify", " ".join(command))
            self.assertNotIn("secret", " ".join([*command, *environment.values()]))

        def test_refusal(self) -> None:
            """What the program says against it reaches whoever asked, as a precondition."""
            spawned = Spawned(errors.CommandError("It is a node of another cluster."))
            error = self.refusal(
                make(spawned).run(self.target, "certify", b"{}"), errors.OpPrereqError
            )
            self.assertIn("It is a node of another cluster.", error.message)
            self.assertEqual(error.kind, errors.ENVIRON)

    return BootstrapTests

"""Promises of LUXI over a real Unix socket, with Twisted on both ends."""

import os
import shutil
import stat
import tempfile
from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase
from txaio import tx

from ganetix import errors
from ganetix.luxi.aclient import AsyncClient
from ganetix.luxi.link import LuxiService, connector
from ganetix.luxi.peercred import Allowed, Peer, peer_of
from ganetix.luxi.server import LuxiFactory
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.files import FileSystem

reactor: Any = global_reactor


def open_directory(path: str) -> int:
    """Open the directory *path* for its name's sake."""
    return os.open(path, os.O_PATH | os.O_DIRECTORY)


async def echo(method: str, args: list[Any], peer: Peer) -> object:
    """Answer with everything that came, or fail if asked to."""
    if method == "Fail":
        raise errors.OpPrereqError(str(args[0]), errors.STATE)
    return [method, args, peer.uid, peer.pid]


class LinkTests(TestCase):
    """A service and a client that meet on a socket file."""

    def service(self, path: str) -> LuxiService:
        """A server on *path* that lets this user speak."""
        factory = LuxiFactory(
            echo,
            Allowed(frozenset({os.getuid()})),
            Clock(reactor, reactor.seconds),
            lambda transport: peer_of(transport.getHandle()),
        )
        return LuxiService(reactor, path, factory, FileSystem(), open_directory)

    async def exchange(self, path: str) -> None:
        """Start, ask, fail, ask two at once, stop."""
        service = self.service(path)
        await service.start()
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o660)
        client = AsyncClient(tx, connector(reactor, path, open_directory, os.close))
        answers = [Deferred.fromCoroutine(client.call("Echo", number)) for number in (1, 2)]
        got = [await answer for answer in answers]
        self.assertEqual(got, [["Echo", [n], os.getuid(), os.getpid()] for n in (1, 2)])
        with self.assertRaises(errors.OpPrereqError):
            await client.call("Fail", "as asked")
        await service.stop()
        with self.assertRaises(errors.LuxiError):
            await client.call("Echo")

    async def test_short_path(self) -> None:
        """Requests and answers cross, the peer is who we are, the mode is 0660."""
        await self.exchange(f"{self.directory()}/sock")

    async def test_long_path(self) -> None:
        """A path of more than 107 bytes works on both ends."""
        await self.exchange(f"{self.directory('d' * 120)}/sock")

    async def test_left_over(self) -> None:
        """The socket file of a daemon that died is no obstacle."""
        path = f"{self.directory()}/sock"
        first = self.service(path)
        await first.start()
        os.link(path, path + "2")
        await first.stop()
        os.rename(path + "2", path)
        await self.exchange(path)

    def directory(self, name: str = "d") -> str:
        """Make a directory called *name* whose own path is short."""
        top = tempfile.mkdtemp(prefix="luxi")
        self.addCleanup(shutil.rmtree, top)
        os.mkdir(f"{top}/{name}")
        return f"{top}/{name}"

"""Streams between programs over real TLS on loopback."""

import hashlib
import os
import pathlib
import time
from typing import Any

from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from ganetix.network.stream import Trust
from ganetix.network.streams import Streams
from ganetix.process.command import Command
from ganetix.testing.dice import seeded
from ganetix.tls.credentials import Credentials
from ganetix.tls.passing import passing_credentials
from ganetix.toolkit.clock import Clock


def dd(*words: str) -> Command:
    """Return a command that copies."""
    return Command(("/usr/bin/dd", "bs=65536", "status=none", *words))


def shell(script: str) -> Command:
    """Return a command that runs *script*."""
    return Command(("/bin/sh", "-c", script), {"PATH": "/usr/bin:/bin"})


def key(name: str) -> Credentials:
    """Return a key that is valid now."""
    return passing_credentials(name, time.time(), seeded(len(name)))


class StreamTests(TestCase):
    """One sender, one receiver."""

    def setUp(self) -> None:
        """Make a directory, both keys, and the streams."""
        self.directory = pathlib.Path(self.mktemp())
        self.directory.mkdir()
        self.clock = Clock(reactor, time.time)
        self.streams = Streams(reactor, self.clock, "127.0.0.1")
        self.addCleanup(self._stop)
        self.ours, self.theirs = key("ours"), key("theirs")

    async def _stop(self) -> None:
        await self.streams.stop()

    def trust(self, own: Credentials, other: Credentials, magic: str = "word") -> Trust:
        """Return what one end knows."""
        return Trust(own, other.certificate, magic)

    async def passed(
        self, source: list[Command], sink: list[Command], **more: Any
    ) -> tuple[str, str]:
        """Send from *source* to *sink*; return both errors."""
        receiving = await self.streams.receive(sink, self.trust(self.theirs, self.ours), 60)
        trust = more.get("trust") or self.trust(self.ours, self.theirs)
        sending = self.streams.send(source, trust, "127.0.0.1", receiving.port)
        await sending.ended()
        if sending.error and not receiving.connected:
            receiving.abort("the sender gave up")
        await receiving.ended()
        self.sizes = (sending.size, receiving.size)
        return sending.error, receiving.error

    async def test_megabytes(self) -> None:
        """What is sent arrives, to the last byte, through compression too."""
        data = os.urandom(1 << 20) * 5
        (self.directory / "from").write_bytes(data)
        told = await self.passed(
            [dd(f"if={self.directory}/from"), Command(("/bin/gzip", "-1", "-c"))],
            [Command(("/bin/gzip", "-d", "-c")), dd(f"of={self.directory}/to", "conv=fsync")],
        )
        self.assertEqual(told, ("", ""))
        arrived = (self.directory / "to").read_bytes()
        self.assertEqual(hashlib.sha256(arrived).digest(), hashlib.sha256(data).digest())
        self.assertEqual(self.sizes[0], self.sizes[1])

    async def test_failing_source(self) -> None:
        """A source that fails half way fails both ends: half a stream is never taken for whole."""
        told = await self.passed(
            [shell("head -c 100000 /dev/zero; echo broken >&2; exit 3")], [dd("of=/dev/null")]
        )
        self.assertIn("broken", told[0])
        self.assertIn("broke off", told[1])

    async def test_failing_sink(self) -> None:
        """A sink that fails ends the source, and says why."""
        told = await self.passed([dd("if=/dev/zero")], [shell("head -c 9 >/dev/null; exit 4")])
        self.assertIn("receiver", told[0])
        self.assertIn("exit code 4", told[1])

    async def test_missing_program(self) -> None:
        """A program that is not there is named."""
        told = await self.passed([Command(("/nowhere/at/all",))], [dd("of=/dev/null")])
        self.assertIn("/nowhere/at/all", told[0])

    async def test_wrong_word(self) -> None:
        """Who does not know the word feeds nothing."""
        wrong = self.trust(self.ours, self.theirs, "guess")
        target = self.directory / "never"
        await self.passed([dd("if=/etc/hostname")], [dd(f"of={target}")], trust=wrong)
        self.assertFalse(target.exists())

    async def test_stranger(self) -> None:
        """Who shows another certificate is not let in."""
        stranger = self.trust(key("stranger"), self.theirs)
        target = self.directory / "never"
        told = await self.passed([dd("if=/etc/hostname")], [dd(f"of={target}")], trust=stranger)
        self.assertNotEqual(told[0], "")
        self.assertFalse(target.exists())

    async def test_impostor(self) -> None:
        """A receiver with another certificate gets nothing."""
        receiving = await self.streams.receive(
            [dd("of=/dev/null")], self.trust(key("impostor"), self.ours), 60
        )
        trust = self.trust(self.ours, self.theirs)
        sending = self.streams.send([dd("if=/etc/hostname")], trust, "127.0.0.1", receiving.port)
        await sending.ended()
        self.assertIn("certificate", sending.error)
        self.assertEqual(receiving.size, 0)
        receiving.abort("the test is over")
        await receiving.ended()

    async def test_abort(self) -> None:
        """A stream that is given up ends both ends' programs."""
        receiving = await self.streams.receive(
            [dd("of=/dev/null")], self.trust(self.theirs, self.ours), 60
        )
        trust = self.trust(self.ours, self.theirs)
        sending = self.streams.send([dd("if=/dev/zero")], trust, "127.0.0.1", receiving.port)
        while not receiving.size:
            await self.clock.sleep(0)
        sending.abort("somebody cancelled")
        await sending.ended()
        await receiving.ended()
        self.assertIn("somebody cancelled", sending.error)
        self.assertNotEqual(receiving.error, "")

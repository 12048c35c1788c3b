"""A node changes root's ssh key, and whom root lets in."""

import os

from twisted.internet.task import Clock as FakeTime

from ganetix import errors
from ganetix.node.ssh_keys import SshKeys, changed
from ganetix.process.command import Command, Result
from ganetix.rpc.call import Nothing
from ganetix.rpc.tables.ssh import LetIn, NewSshKey
from ganetix.testing.cases import AwaitingTestCase
from ganetix.testing.processes import FakeRunner
from ganetix.testing.workers import InlineWorker
from ganetix.toolkit.clock import Clock
from ganetix.toolkit.files import FileSystem
from ganetix_test.node.made import CONTEXT, ending, make

KEY = NewSshKey("rsa", 2048, "rsa")


class SshKeysTests(AwaitingTestCase):
    """A node with an rsa key of its own."""

    def setUp(self) -> None:
        """Make it."""
        self.files = FileSystem()
        self.directory = f"{make(self).paths.root}/root/.ssh"
        self.files.make_dirs(self.directory, 0o700)
        self.write("id_rsa", "old private")
        self.write("id_rsa.pub", "ssh-rsa old root@here\n")
        self.write("id_ed25519", "another's")

        async def keygen(command: Command) -> Result:
            path = command.argv[-1]
            self.files.replace(path, b"new private", 0o600, False)
            self.files.replace(f"{path}.pub", b"ssh-rsa new root@here\n", 0o644, False)
            return Result(command, 0)

        self.runner = FakeRunner(Clock(FakeTime(), lambda: 0.0), {"/usr/bin/ssh-keygen": keygen})
        self.keys = SshKeys(self.directory, self.files, InlineWorker(), self.runner)

    def write(self, name: str, text: str) -> None:
        """Write a file of root's."""
        self.files.replace(f"{self.directory}/{name}", text.encode(), 0o600, False)

    def content(self) -> dict[str, str]:
        """Return root's files."""
        return {
            name: self.files.read(f"{self.directory}/{name}").decode().strip()
            for name in os.listdir(self.directory)
        }

    def test_renewed(self) -> None:
        """The new key is in use once it is installed; the old one goes when that is for good."""
        before = self.content()
        made = self.awaited(self.keys.make(KEY, CONTEXT))
        self.assertEqual((made.fresh, made.old), ("ssh-rsa new root@here", "ssh-rsa old root@here"))
        self.assertEqual({**self.content(), **before}, self.content())
        for _ in range(2):
            self.awaited(self.keys.install(KEY, CONTEXT))
        self.assertEqual(self.content()["id_rsa.old"], "old private")
        self.awaited(self.keys.keep(Nothing(), CONTEXT))
        after = {"id_rsa": "new private", "id_rsa.pub": made.fresh, "id_ed25519": "another's"}
        self.assertEqual(self.content(), after)

    def test_restored(self) -> None:
        """Going back brings the old key, from any point, and as often as asked."""
        before = self.content()
        self.awaited(self.keys.restore(KEY, CONTEXT))
        self.assertEqual(self.content(), before)
        for installed in (False, True):
            self.awaited(self.keys.make(KEY, CONTEXT))
            if installed:
                self.awaited(self.keys.install(KEY, CONTEXT))
            for _ in range(2):
                self.awaited(self.keys.restore(KEY, CONTEXT))
                self.assertEqual(self.content(), before)

    def test_first_of_its_kind(self) -> None:
        """Where there was no key of that kind, going back leaves none, and the other one stays."""
        before, key = self.content(), NewSshKey("ecdsa", 384, "rsa")
        made = self.awaited(self.keys.make(key, CONTEXT))
        self.assertEqual(made.old, "ssh-rsa old root@here")
        self.awaited(self.keys.install(key, CONTEXT))
        self.assertIn("id_ecdsa", self.content())
        self.awaited(self.keys.restore(key, CONTEXT))
        self.assertEqual(self.content(), before)

    def test_no_key(self) -> None:
        """What ssh-keygen can't make is an error in its words."""
        self.runner.programs["/usr/bin/ssh-keygen"] = ending(1, b"unknown key type dsa")
        self.refusal(self.keys.make(NewSshKey("dsa", 1024, "rsa"), CONTEXT), errors.OpExecError)

    def test_virtual(self) -> None:
        """A node of a virtual cluster leaves the files of whoever runs it alone."""
        keys = SshKeys("", self.files, InlineWorker(), self.runner)
        self.refusal(keys.make(KEY, CONTEXT), errors.OpPrereqError)
        self.refusal(keys.let_in(LetIn(["ssh-rsa x"]), CONTEXT), errors.OpPrereqError)

    def test_doors(self) -> None:
        """The file is written whole, for root alone."""
        self.awaited(self.keys.let_in(LetIn(["ssh-rsa one", "ssh-rsa two"]), CONTEXT))
        self.assertEqual(self.content()["authorized_keys"], "ssh-rsa one\nssh-rsa two")
        self.assertEqual(self.files.mode(f"{self.directory}/authorized_keys"), 0o600)

    def test_lines(self) -> None:
        """Keys are known by themselves, whatever stands around them; other lines stay."""
        text = '# mine\nfrom="192.0.2.1" ssh-rsa AAA me@home\nssh-rsa BBB\n'
        self.assertEqual(changed(text, LetIn(["ssh-rsa AAA other", "ssh-rsa BBB"])), text)
        dropped = changed(text, LetIn(drop=["ssh-rsa AAA"]))
        self.assertEqual(dropped, "# mine\nssh-rsa BBB\n")
        beside = LetIn(instead={"ssh-rsa BBB x": "ssh-rsa CCC", "ssh-rsa ZZZ": "ssh-rsa YYY"})
        self.assertEqual(changed(text, beside), f"{text}ssh-rsa CCC\n")

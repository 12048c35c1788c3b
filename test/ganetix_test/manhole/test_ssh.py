"""Promises of the console by SSH."""

from twisted.conch.interfaces import IConchUser
from twisted.conch.ssh.keys import Key
from twisted.cred.credentials import SSHPrivateKey
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from ganetix import errors
from ganetix.manhole.console import Console
from ganetix.manhole.ssh import authorised, make_host_key, ssh_factory
from ganetix_test.manhole.test_session import unlimited


class SshTests(SynchronousTestCase):
    """Keys, and who they let in."""

    def test_host_key(self) -> None:
        """Each is another ed25519 key, of one factory alone."""
        host_keys = [make_host_key() for _ in range(2)]
        one, two = (ssh_factory(Console("d", (), unlimited), "masterd", (), k) for k in host_keys)
        self.assertEqual(list(one.publicKeys), [b"ssh-ed25519"])
        self.assertNotEqual(one.publicKeys, two.publicKeys)

    def test_authorised_keys(self) -> None:
        """Comments are left out; no key, or no key's line, is refused with the file's name."""
        key = Key.fromString(make_host_key()).public()
        line: bytes = key.toString("OPENSSH")
        self.assertEqual(authorised(b"# ours\n\n" + line + b"\n", "f"), (key,))
        for text in (b"", b"# none\n", b"ssh-ed25519 nonsense\n"):
            with self.assertRaisesRegex(errors.GenericError, "/the/file"):
                authorised(text, "/the/file")

    def login(self, name: bytes, key: Key) -> Deferred[object]:
        """Return the outcome of a login as *name* with *key*, when one other key is known."""
        factory = ssh_factory(Console("d", (), unlimited), "masterd", [self.known], self.host)
        data = b"what is signed"
        made = SSHPrivateKey(name, key.sshType(), key.public().blob(), data, key.sign(data))
        login: Deferred[object] = factory.portal.login(made, None, IConchUser)
        return login

    def test_only_authorised_keys_open(self) -> None:
        """A known key opens under the daemon's name; another key, or another name, does not."""
        mine, other = (Key.fromString(make_host_key()) for _ in range(2))
        self.known, self.host = mine.public(), make_host_key()
        self.successResultOf(self.login(b"masterd", mine))
        for refused in (self.login(b"masterd", other), self.login(b"root", mine)):
            self.failureResultOf(refused, UnauthorizedLogin)

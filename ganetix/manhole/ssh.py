"""The same console by SSH: for authorised keys only, with a host key of this cluster's own."""

from collections.abc import Sequence
from typing import Any, Final

import attrs
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.conch.checkers import InMemorySSHKeyDB, SSHPublicKeyChecker
from twisted.conch.interfaces import IConchUser, ISession
from twisted.conch.manhole_ssh import (
    ConchFactory,
    TerminalSession,
    TerminalSessionTransport,
    TerminalUser,
)
from twisted.conch.ssh.keys import BadKeyError, Key
from twisted.cred.portal import IRealm, Portal
from twisted.python.components import Componentized
from zope.interface import implementer

from ganetix import errors
from ganetix.manhole.console import Console
from ganetix.manhole.screen import Screen, Terminal

_KIND: Final = b"ssh-ed25519"


def make_host_key() -> bytes:
    """Return a new private key, as OpenSSH writes it."""
    made: bytes = Key(Ed25519PrivateKey.generate()).toString("OPENSSH")
    return made


def authorised(text: bytes, path: str) -> tuple[Key, ...]:
    """Return the public keys in *text*, an authorized_keys file; raise `errors.GenericError`."""
    lines = [line.strip() for line in text.splitlines()]
    rows = [line for line in lines if line and not line.startswith(b"#")]
    if not rows:
        raise errors.GenericError(f"{path} names no key; nobody could open the console by SSH.")
    try:
        return tuple(Key.fromString(row) for row in rows)
    except BadKeyError as error:
        raise errors.GenericError(
            f"{path} has a line that is no public key ({error}); it takes lines such as those of "
            "id_ed25519.pub, without options."
        ) from error


def ssh_factory(console: Console, user: str, keys: Sequence[Key], host_key: bytes) -> ConchFactory:
    """Return the server: *user* with one of *keys* gets *console*."""
    checker = SSHPublicKeyChecker(InMemorySSHKeyDB({user.encode(): list(keys)}))
    factory = ConchFactory(Portal(_Realm(console), [checker]))
    private = Key.fromString(host_key)
    # Of this factory alone: the class's dictionaries are shared by all.
    factory.privateKeys, factory.publicKeys = {_KIND: private}, {_KIND: private.public()}
    return factory


@implementer(IRealm)
@attrs.frozen
class _Realm:
    """Gives whoever proved a key a user with a console."""

    console: Console

    def requestAvatar(self, avatarId: bytes | tuple[()], mind: object, *interfaces: Any) -> Any:
        """See `IRealm`."""
        original = Componentized()
        user = TerminalUser(original, avatarId)
        original.setComponent(IConchUser, user)
        original.setComponent(ISession, _Shell(original, self.console))
        return IConchUser, user, lambda: None


class _Shell(TerminalSession):
    """A console in place of a shell."""

    width, height = 80, 24

    def __init__(self, original: Any, console: Console) -> None:
        super().__init__(original)
        self._console = console
        self._screen: Screen | None = None

    def openShell(self, proto: Any) -> None:
        """Begin a session."""
        avatar = IConchUser(self.original)
        peer = avatar.conn.transport.transport.getPeer()
        screen = self._screen = Screen(self._console, f"SSH client {peer.host}")
        terminal = Terminal(lambda: screen)
        TerminalSessionTransport(proto, terminal, avatar, self.width, self.height)

    def windowChanged(self, newWindowSize: tuple[int, ...]) -> None:
        """The far end's window has another size: rows, columns."""
        if self._screen is not None:
            self._screen.terminalSize(newWindowSize[1], newWindowSize[0])

    def eofReceived(self) -> None:
        """No more will be typed."""
        if self._screen is not None:
            self._screen.dialogue.no_more()

    def closed(self) -> None:
        """The far end has gone."""
        if self._screen is not None:
            self._screen.dialogue.end()

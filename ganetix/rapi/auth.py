"""Who may do what: the users file, and the credentials of a request. Pure."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

import attrs

REALM: Final = "Ganeti Remote API"

READ: Final = "read"
WRITE: Final = "write"


@attrs.frozen
class User:
    """A line of the users file: *secret* is compared as *scheme* says."""

    name: str
    scheme: str
    secret: str = attrs.field(repr=False)
    options: frozenset[str]

    def knows(self, password: str) -> bool:
        """Whether *password* is this user's, told in the same time for any."""
        given = password
        if self.scheme == "ha1":
            text = f"{self.name}:{REALM}:{password}".encode()
            given = hashlib.md5(text, usedforsecurity=False).hexdigest()
        wanted = self.secret.lower() if self.scheme == "ha1" else self.secret
        return hmac.compare_digest(given.encode(), wanted.encode())


@attrs.frozen
class Users:
    """The users file: users by name, and a sentence for each line that says nothing."""

    users: Mapping[str, User] = {}
    complaints: tuple[str, ...] = ()


def parse_users(text: str) -> Users:
    """Return the users in *text*; malformed lines are told by number and left out."""
    users: dict[str, User] = {}
    complaints = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split() if line.lstrip().startswith("#") else line.split()
        if not words:
            continue
        user = _user(words)
        if user is None:
            complaints.append(f"Line {number} of the users file is malformed and was left out.")
        else:
            users[user.name] = user
    return Users(users, tuple(complaints))


def _user(words: list[str]) -> User | None:
    if len(words) not in (2, 3):
        return None
    name, secret = words[:2]
    scheme, secret = _secret(secret)
    options = frozenset(words[2].split(",")) if len(words) == 3 else frozenset()
    return User(name, scheme, secret, options) if scheme else None


def _secret(text: str) -> tuple[str, str]:
    """Return scheme and secret; an empty scheme for one that is not known."""
    if not text.startswith("{"):
        return "cleartext", text
    scheme, found, secret = text[1:].partition("}")
    known = scheme.lower() if scheme.lower() in ("cleartext", "ha1") else ""
    return (known, secret) if found else ("", "")


def credentials(header: str | None) -> tuple[str, str] | None:
    """Return user and password of an ``Authorization`` *header*, None if it has none."""
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, found, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (name, password) if found else None


def identify(users: Users, header: str | None) -> User | None:
    """Return the user whose right credentials *header* has, else None."""
    given = credentials(header)
    user = users.users.get(given[0]) if given else None
    return user if user is not None and given is not None and user.knows(given[1]) else None

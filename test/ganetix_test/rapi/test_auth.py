"""Tests of `ganetix.rapi.auth`."""

import base64
import hashlib

from twisted.trial.unittest import SynchronousTestCase

from ganetix.rapi.auth import REALM, Users, credentials, identify, parse_users
from ganetix_test import spec

HASH = hashlib.md5(f"jack:{REALM}:secret".encode(), usedforsecurity=False).hexdigest()


def basic(text: str) -> str:
    """Return the header for ``user:password``."""
    return f"Basic {base64.b64encode(text.encode()).decode()}"


class UsersTests(SynchronousTestCase):
    """The users file."""

    def test_forms(self) -> None:
        """Plain, cleartext and hashed passwords are known, whatever the case of the scheme."""
        users = parse_users(
            "# users\n\njill plain read\njoe {cleartext}te#xt\n"
            f"jack {{ha1}}{HASH.upper()} read,write\n"
        )
        self.assertEqual(users.complaints, ())
        for given, options in (
            ("jill:plain", {"read"}),
            ("joe:te#xt", set()),
            ("jack:secret", {"read", "write"}),
        ):
            user = identify(users, basic(given))
            assert user is not None, given
            self.assertEqual(user.options, options)

    def test_realm(self) -> None:
        """Hashes are made with the reference's realm."""
        self.assertEqual(REALM, spec.load("rapi")["auth"]["realm"])

    def test_malformed_lines(self) -> None:
        """A line that says nothing is told by its number and does not hide the others."""
        users = parse_users("alone\na b c d\nx {MD5}abc\nx {HA1\njill plain\n")
        self.assertEqual(set(users.users), {"jill"})
        self.assertEqual([line.split()[1] for line in users.complaints], ["1", "2", "3", "4"])


class IdentifyTests(SynchronousTestCase):
    """Credentials."""

    def test_wrong(self) -> None:
        """An unknown user, a wrong password, another scheme and garbage identify nobody."""
        users = parse_users("jill plain\n")
        for header in (
            None, "", basic("jill:wrong"), basic("joe:plain"), basic("jill"),
            "Digest abc", "Basic !!", "Basic /w==",
        ):  # fmt: skip
            self.assertIsNone(identify(users, header), header)

    def test_colon_in_password(self) -> None:
        """Only the first colon divides."""
        self.assertEqual(credentials(basic("a:b:c")), ("a", "b:c"))

    def test_no_users(self) -> None:
        """Without a users file nobody is known."""
        self.assertIsNone(identify(Users(), basic("jill:plain")))

"""Calls with which nodes get new ssh keys for root, while the old ones still open every door."""

from typing import Any, Final

import msgspec

from ganetix.rpc.call import Call, Done, Nothing


class NewSshKey(msgspec.Struct, frozen=True):
    """Make a key of *kind* with *bits* in the place of that of kind *before*."""

    kind: str
    bits: int
    before: str


class SshPublicKeys(msgspec.Struct, frozen=True):
    """The public half of the new key and of the one in use, each as a line; empty for none."""

    fresh: str
    old: str


class LetIn(msgspec.Struct, frozen=True):
    """Who may log in as root: *add* the owners of these keys, and *drop* those.

    *instead* is a key to the one that comes beside it: who let in the first lets in the second.
    """

    add: list[str] = []
    drop: list[str] = []
    instead: dict[str, str] = {}


SSH_KEY_MAKE: Final = Call("node_ssh_key_make", NewSshKey, SshPublicKeys, "slow", True)
"""Make a key beside the one in use."""

SSH_KEY_INSTALL: Final = Call("node_ssh_key_install", NewSshKey, Done, "fast", True)
"""Use the new key; the one that had its name is kept beside it."""

SSH_KEY_RESTORE: Final = Call("node_ssh_key_restore", NewSshKey, Done, "fast", True)
"""Use the old key again, and forget the new one."""

SSH_KEY_KEEP: Final = Call("node_ssh_key_keep", Nothing, Done, "fast", True)
"""Forget the old keys."""

SSH_LET_IN: Final = Call("node_ssh_let_in", LetIn, Done, "fast", True)
"""Change whom root lets in."""

CALLS: Final[tuple[Call[Any, Any], ...]] = (
    SSH_KEY_MAKE,
    SSH_KEY_INSTALL,
    SSH_KEY_RESTORE,
    SSH_KEY_KEEP,
    SSH_LET_IN,
)

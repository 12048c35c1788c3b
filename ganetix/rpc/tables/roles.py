"""Calls about what a node is to its cluster."""

from typing import Any, Final

import msgspec

from ganetix.rpc.call import Call, Done, Nothing


class Demote(msgspec.Struct, frozen=True):
    """The node is a candidate no more: remove configuration, journal, queue, authority key."""


class CryptoTokens(msgspec.Struct, frozen=True):
    """The digest of the node's own certificate; empty where the node has none (no TLS)."""

    digest: str


NODE_DEMOTE: Final = Call("node_demote_from_mc", Demote, Done, "normal", True)
NODE_CRYPTO_TOKENS: Final = Call("node_crypto_tokens", Nothing, CryptoTokens, "fast", True)

CALLS: Final[tuple[Call[Any, Any], ...]] = (
    NODE_DEMOTE,
    NODE_CRYPTO_TOKENS,
)

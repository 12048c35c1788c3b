"""Calls about external storage providers."""

from typing import Any, Final

import msgspec

from ganetix.rpc.call import Call, Nothing


class ProviderReport(msgspec.Struct, frozen=True):
    """A provider's directory; *status* is empty, or a sentence that says what is wrong."""

    name: str
    path: str
    status: str = ""
    parameters: list[tuple[str, str]] = []


class ProviderReports(msgspec.Struct, frozen=True):
    """All of a node, in the order of the search path."""

    providers: list[ProviderReport]


EXTSTORAGE_DIAGNOSE: Final = Call("extstorage_diagnose", Nothing, ProviderReports, "fast", True)

CALLS: Final[tuple[Call[Any, Any], ...]] = (EXTSTORAGE_DIAGNOSE,)

"""Calls about the exports of instances that a node keeps."""

from typing import Any, Final

import msgspec

from ganetix.rpc.call import Call, Nothing


class ExportList(msgspec.Struct, frozen=True):
    """The names of the exports on a node, sorted."""

    names: list[str]


class ExportName(msgspec.Struct, frozen=True):
    """One export, by its name."""

    name: str


class ExportConfig(msgspec.Struct, frozen=True):
    """The text of an export's ``config.ini``."""

    text: str


class ExportRemoved(msgspec.Struct, frozen=True):
    """Whether there was something to remove."""

    removed: bool


EXPORT_LIST: Final = Call("export_list", Nothing, ExportList, "fast", True)
EXPORT_INFO: Final = Call("export_info", ExportName, ExportConfig, "fast", True)

EXPORT_REMOVE: Final = Call("export_remove", ExportName, ExportRemoved, "fast", True)

CALLS: Final[tuple[Call[Any, Any], ...]] = (EXPORT_LIST, EXPORT_INFO, EXPORT_REMOVE)

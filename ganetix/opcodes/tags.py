"""Opcodes of tags."""

from typing import ClassVar

from ganetix.opcodes.base import OpCode
from ganetix.opcodes.types import NonEmpty, TagKind


class OpTagsGet(OpCode, frozen=True, kw_only=True, tag="OP_TAGS_GET"):
    """Return the tags of an object."""

    summary_field: ClassVar[str] = "name"

    kind: TagKind
    use_locking: bool = False
    name: str | None = None


class OpTagsSet(OpCode, frozen=True, kw_only=True, tag="OP_TAGS_SET"):
    """Add tags to an object."""

    kind: TagKind
    tags: list[str]
    name: str | None = None


class OpTagsDel(OpCode, frozen=True, kw_only=True, tag="OP_TAGS_DEL"):
    """Remove tags from an object."""

    kind: TagKind
    tags: list[str]
    name: str | None = None


class OpTagsSearch(OpCode, frozen=True, kw_only=True, tag="OP_TAGS_SEARCH"):
    """Find tags that match a regular expression."""

    summary_field: ClassVar[str] = "pattern"

    pattern: NonEmpty

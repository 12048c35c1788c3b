"""Opcodes of queries that only the master daemon can answer."""

from typing import Any, ClassVar

from ganetix.opcodes.base import OpCode
from ganetix.opcodes.types import NonEmpty, QueryResource


class OpQuery(OpCode, frozen=True, kw_only=True, tag="OP_QUERY"):
    """Query a resource with a filter."""

    summary_field: ClassVar[str] = "what"

    what: QueryResource
    use_locking: bool = False
    fields: list[NonEmpty]
    qfilter: list[Any] | None = None


class OpQueryFields(OpCode, frozen=True, kw_only=True, tag="OP_QUERY_FIELDS"):
    """Return the fields of a resource."""

    summary_field: ClassVar[str] = "what"

    what: QueryResource
    fields: list[NonEmpty] | None = None

"""Resources beyond the reference's: the API's own description."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ganetix.rapi.openapi import document
from ganetix.rapi.request import Request
from ganetix.rapi.schemas import OBJECT, Shape
from ganetix.rapi.table import RESOURCES, Method, Resource


async def described(request: Request) -> dict[str, Any]:
    """Answer the OpenAPI document of the remote API."""
    return document(ALL, SHAPES)


OURS: Final[tuple[Resource, ...]] = (Resource("/2/openapi.json", {"GET": Method(described)}),)

ALL: Final[tuple[Resource, ...]] = (*RESOURCES, *OURS)
"""Every resource that is offered."""

SHAPES: Final[Mapping[Callable[..., Any], Shape]] = {described: Shape(OBJECT)}

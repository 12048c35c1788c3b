"""Resources beyond the reference's: the API's own description, events, figures."""

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from ganetix.rapi.answers import JSON, Text
from ganetix.rapi.openapi import document
from ganetix.rapi.request import Request
from ganetix.rapi.schemas import OBJECT, TEXT, Shape
from ganetix.rapi.table import RESOURCES, Method, Resource
from ganetix.toolkit.metrics import CONTENT_TYPE


@functools.cache
def description() -> Text:
    """Return the OpenAPI document; it takes a while to make, once."""
    return Text(JSON, msgspec.json.encode(document(ALL, SHAPES)) + b"\n")


async def described(request: Request) -> Text:
    """Answer the OpenAPI document of the remote API."""
    return description()


async def events(request: Request) -> Any:
    """Answer changes as they come: server-sent events, or a websocket when that is asked for."""
    return await request.own.events(request.text("since") or request.header("last-event-id"))


async def metrics(request: Request) -> Text:
    """Answer the figures of the cluster and of this daemon, for Prometheus."""
    cluster: str = await request.luxi.call("QueryMetrics")
    return Text(CONTENT_TYPE, cluster.encode() + await request.own.metrics())


OURS: Final[tuple[Resource, ...]] = (
    Resource("/2/openapi.json", {"GET": Method(described)}),
    Resource("/2/events", {"GET": Method(events, ("since",))}),
    Resource("/metrics", {"GET": Method(metrics)}),
)

ALL: Final[tuple[Resource, ...]] = (*RESOURCES, *OURS)
"""Every resource that is offered."""

SHAPES: Final[Mapping[Callable[..., Any], Shape]] = {
    described: Shape(OBJECT),
    events: Shape(TEXT, media="text/event-stream", also=(101,)),
    metrics: Shape(TEXT, media=CONTENT_TYPE),
}

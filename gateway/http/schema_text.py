"""`/schema.graphql`: the SDL that the caller may see, with an ETag."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from gateway.errors import GatewayError
from gateway.http.answers import STATUS, of_error
from gateway.http.incoming import Incoming
from gateway.http.view_as import asker_of
from gateway.schema.build import Schemas
from gateway.services import Services


async def schema_text(request: Request) -> Response:
    """The schema of the caller's audience."""
    services: Services = request.app.state.services
    try:
        asker = await asker_of(Incoming(request.scope, request.receive), services)
    except GatewayError as error:
        body = of_error(error, request.state.request_id).body
        return Response(body, STATUS.get(error.code, 400), media_type="application/json")
    schemas: Schemas = request.app.state.schemas
    schema = schemas.of(asker.reads_as.audience)
    headers = {"etag": schema.etag, "cache-control": "private, no-cache", "vary": "authorization, x-view-as"}
    if _known(request.headers.get("if-none-match", ""), schema.etag):
        return Response(status_code=304, headers=headers)
    return PlainTextResponse(schema.sdl, headers=headers)


def _known(header: str, etag: str) -> bool:
    """Whether an `If-None-Match` header holds a tag: by weak comparison, as a proxy may have compressed the text."""
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return etag in tags or "*" in tags

"""What every request passes: a request id, a time, a last resort for errors, and headers that every answer has."""

from __future__ import annotations

import re
import time
import uuid

import structlog
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.http.answers import of_unexpected
from gateway.http.metrics import REQUESTS

log = structlog.get_logger(__name__)

_FIT_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_ROUTES = frozenset({"/graphql", "/schema.graphql", "/livez", "/readyz", "/metrics"})


class RequestIds:
    """Gives each request an id, and each answer the same: the caller's `X-Request-Id` where it is fit, else a new one.

    An error that nobody has taken becomes a coded answer with that id.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on with `state.request_id`."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        text = given.decode("latin-1")
        request_id = text if _FIT_ID.fullmatch(text) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id

        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            log.exception("a request failed", request_id=request_id)
            if started:
                raise
            await Response(of_unexpected(request_id).body(), 500, media_type="application/json")(
                scope, receive, sending
            )


class Timing:
    """Measures each request, by route: an address that a client made up is counted as `other`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, and counts it when its answer is out."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-content-type-options", b"nosniff")]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            route = scope["path"] if scope["path"] in _ROUTES else "other"
            REQUESTS.labels(route, str(status)).observe(time.perf_counter() - started)

"""What every request passes: a request id, a time, a last resort for errors, and headers that every answer has."""

from __future__ import annotations

import os
import re
import time

import structlog
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.http.answers import of_unexpected
from gateway.http.metrics import requests_with

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
        request_id = _id_for(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        header = (b"x-request-id", request_id.encode())
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message["headers"], header]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            log.exception("a request failed", request_id=request_id)
            if started:
                raise
            await Response(of_unexpected(request_id).body, 500, media_type="application/json")(
                scope, receive, sending
            )


def _id_for(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            text: str = value.decode("latin-1")
            if _FIT_ID.fullmatch(text):
                return text
            break
    return os.urandom(16).hex()


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
            # How long somebody listened to a stream says nothing of how long an answer takes.
            if "streamed" not in scope["state"]:
                route = scope["path"] if scope["path"] in _ROUTES else "other"
                requests_with(route, status).observe(time.perf_counter() - started)


class Straight:
    """Hands the requests of one address to what answers all of them, past Starlette's routes and compression.

    Those take as long as all else around a small query does.
    """

    def __init__(self, app: ASGIApp, *, path: str, to: ASGIApp) -> None:
        self._app = app
        self._path = path
        self._to = to

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""
        ours = scope["type"] == "http" and scope["path"] == self._path
        await (self._to if ours else self._app)(scope, receive, send)

"""Sends an answer of `/graphql`, compressed where that is worth it and the client takes it."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.http.incoming import Incoming
from gateway.http.negotiate import Media

SMALLEST_COMPRESSED = 2_000
COMPRESSION_LEVEL = 4
VARY = "accept, authorization, x-view-as, x-plan"


async def send_json(
    incoming: Incoming,
    send: Send,
    media: Media,
    body: bytes,
    *,
    status: int,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Sends a GraphQL answer in one piece; `headers` are more than each has."""
    large = len(body) >= SMALLEST_COMPRESSED
    sent = [
        *(_LARGE if large else _SMALL)[media],
        (b"content-length", str(len(body)).encode()),
        *((name.encode(), value.encode()) for name, value in (headers or {}).items()),
    ]
    answer = _Whole(status, sent, body)
    if large and "gzip" in (incoming.header(b"accept-encoding") or ""):
        await compressing(answer)(incoming.scope, _nothing, send)
    else:
        await answer(incoming.scope, _nothing, send)


async def send_nothing(send: Send, *, status: int) -> None:
    """Ends a request that has no answer."""
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


def compressing(app: ASGIApp) -> ASGIApp:
    """The app with its large answers compressed, for clients that take that."""
    return GZipMiddleware(app, minimum_size=SMALLEST_COMPRESSED, compresslevel=COMPRESSION_LEVEL)


class _Whole:
    """An ASGI app that says one thing."""

    __slots__ = ("_body", "_headers", "_status")

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self._status = status
        self._headers = headers
        self._body = body

    async def __call__(self, _: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body})


async def _nothing() -> Scope:
    raise RuntimeError("the request has been read")


def _headers(media: Media, vary: str) -> list[tuple[bytes, bytes]]:
    return [
        (b"content-type", f"{media.value}; charset=utf-8".encode()),
        (b"cache-control", b"no-store"),
        (b"vary", vary.encode()),
    ]


_SMALL = {media: _headers(media, VARY) for media in Media}
# Only what is large is ever compressed, and so differs by what a client takes.
_LARGE = {media: _headers(media, f"{VARY}, Accept-Encoding") for media in Media}

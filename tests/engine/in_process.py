"""Asks a gateway that runs in this process: its ASGI application itself, without a socket, and gives the bytes back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message

HOST = ("127.0.0.1", 80)
CLIENT = ("127.0.0.1", 50_000)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back. The headers are in the order in which they were sent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


async def post(app: ASGIApp, path: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
    """The answer to one POST. Whoever asks stays until it is whole."""
    exchange = _Exchange(body)
    sent = {"host": "gateway", "content-length": str(len(body)), **headers}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "client": CLIENT,
        "server": HOST,
    }
    await app(scope, exchange.receive, exchange.send)
    return exchange.answer()


class _Exchange:
    """One request and its answer, as ASGI's messages."""

    def __init__(self, body: bytes) -> None:
        self._waiting = [{"type": "http.request", "body": body, "more_body": False}]
        self._start: Message = {}
        self._body = bytearray()

    async def receive(self) -> dict[str, Any]:
        """The body, and then nothing for as long as the answer takes: the client is still there."""
        if self._waiting:
            return self._waiting.pop()
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    async def send(self, message: Message) -> None:
        """Takes one message of the answer."""
        if message["type"] == "http.response.start":
            self._start = message
        else:
            self._body += message.get("body", b"")

    def answer(self) -> HttpAnswer:
        """The whole answer."""
        headers = ((name.decode(), value.decode()) for name, value in self._start["headers"])
        return HttpAnswer(self._start["status"], tuple(headers), bytes(self._body))

"""A client of server-sent events that shows what comes over the wire, as it comes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import h11

from tests.gateways import RunningGateway


@dataclass
class Answer:
    """An answer that may never end."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    wire: h11.Connection
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    _text: bytes = b""

    async def begin(self) -> None:
        """Reads the head."""
        head = await self._event()
        assert isinstance(head, h11.Response)
        self.status = head.status_code
        self.headers = {name.decode(): value.decode() for name, value in head.headers}

    async def event(self, seconds: float = 10) -> str | None:
        """The next event, or comment, without the empty line behind it; None where the answer is at its end."""
        async with asyncio.timeout(seconds):
            while b"\n\n" not in self._text:
                found = await self._event()
                if isinstance(found, h11.EndOfMessage):
                    assert not self._text
                    return None
                assert isinstance(found, h11.Data)
                self._text += bytes(found.data)
            event, _, self._text = self._text.partition(b"\n\n")
            return event.decode()

    async def answer(self, seconds: float = 10) -> Any:
        """The next event's answer."""
        event = await self.event(seconds)
        assert event is not None
        assert event.startswith("event: next\ndata: ")
        return json.loads(event.removeprefix("event: next\ndata: "))

    async def json(self) -> Any:
        """The whole body, of an answer that is no stream."""
        while not isinstance(found := await self._event(), h11.EndOfMessage):
            assert isinstance(found, h11.Data)
            self._text += bytes(found.data)
        return json.loads(self._text)

    def deafen(self) -> None:
        """Reads no longer."""
        self.writer.transport.pause_reading()  # type: ignore[attr-defined]

    async def _event(self) -> Any:
        while (found := self.wire.next_event()) is h11.NEED_DATA:
            self.wire.receive_data(await self.reader.read(65_536))
        return found


@asynccontextmanager
async def stream(
    gateway: RunningGateway,
    query: str,
    *,
    as_user: str | None = None,
    accept: str | None = "text/event-stream",
    headers: Mapping[str, str] | None = None,
    method: str = "POST",
    target: str = "/graphql",
) -> AsyncIterator[Answer]:
    """The answer to an operation, its head read; leaving ends the connection."""
    given = {"host": "127.0.0.1", "content-type": "application/json", **(headers or {})}
    if accept is not None:
        given["accept"] = accept
    if as_user is not None:
        given["authorization"] = f"Bearer {gateway.login(as_user)}"
    body = json.dumps({"query": query}).encode() if method == "POST" else b""
    given["content-length"] = str(len(body))
    wire = h11.Connection(h11.CLIENT)
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.settings.port)
    try:
        request = h11.Request(method=method, target=target, headers=list(given.items()))
        for sent in (request, h11.Data(data=body), h11.EndOfMessage()):
            writer.write(wire.send(sent) or b"")
        answer = Answer(reader, writer, wire)
        await answer.begin()
        yield answer
    finally:
        writer.transport.abort()

"""Subscribers that cost as little as can be: raw WebSockets that count what comes and look at its first bytes alone.

A thousand of them share one process with whoever makes the changes, on the machine that is measured.
"""

from __future__ import annotations

import asyncio
import base64
import os
import time
from collections import Counter
from typing import Any, cast

import orjson

HEAD = (
    "GET /graphql HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    "sec-websocket-version: 13\r\nsec-websocket-key: {key}\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n"
)
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
# How far into a message its type is.
START = 64
NO_MASK = bytes(4)


class Arrivals:
    """Counts what comes for all listeners of a crowd, and tells when all have it."""

    def __init__(self) -> None:
        self.count = 0
        self.closed: Counter[int] = Counter()
        self.last = 0.0
        self._wanted = 0
        self._all = asyncio.Event()

    def expect(self, more: int) -> None:
        """So many more are to come."""
        self._wanted = self.count + more
        self._all.clear()

    def add(self) -> None:
        """One has come."""
        self.count += 1
        if self.count == self._wanted:
            self.last = time.perf_counter()
            self._all.set()

    async def all(self, *, within: float) -> float:
        """When the last of those that are expected came, by `time.perf_counter`. Raises TimeoutError."""
        async with asyncio.timeout(within):
            await self._all.wait()
        return self.last


class Listener(asyncio.Protocol):
    """One subscriber: upgrades, says who it is, subscribes, and counts."""

    def __init__(self, arrivals: Arrivals, port: int, token: str, payload: dict[str, Any]) -> None:
        self.ready = asyncio.get_running_loop().create_future()
        self.gone = asyncio.get_running_loop().create_future()
        self._arrivals = arrivals
        self._head = HEAD.format(port=port, key=base64.b64encode(os.urandom(16)).decode())
        self._init = {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}
        self._subscribe = {"id": "1", "type": "subscribe", "payload": payload}
        self._buffer = b""
        self._upgraded = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for a WebSocket."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self._head.encode())

    def connection_lost(self, exc: Exception | None) -> None:
        """Tells who waits."""
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("the socket was closed before it was acknowledged"))
        if not self.gone.done():
            self.gone.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Takes whole frames; the rest waits."""
        data = self._buffer + data if self._buffer else data
        if not self._upgraded:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._buffer = head
                return
            self._upgrade(head)
        self._buffer = self._frames(data)

    def _upgrade(self, head: bytes) -> None:
        if not head.startswith(b"HTTP/1.1 101"):
            self.transport.abort()
            return
        self._upgraded = True
        self.say(self._init)

    def _frames(self, data: bytes) -> bytes:
        place = 0
        while len(data) - place >= 2:
            length, start = data[place + 1], place + 2
            if length == 126:
                length, start = int.from_bytes(data[start : start + 2]), start + 2
            elif length == 127:
                length, start = int.from_bytes(data[start : start + 8]), start + 8
            if len(data) < start + length:
                break
            self._take(data[place] & 0x0F, data[start : start + length])
            place = start + length
        return data[place:]

    def _take(self, kind: int, payload: bytes) -> None:
        start = payload[:START]
        if kind == TEXT and b'"next"' in start:
            self._arrivals.add()
        elif kind == TEXT and b'"ping"' in start:
            self.say({"type": "pong"})
        elif kind == TEXT and b'"connection_ack"' in start:
            self.say(self._subscribe)
            self.ready.set_result(None)
        elif kind == PING:
            self._send(PONG, payload)
        elif kind == CLOSE:
            self._arrivals.closed[int.from_bytes(payload[:2])] += 1
            self.transport.close()
        else:
            raise ValueError(f"the gateway says {payload[:300]!r}")

    def say(self, message: dict[str, Any]) -> None:
        """Sends a message of the protocol."""
        self._send(TEXT, orjson.dumps(message))

    def _send(self, kind: int, payload: bytes) -> None:
        # Masked, as a client has to, by zeros, which change nothing.
        length = len(payload)
        size = bytes([0x80 | length]) if length < 126 else bytes([0x80 | 126]) + length.to_bytes(2)
        self.transport.write(bytes([0x80 | kind]) + size + NO_MASK + payload)

    async def leave(self) -> None:
        """Closes the socket in order."""
        self._send(CLOSE, (1000).to_bytes(2))
        async with asyncio.timeout(20):
            await self.gone


async def listen(arrivals: Arrivals, port: int, token: str, payload: dict[str, Any]) -> Listener:
    """A listener that is let in and has subscribed. Raises ConnectionError and TimeoutError."""
    loop = asyncio.get_running_loop()
    _, listener = await loop.create_connection(
        lambda: Listener(arrivals, port, token, payload), "127.0.0.1", port
    )
    async with asyncio.timeout(30):
        await listener.ready
    return listener


async def listen_all(
    arrivals: Arrivals, port: int, tokens: list[str], payload: dict[str, Any], *, at_once: int = 50
) -> list[Listener]:
    """A listener for each token, some at a time."""
    places = asyncio.Semaphore(at_once)

    async def one(token: str) -> Listener:
        async with places:
            return await listen(arrivals, port, token, payload)

    return list(await asyncio.gather(*map(one, tokens)))

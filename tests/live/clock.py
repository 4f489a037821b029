"""Subscriptions whose answers the test itself puts, and a raw client: for tests of the transport alone."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from gateway.events.cursor import BEGINNING, Cursor, Position, decoded_cursor
from gateway.http.connections import Connections
from gateway.live.subscription import Order, Subscription
from gateway.live.watch import watch_of
from tests.gateways import RunningGateway

LOG = "0" * 16
FOLLOW = "subscription { leadStatusChanged { cursor } }"
TRANSPORT = "graphql-transport-ws"


@dataclass
class Clock:
    """A source of subscriptions that runs in the gateway's loop and is told by the test, in another thread."""

    open: set[Subscription] = field(default_factory=set)
    ordered: list[Order] = field(default_factory=list)
    loop: asyncio.AbstractEventLoop | None = None
    _ticks: int = 0

    async def subscribe(self, order: Order) -> Subscription:
        """A subscription to what the test puts from now on. Raises what a malformed or expired cursor raises."""
        self.loop = asyncio.get_running_loop()
        watch = watch_of(order.schema, order.prepared)
        if watch.after is not None:
            decoded_cursor(watch.after)
        subscription = Subscription(order, watch, Cursor(LOG, BEGINNING), self.open.discard)
        self.ordered.append(order)
        self.open.add(subscription)
        return subscription

    def tick(self, text: str = "") -> dict[str, Any]:
        """Puts an answer for all, and gives it."""
        self._ticks += 1
        answer = {"data": {"number": self._ticks, "text": text}}
        written = json.dumps(answer, ensure_ascii=False).encode()
        self.each(lambda item: item.put(Position(self._ticks, 0), written))
        return answer

    def each(self, do: Callable[[Subscription], object]) -> None:
        """Does something with every open subscription, and returns when it is done."""
        done = threading.Event()

        def run() -> None:
            for subscription in list(self.open):
                do(subscription)
            done.set()

        assert self.loop is not None
        self.loop.call_soon_threadsafe(run)
        assert done.wait(10)


class Closed(Exception):
    """The gateway has closed the socket; 1006 where it said nothing."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


@dataclass
class Raw:
    """One WebSocket, on which the test says what it likes."""

    connection: ClientConnection

    async def say(self, message: Mapping[str, Any] | str | bytes) -> None:
        """Sends a message as JSON, or as it is."""
        await self.connection.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def hear(self, seconds: float = 10) -> dict[str, Any]:
        """The next message. Raises `Closed`."""
        try:
            async with asyncio.timeout(seconds):
                heard: dict[str, Any] = json.loads(await self.connection.recv())
        except ConnectionClosed as closed:
            got = closed.rcvd
            raise Closed(1006, "") if got is None else Closed(got.code, got.reason) from None
        return heard

    async def closed(self, seconds: float = 10) -> Closed:
        """How the gateway closes, whatever it says before."""
        async with asyncio.timeout(seconds):
            while True:
                try:
                    await self.hear(seconds)
                except Closed as closed:
                    return closed

    async def subscribe(self, query: str = FOLLOW, id_: str = "1", **variables: Any) -> None:
        """Asks for an operation."""
        await self.say({"id": id_, "type": "subscribe", "payload": {"query": query, "variables": variables}})

    async def init(self, token: str) -> dict[str, Any]:
        """Says who is there; what the gateway says to that."""
        await self.say({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
        return await self.hear()


@asynccontextmanager
async def raw(
    gateway: RunningGateway,
    *protocols: str,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[Raw]:
    """A socket with these subprotocols; acknowledged where a token is given."""
    async with connect(
        f"{gateway.url.replace('http', 'ws', 1)}/graphql",
        subprotocols=[Subprotocol(name) for name in protocols or (TRANSPORT,)],
        additional_headers=dict(headers or {}),
        compression=None,
        ping_interval=None,
        close_timeout=1,
        proxy=None,
    ) as connection:
        socket = Raw(connection)
        if token is not None:
            assert (await socket.init(token))["type"] == "connection_ack"
        yield socket


async def until(condition: Callable[[], object], seconds: float = 10) -> float:
    """How many seconds it took until something was so."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds
        await asyncio.sleep(0.01)
    return time.monotonic() - started


def connections_of(gateway: RunningGateway) -> Connections:
    """What the gateway itself knows of its sockets and streams."""
    app = gateway.server.config.app
    assert isinstance(app, Starlette)
    found: Connections = app.state.connections
    return found

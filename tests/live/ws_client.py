"""A client of graphql-transport-ws on the `websockets` library: it sees the gateway as any program outside does.

`open_socket` is for tests that follow one thing, or say things of their own; `Socket.close` and `Socket.cut` end it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

SUBPROTOCOL = Subprotocol("graphql-transport-ws")
OPEN_SECONDS = 15.0

Answer = dict[str, Any]


class SocketEnded(Exception):
    """The socket is closed, or was never opened: `code` is the other side's, 1006 where it said nothing."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class OperationRefused(Exception):
    """An `error` message: the operation was never begun."""

    def __init__(self, errors: list[Answer]) -> None:
        super().__init__(str(errors))
        self.errors = errors
        self.codes = [error.get("extensions", {}).get("code") for error in errors]


class Socket:
    """One socket that the gateway has acknowledged."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.acknowledged: Answer = {}

    async def say(self, message: Mapping[str, Any]) -> None:
        """Sends one message of the protocol. Raises `SocketEnded`."""
        try:
            await self.connection.send(orjson.dumps(message).decode())
        except ConnectionClosed as closed:
            raise _ended(closed) from None

    async def hear(self) -> Answer:
        """The next message that isn't a ping; pings are answered. Raises `SocketEnded`."""
        while True:
            try:
                message: Answer = orjson.loads(await self.connection.recv(decode=False))
            except ConnectionClosed as closed:
                raise _ended(closed) from None
            if message["type"] != "ping":
                return message
            await self.say({"type": "pong"})

    async def follow(
        self, query: str, variables: Mapping[str, Any] | None = None, *, id_: str = "1"
    ) -> AsyncGenerator[Answer]:
        """The answers to the only operation on this socket. Raises `OperationRefused` and `SocketEnded`."""
        await self.say(
            {"id": id_, "type": "subscribe", "payload": {"query": query, "variables": variables or {}}}
        )
        while True:
            message = await self.hear()
            if message.get("id") != id_:
                continue
            if message["type"] == "next":
                yield message["payload"]
            elif message["type"] == "error":
                raise OperationRefused(message["payload"])
            elif message["type"] == "complete":
                return

    async def close(self) -> None:
        """Leaves as the protocol has it."""
        await self.connection.close()

    def cut(self) -> None:
        """Drops the connection without a word, as a network does."""
        self.connection.transport.abort()


@asynccontextmanager
async def open_socket(url: str, token: str | None, *, max_queue: int = 16) -> AsyncIterator[Socket]:
    """A socket to a gateway's address (`http://…`), acknowledged. Raises `SocketEnded`."""
    try:
        connection = await connect(
            f"{url.replace('http', 'ws', 1)}/graphql",
            subprotocols=[SUBPROTOCOL],
            compression=None,
            open_timeout=OPEN_SECONDS,
            close_timeout=2,
            ping_interval=None,
            max_queue=max_queue,
            proxy=None,
        )
    except (OSError, InvalidHandshake, EOFError) as error:
        raise SocketEnded(1006, repr(error)) from None
    socket = Socket(connection)
    try:
        payload = {} if token is None else {"authorization": f"Bearer {token}"}
        await socket.say({"type": "connection_init", "payload": payload})
        socket.acknowledged = await socket.hear()
        yield socket
    finally:
        await connection.close()


def _ended(closed: ConnectionClosed) -> SocketEnded:
    received = closed.rcvd
    return SocketEnded(1006, "") if received is None else SocketEnded(received.code, received.reason)

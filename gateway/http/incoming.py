"""One HTTP request as `/graphql` reads it: its headers are looked through once, its body is read once."""

from __future__ import annotations

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope


class Incoming:
    """A request of an ASGI server. Names of headers are in lower case."""

    __slots__ = ("_headers", "_receive", "method", "scope")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        # A WebSocket begins as a GET, and its scope says no more of that.
        self.method: str = scope.get("method", "GET")
        self._receive = receive
        headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            if name in headers:
                headers[name].append(value)
            else:
                headers[name] = [value]
        self._headers = headers

    @property
    def request_id(self) -> str:
        """The id that `RequestIds` gave it."""
        return str(self.scope["state"]["request_id"])

    @property
    def is_get(self) -> bool:
        """Whether it is a GET, or a HEAD: that is a GET of which the server keeps the body to itself."""
        return self.method in {"GET", "HEAD"}

    def header(self, name: bytes) -> str | None:
        """The header, the first where there are several; None where there is none."""
        found = self._headers.get(name)
        return None if found is None else found[0].decode("latin-1")

    def all(self, name: bytes) -> list[str]:
        """Each header of that name, in the order in which they came."""
        return [value.decode("latin-1") for value in self._headers.get(name, ())]

    def joined(self, name: bytes) -> str | None:
        """All headers of that name as one, as HTTP has it; None where there is none."""
        return ", ".join(self.all(name)) if name in self._headers else None

    async def body(self, most: int) -> bytes | None:
        """The whole body; None as soon as it has more than `most` bytes. Raises ClientDisconnect."""
        message = await self._message()
        body: bytes = message.get("body", b"")
        if not message.get("more_body", False):
            return body if len(body) <= most else None
        parts = bytearray(body)
        while message.get("more_body", False):
            if len(parts) > most:
                return None
            message = await self._message()
            parts += message.get("body", b"")
        return bytes(parts) if len(parts) <= most else None

    async def gone(self) -> None:
        """Returns when the client has gone away. To be asked for once the body has been read."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _message(self) -> Scope:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        return message

"""The peer as an ASGI application; `python -m benchmarks.peers.strawberry.app` serves it."""

from __future__ import annotations

from typing import Any

import orjson
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL

from benchmarks.peer_settings import PeerSettings, read_peer_settings
from benchmarks.peers.strawberry.batches import Loaders
from benchmarks.peers.strawberry.database import Database
from benchmarks.peers.strawberry.schema import Context, schema
from benchmarks.peers.strawberry.session import Sessions, UnauthenticatedError


class Endpoint(GraphQL[Context, None]):
    """Strawberry's own endpoint, with the caller in its context."""

    def __init__(self, settings: PeerSettings) -> None:
        super().__init__(schema, graphql_ide=None)
        self._database = Database(settings)
        self._sessions = Sessions(self._database, settings)

    def encode_json(self, data: object) -> bytes:
        """JSON by orjson, as Strawberry's documentation recommends for speed."""
        return orjson.dumps(data)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """What one request carries."""
        del response
        caller = await self._sessions.authenticate(request.headers.get("authorization"))
        return Context(self._database, caller, Loaders(self._database))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers a request; 401 where nobody is known to be asking."""
        if scope["type"] == "lifespan":
            return
        try:
            await super().__call__(scope, receive, send)
        except UnauthenticatedError:
            await PlainTextResponse("Log in.", 401)(scope, receive, send)


def main() -> None:
    """Serves on a loopback port."""
    settings = read_peer_settings()
    uvicorn.run(
        Endpoint(settings),
        host="127.0.0.1",
        port=settings.port,
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        lifespan="off",
    )


if __name__ == "__main__":
    main()

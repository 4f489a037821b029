"""F3: the hand-written answers behind a bare ASGI application, `POST /<operation>` with the variables as JSON."""

from __future__ import annotations

from typing import Any

import orjson
import uvicorn

from benchmarks.floors import FLOORS, Drivers, open_drivers
from benchmarks.peer_settings import PeerSettings, read_peer_settings

HEADERS = [(b"content-type", b"application/json")]


class FloorServer:
    """Takes requests, gives answers; nothing in between."""

    def __init__(self, settings: PeerSettings) -> None:
        self._settings = settings
        self._drivers: Drivers | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request, or the start of the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        assert self._drivers is not None
        message = await receive()
        body = message["body"]
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        answer = await FLOORS[scope["path"][1:]].answer(self._drivers, orjson.loads(body)["variables"])
        length = (b"content-length", b"%d" % len(answer))
        await send({"type": "http.response.start", "status": 200, "headers": [*HEADERS, length]})
        await send({"type": "http.response.body", "body": answer})

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        self._drivers = await open_drivers(self._settings)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._drivers.close()
        await send({"type": "lifespan.shutdown.complete"})


def main() -> None:
    """Serves on a loopback port."""
    settings = read_peer_settings()
    uvicorn.run(
        FloorServer(settings),
        host="127.0.0.1",
        port=settings.port,
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
    )


if __name__ == "__main__":
    main()

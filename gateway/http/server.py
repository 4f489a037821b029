"""How uvicorn serves the gateway: what `gateway serve`, the demo and the tests have in common."""

from __future__ import annotations

import asyncio
import socket
from asyncio import BaseTransport
from typing import Any, cast

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.settings import Settings

# What was sent to a client and is neither acknowledged nor taken for so long was sent to nobody.
DEAF_SECONDS = 30


class Connection(HttpToolsProtocol):
    """One connection, before it may become a WebSocket's.

    The kernel gives up on a client that has vanished, or doesn't read, with nothing else to tell; and whoever serves a
    request can cut its connection off, by `abort`.
    """

    def connection_made(self, transport: BaseTransport) -> None:
        """The server has accepted it."""
        made = cast(asyncio.Transport, transport)
        super().connection_made(made)
        self.app_state = {**self.app_state, "abort": made.abort}
        plain: socket.socket | None = transport.get_extra_info("socket")
        if plain is not None and plain.family in {socket.AF_INET, socket.AF_INET6}:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAF_SECONDS * 1000)


def abort(scope: Scope) -> bool:
    """Cuts a connection off, with what is still to be sent; False under a server that doesn't let us."""
    cut = scope.get("state", {}).get("abort")
    if cut is None:
        return False
    cut()
    return True


def server_options(settings: Settings) -> dict[str, Any]:
    """The options of uvicorn that decide how clients are served."""
    return {
        "loop": "uvloop",
        "http": Connection,
        "ws": "websockets-sansio",
        "ws_max_size": settings.max_body_bytes,
        # The protocol has pings of its own, which tell also whether the client's program lives.
        "ws_ping_interval": None,
        "ws_ping_timeout": None,
        # Messages are small and many, and the same for many: compressing each of them for each socket would cost more
        # than all else, and 100 kB of memory a socket.
        "ws_per_message_deflate": False,
        "log_level": "warning",
        "server_header": False,
        # Whose address a request has is decided by GATEWAY_TRUSTED_PROXIES alone.
        "proxy_headers": False,
    }

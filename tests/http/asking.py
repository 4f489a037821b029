"""How the tests of this folder send a request as it is, and what they read of an answer."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from tests.gateways import REQUEST_ID, RunningGateway
from tests.servers.mysql_like import MySQLLikeServer

PATIENCE = 20.0
JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
TYPENAME = b'{"query":"{ __typename }"}'


def send(
    gateway: RunningGateway,
    method: str = "POST",
    *,
    body: bytes | None = TYPENAME,
    address: str = "/graphql",
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    """A request with no headers but the given ones; a header of "" is not sent at all, JSON is what a POST says."""
    given = {name.lower(): value for name, value in (headers or {}).items()}
    if method == "POST":
        given.setdefault("content-type", JSON)
    request = gateway.client.build_request(
        method, address, content=body if method == "POST" else None, headers=given
    )
    for name in ("accept", "accept-encoding", "user-agent", "content-type"):
        if not given.get(name) and name in request.headers:
            del request.headers[name]
    return gateway.client.send(request)


def errors(answer: httpx.Response) -> list[dict[str, Any]]:
    """The errors of an answer."""
    found: list[dict[str, Any]] = answer.json()["errors"]
    return found


def code(answer: httpx.Response) -> str:
    """The code of an answer's only error."""
    (error,) = errors(answer)
    return str(error["extensions"]["code"])


def bearer(token: str) -> dict[str, str]:
    """The header that says who is asking, with a fixed request id."""
    return {"authorization": f"Bearer {token}".strip(), "x-request-id": REQUEST_ID}


def ask(
    gateway: RunningGateway,
    query: str,
    variables: Mapping[str, Any] | None = None,
    *,
    token: str | None = None,
) -> httpx.Response:
    """A query as the holder of a token, or as nobody."""
    headers = {"x-request-id": REQUEST_ID} if token is None else bearer(token)
    body = json.dumps({"query": query, "variables": variables or {}}).encode()
    return send(gateway, body=body, headers=headers)


def ask_and_leave(
    gateway: RunningGateway,
    query: str,
    variables: Mapping[str, Any] | None = None,
    *,
    token: str | None = None,
    once: Callable[[], bool],
) -> None:
    """Asks a query, and goes away without an answer once a condition holds, which says that the gateway is at it."""
    body = json.dumps({"query": query, "variables": variables or {}}).encode()
    headers = {"host": "x", "content-type": JSON, "content-length": str(len(body))}
    headers |= {} if token is None else bearer(token)
    lines = ["POST /graphql HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    with socket.create_connection(("127.0.0.1", gateway.settings.port), timeout=PATIENCE) as connection:
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        deadline = time.monotonic() + PATIENCE
        while not once():
            assert time.monotonic() < deadline
            time.sleep(0.02)


def somebody_waits(server: MySQLLikeServer) -> bool:
    """Whether a statement on a server waits for a table that somebody else has locked."""
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from information_schema.processlist where state like 'Waiting for table%'"
        )
        (count,) = cursor.fetchone() or (0,)
    return bool(count)

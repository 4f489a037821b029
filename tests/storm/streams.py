"""The two ways to follow: a WebSocket, and server-sent events. Both give answers, or raise `StreamEnded`, `Refused`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, Protocol

import httpx
import orjson

from tests.live.ws_client import OperationRefused, SocketEnded, open_socket

# A comment comes every 12 s.
SILENCE_SECONDS = 30.0

Answer = dict[str, Any]


class StreamEnded(Exception):
    """The connection is gone, by whoever's doing; `code` says how."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Refused(Exception):
    """The gateway says why it won't: codes of errors."""

    def __init__(self, codes: list[str | None], said: object) -> None:
        super().__init__(str(said))
        self.codes = codes


class Stream(Protocol):
    """One connection's worth of answers. `on_open` is given what drops it without a word, where that can be."""

    def __call__(
        self,
        url: str,
        token: str,
        query: str,
        variables: Mapping[str, Any],
        on_open: Callable[[Callable[[], None]], None],
        /,
    ) -> AsyncGenerator[Answer]: ...


async def over_socket(
    url: str,
    token: str,
    query: str,
    variables: Mapping[str, Any],
    on_open: Callable[[Callable[[], None]], None],
) -> AsyncGenerator[Answer]:
    """By graphql-transport-ws."""
    try:
        async with open_socket(url, token) as socket:
            on_open(socket.cut)
            async for answer in socket.follow(query, variables):
                yield answer
    except SocketEnded as ended:
        raise StreamEnded(str(ended.code)) from None
    except OperationRefused as refused:
        raise Refused(refused.codes, refused.errors) from None
    raise StreamEnded("complete")


async def over_events(
    url: str,
    token: str,
    query: str,
    variables: Mapping[str, Any],
    _: Callable[[Callable[[], None]], None],
) -> AsyncGenerator[Answer]:
    """By graphql-sse, each stream on a connection of its own."""
    body = orjson.dumps({"query": query, "variables": variables})
    headers = {
        "accept": "text/event-stream",
        "content-type": "application/json",
        "authorization": f"Bearer {token}",
    }
    try:
        async with (
            httpx.AsyncClient(timeout=SILENCE_SECONDS) as client,
            client.stream("POST", f"{url}/graphql", content=body, headers=headers) as response,
        ):
            if response.status_code != 200:
                raise _refusal(orjson.loads(await response.aread()))
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    yield orjson.loads(line[6:])
                elif line == "event: complete":
                    raise StreamEnded("complete")
    except (httpx.HTTPError, OSError) as error:
        raise StreamEnded(type(error).__name__) from None
    raise StreamEnded("end of stream")


def refused_in(answer: Answer) -> Refused | None:
    """Where an answer has no data, why."""
    return _refusal(answer) if answer.get("data") is None else None


def _refusal(answer: Answer) -> Refused:
    errors = answer.get("errors", [])
    return Refused([error.get("extensions", {}).get("code") for error in errors], errors)

"""graphql-transport-ws as text: what a client's messages mean, and how the gateway's are written. Pure.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.http.asked import Asked, BadRequest, asked_of

SUBPROTOCOL = "graphql-transport-ws"
LONGEST_ID = 255
PING = '{"type":"ping"}'


class Broken(Exception):
    """A message that the protocol doesn't know; its text says what to send instead."""


@dataclass(frozen=True, slots=True)
class Init:
    """The client says who it is."""

    authorization: str | None


@dataclass(frozen=True, slots=True)
class Ping:
    """The client asks for a sign of life, or renews its access token."""

    payload: Mapping[str, Any] | None

    @property
    def authorization(self) -> str | None:
        """The newer token; None where it only asks for a sign of life."""
        return _authorization(self.payload)


@dataclass(frozen=True, slots=True)
class Pong:
    """The client lives."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """The client wants an operation carried out, of whatever kind."""

    id: str
    asked: Asked


@dataclass(frozen=True, slots=True)
class Complete:
    """The client wants no more of an operation."""

    id: str


Message = Init | Ping | Pong | Subscribe | Complete


def message_of(text: str | None) -> Message:
    """What a client says; `text` is None where it sent bytes. Raises `Broken`."""
    if text is None:
        raise Broken("Messages are JSON, sent as text, not bytes.")
    try:
        given = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Broken("A message must be JSON.") from None
    read = _KINDS.get(_of(given, "type")) if isinstance(given, dict) else None
    if read is None:
        raise Broken("`type` is connection_init, subscribe, complete, ping or pong.")
    return read(given)


def _init(given: Mapping[str, Any]) -> Init:
    return Init(_authorization(_payload(given)))


def _ping(given: Mapping[str, Any]) -> Ping:
    return Ping(_payload(given))


def _pong(given: Mapping[str, Any]) -> Pong:
    _payload(given)
    return Pong()


def _subscribe(given: Mapping[str, Any]) -> Subscribe:
    id_, payload = _id(given), _payload(given)
    if payload is None:
        raise Broken("`payload` must be there, with the `query`.")
    try:
        return Subscribe(id_, asked_of(payload))
    except BadRequest as error:
        raise Broken(error.message) from None


def _complete(given: Mapping[str, Any]) -> Complete:
    return Complete(_id(given))


def _id(given: Mapping[str, Any]) -> str:
    id_ = _of(given, "id")
    if not 0 < len(id_) <= LONGEST_ID:
        raise Broken(f"`id` must be a text of 1 to {LONGEST_ID} characters.")
    return id_


def _payload(given: Mapping[str, Any]) -> Mapping[str, Any] | None:
    payload = given.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise Broken("`payload` must be an object.")
    return payload


def _authorization(payload: Mapping[str, Any] | None) -> str | None:
    """What stands for the `Authorization` header, which a browser can't send with a WebSocket."""
    given = payload or {}
    return _of(given, "authorization") or _of(given, "Authorization") or None


def _of(given: Mapping[str, Any], name: str) -> str:
    """A text; "" where there is none."""
    value = given.get(name)
    return value if isinstance(value, str) else ""


_KINDS: Mapping[str, Callable[[Mapping[str, Any]], Message]] = {
    "connection_init": _init,
    "ping": _ping,
    "pong": _pong,
    "subscribe": _subscribe,
    "complete": _complete,
}


def ack(payload: Mapping[str, Any]) -> str:
    """The gateway knows the client, and serves it from now on."""
    return _written({"type": "connection_ack", "payload": payload})


def pong(payload: Mapping[str, Any] | None) -> str:
    """The gateway lives."""
    return _written({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})


def next_head(id_: str) -> str:
    """What stands before an answer of an operation; what stands behind it is `NEXT_TAIL`.

    Apart from the answer itself, so that one of them goes out to a thousand sockets by putting three texts together.
    """
    return f'{{"id":{_written(id_)},"type":"next","payload":'


NEXT_TAIL = "}"


def error(id_: str, errors: bytes) -> str:
    """An operation that couldn't be executed, or goes on no longer; `errors` is a list as JSON."""
    return f'{{"id":{_written(id_)},"type":"error","payload":{errors.decode()}}}'


def complete(id_: str) -> str:
    """An operation has come to its end."""
    return f'{{"id":{_written(id_)},"type":"complete"}}'


def _written(value: Any) -> str:
    return orjson.dumps(value).decode()

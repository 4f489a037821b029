"""The change log, as far as reading needs it: where it stands now.

On Redis it is a stream that every worker reads; on the embedded estate it lives in this process.
"""

from __future__ import annotations

import base64
from typing import Protocol

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from gateway.errors import Code, GatewayError

STREAM = "iperform-gateway:events"
BEGINNING = "0-0"


class Bus(Protocol):
    """A log of events."""

    async def position(self) -> str:
        """The position of the newest event, as a cursor to subscribe from. Raises SOURCE_UNAVAILABLE."""
        ...

    async def version(self) -> str:
        """What carries the log, asked now. Raises SOURCE_UNAVAILABLE."""
        ...

    async def close(self) -> None:
        """Gives back every connection."""
        ...


def event_cursor(position: str) -> str:
    """A position in the log as clients hold it."""
    return base64.urlsafe_b64encode(f"event:{position}".encode()).decode().rstrip("=")


class MemoryBus:
    """The log of a single process. Empty at the start: nothing from before it can be replayed."""

    def __init__(self) -> None:
        self._newest = BEGINNING

    async def position(self) -> str:
        """The position of the newest event."""
        return event_cursor(self._newest)

    async def version(self) -> str:
        """Always there."""
        return "in process"

    async def close(self) -> None:
        """Nothing to give back."""


class RedisBus:
    """The log of all workers, a stream in Redis."""

    def __init__(self, dsn: str, *, connect_seconds: float, answer_seconds: float) -> None:
        self._newest: str | None = None
        self._redis: Redis = Redis.from_url(
            dsn,
            socket_connect_timeout=connect_seconds,
            socket_timeout=answer_seconds,
            # The time limits are those of the whole wait, not of one of several attempts.
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )

    async def position(self) -> str:
        """The position of the newest event; the beginning where there is none yet.

        While Redis is away it is the newest position that this process has seen: older than now, so whoever follows
        from there misses nothing. Raises SOURCE_UNAVAILABLE where there is none.
        """
        try:
            newest = await self._redis.xrevrange(STREAM, count=1)
        except (RedisError, OSError) as error:
            if self._newest is None:
                raise _unavailable() from error
            return event_cursor(self._newest)
        self._newest = str(newest[0][0]) if newest else BEGINNING
        return event_cursor(self._newest)

    async def version(self) -> str:
        """The server's version."""
        try:
            found = await self._redis.info("server")
        except (RedisError, OSError) as error:
            raise _unavailable() from error
        return f"Redis {found['redis_version']}"

    async def close(self) -> None:
        """Gives back every connection."""
        await self._redis.aclose()


def _unavailable() -> GatewayError:
    return GatewayError(
        Code.SOURCE_UNAVAILABLE, "The change log can't be reached right now; ask again in a moment."
    )


def open_bus(dsn: str, *, connect_seconds: float, answer_seconds: float) -> Bus:
    """The log that a DSN names: `redis://…` or `memory:`. Raises ValueError."""
    if dsn.startswith(("redis://", "rediss://")):
        return RedisBus(dsn, connect_seconds=connect_seconds, answer_seconds=answer_seconds)
    if dsn == "memory:":
        return MemoryBus()
    raise ValueError("the events DSN must be redis://host:port/db or memory:")

"""Commands to the Redis that holds the log of events: none takes longer than its limit, and every failure has a code.

Used by `redis_bus.py` and `lease.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from math import inf
from typing import Any, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from gateway.errors import Code, GatewayError

# Connections that one process asks over at once; who comes later waits, within the same limit.
MOST_AT_ONCE = 16
# Waits have a connection each. Who comes when there are so many looks again soon instead.
MOST_WAITING = 32
SECONDS_BETWEEN_LOOKS = 0.05
# How long a wait for entries may stay with the server before it is asked anew.
LONGEST_WAIT = 2.0


class RedisCommands:
    """Scripts and waits. Every method raises SOURCE_UNAVAILABLE; its cause is the reason, for the log."""

    def __init__(self, dsn: str, *, connect_seconds: float, answer_seconds: float) -> None:
        self._seconds = connect_seconds + answer_seconds
        self._redis = _client(dsn, connect_seconds, answer_seconds)
        # A wait has connections of its own: nothing else stands in line behind it.
        self._waiting = _client(dsn, connect_seconds, answer_seconds + LONGEST_WAIT)
        self._waits = 0
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)
        self._scripts: dict[str, AsyncScript] = {}

    async def run(
        self, script: str, keys: Sequence[str], *arguments: str | int | bytes, seconds: float = inf
    ) -> Any:
        """Runs a Lua script, known to the server by its digest; at most so many seconds, and never past the limit."""
        prepared = self._scripts.get(script)
        if prepared is None:
            prepared = self._scripts[script] = self._redis.register_script(script)
        async with self._limited(seconds), self._turns:
            return await prepared(keys=keys, args=arguments)

    async def fields(self, key: str, *names: str) -> Sequence[str | None]:
        """Fields of a hash."""
        async with self._limited(), self._turns:
            return cast("list[str | None]", await self._redis.hmget(key, list(names)))

    async def wait(self, stream: str, after: str, seconds: float) -> None:
        """Waits until a stream may have an entry after a position, at most so long and at most `LONGEST_WAIT`."""
        if self._waits >= MOST_WAITING:
            await asyncio.sleep(min(seconds, SECONDS_BETWEEN_LOOKS))
            return
        milliseconds = max(1, int(1000 * min(seconds, LONGEST_WAIT)))
        self._waits += 1
        try:
            async with self._limited(more=LONGEST_WAIT):
                await self._waiting.xread({stream: after}, count=1, block=milliseconds)
        finally:
            self._waits -= 1

    async def version(self) -> str:
        """The server's version."""
        async with self._limited(), self._turns:
            found = await self._redis.info("server")
        return f"Redis {found['redis_version']}"

    async def close(self) -> None:
        """Gives back every connection."""
        await self._redis.aclose()
        await self._waiting.aclose()

    @asynccontextmanager
    async def _limited(self, seconds: float = inf, *, more: float = 0) -> AsyncIterator[None]:
        # Connecting, the handshake and the answer have a limit each; this is the one of all of them together. The
        # client drops a connection on which a command was cancelled or failed.
        try:
            async with asyncio.timeout(min(seconds, self._seconds + more)):
                yield
        except (RedisError, OSError) as error:
            raise _unavailable() from error


def _client(dsn: str, connect_seconds: float, answer_seconds: float) -> Redis:
    return Redis.from_url(
        dsn,
        socket_connect_timeout=connect_seconds,
        socket_timeout=answer_seconds,
        # The time limits are those of the whole wait, not of one of several attempts.
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
        # Only with this protocol does the pool look whether a connection was closed meanwhile before it gives it out.
        protocol=2,
    )


def _unavailable() -> GatewayError:
    return GatewayError(
        Code.SOURCE_UNAVAILABLE, "The change log can't be reached right now; ask again in a moment."
    )

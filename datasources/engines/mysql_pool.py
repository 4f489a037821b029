"""A pool of driver connections for MySQL and MariaDB; `mysql.py` lends from it and says which may come back.

SQLAlchemy's async pool costs a tenth of a millisecond and several task switches a lease. The drivers' own pools give
back what is out of step with its server, don't say how old a connection is, and lend the one that has idled longest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from datasources.engines.deadline import within

_CLOSE_SECONDS = 1.0


@dataclass(slots=True, eq=False)
class Pooled:
    """A connection of a driver, when it was opened, and when it was last lent, by the monotonic clock."""

    driver: Any
    opened_at: float = field(default_factory=monotonic)
    lent_at: float = field(default_factory=monotonic)


class ConnectionPool:
    """At most `size` connections, none older than `recycle` seconds as it is lent; the last one used comes first."""

    def __init__(self, connect: Callable[[], Awaitable[Any]], *, size: int, recycle: float) -> None:
        self._connect = connect
        self._recycle = recycle
        self._places = asyncio.Semaphore(size)
        self._idle: list[Pooled] = []
        self._closed = False
        self.lent = 0  # or about to be opened

    @property
    def idle(self) -> int:
        """How many connections wait to be lent."""
        return len(self._idle)

    async def take_idle(self, *, unless_before: float) -> Pooled | None:
        """A connection without any waiting, if one is idle that was last lent at `unless_before` or later."""
        if not self._idle or self._places.locked():
            return None
        pooled = self._idle[-1]
        now = monotonic()
        if pooled.lent_at < unless_before or now - pooled.opened_at > self._recycle:
            return None
        await self._acquire()  # which is no wait, as a place is free
        self._idle.pop()
        pooled.lent_at = now
        return pooled

    async def take(self) -> Pooled:
        """An idle connection, or a new one; waits for a place. The caller gives it back, or drops it."""
        await self._acquire()
        try:
            while self._idle:
                pooled = self._idle.pop()
                if not self._is_old(pooled):
                    return pooled
                pooled.driver.close()
            return Pooled(await self._connect())
        except BaseException:
            self._release()
            raise

    def give_back(self, pooled: Pooled) -> None:
        """Takes back a connection that is in step with its server."""
        if self._closed:
            self.drop(pooled)
            return
        self._release()
        self._idle.append(pooled)

    def drop(self, pooled: Pooled) -> None:
        """Ends a connection at once: a polite goodbye would wait for a server that may not answer."""
        self._release()
        pooled.driver.close()

    async def close(self) -> None:
        """Ends the idle connections; those that are lent end as they come back."""
        self._closed = True
        idle, self._idle = self._idle, []
        await asyncio.gather(*(_say_goodbye(pooled.driver) for pooled in idle))

    async def _acquire(self) -> None:
        await self._places.acquire()
        self.lent += 1

    def _release(self) -> None:
        self._places.release()
        self.lent -= 1

    def _is_old(self, pooled: Pooled) -> bool:
        return monotonic() - pooled.opened_at > self._recycle


async def _say_goodbye(driver: Any) -> None:
    with suppress(Exception):
        await within(_CLOSE_SECONDS, driver.ensure_closed())
    driver.close()

"""Logs of events opened for a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.events.bounds import Bounds
from gateway.events.bus import Bus, Writer
from gateway.events.lease import Lease
from gateway.events.opening import open_log

WIDE = Bounds(entries=1_000_000, seconds=86_400)
ANSWER_SECONDS = 1.0


@dataclass(frozen=True)
class Log:
    """A log, and the right to add to it."""

    bus: Bus
    lease: Lease

    async def writer(self) -> Writer:
        """Whoever may add now, standing where the one before left off."""
        writer = await self.lease.take()
        assert writer is not None
        await writer.standing()
        return writer

    async def begun(self, place: str = "0") -> Writer:
        """The writer of a new log."""
        writer = await self.writer()
        await writer.begin(place)
        return writer


@asynccontextmanager
async def opened(
    dsn: str, bounds: Bounds = WIDE, *, answer_seconds: float = ANSWER_SECONDS
) -> AsyncIterator[Log]:
    """A log, closed afterwards."""
    bus, lease = open_log(dsn, bounds=bounds, connect_seconds=1.0, answer_seconds=answer_seconds)
    try:
        yield Log(bus, lease)
    finally:
        await lease.give_back()
        await bus.close()

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
# Of those who are to notice that Redis stands still.
ANSWER_SECONDS = 1.0
# Of all others: a busy machine may keep Redis, or this process, waiting.
PATIENT_SECONDS = 10.0
# Of those who write for longer than a lease lasts that nobody keeps.
LEASE_MILLISECONDS = 120_000


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
    dsn: str, bounds: Bounds = WIDE, *, answer_seconds: float = PATIENT_SECONDS
) -> AsyncIterator[Log]:
    """A log, closed afterwards."""
    bus, lease = open_log(dsn, bounds=bounds, connect_seconds=answer_seconds, answer_seconds=answer_seconds)
    try:
        yield Log(bus, lease)
    finally:
        await lease.give_back()
        await bus.close()

"""Adds what the gateway itself changes to the log, where no capture sees it: on the embedded estate.

Called once a change is committed, so that what is told has happened. Used by `services.py`.
"""

from __future__ import annotations

import asyncio
import time

import structlog

from gateway.errors import GatewayError
from gateway.events.bus import Captured, LeaseLost, Writer
from gateway.events.capturing import APPENDED
from gateway.events.event import StatusEvent
from gateway.events.gathered import ended
from gateway.events.lease import Lease

log = structlog.get_logger(__name__)

PLACE = "own writes"
# Another process has the lease for as long as it adds one event.
PATIENCE_SECONDS = 3.0
PAUSE_SECONDS = 0.02


class OwnWrites:
    """Tells of changes in the order in which they are announced."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._turn = asyncio.Lock()
        self._has_gap = False
        self._beginning: asyncio.Task[None] | None = None

    async def announce(self, event: StatusEvent) -> None:
        """Adds a change that is committed. Doesn't fail: the change has been made, whoever can or can't be told of it.

        What couldn't be told is a gap in the log: the next change begins a new one, and whoever follows is told so.
        """
        async with self._turn:
            try:
                await self._add(event)
            except (GatewayError, LeaseLost) as error:
                self._has_gap = True
                log.error("a change couldn't be added to the log of events", reason=str(error))

    def start(self) -> None:
        """Begins the log where there is none yet, so that there is something to follow."""
        self._beginning = asyncio.create_task(self._begin())

    async def close(self) -> None:
        """Ends what is still going on."""
        if self._beginning is not None:
            await ended(self._beginning)

    async def _begin(self) -> None:
        async with self._turn:
            try:
                await self._writer()
                await self._lease.give_back()
            except (GatewayError, LeaseLost) as error:
                log.warning("the log of events couldn't be begun", reason=str(error))

    async def _add(self, event: StatusEvent) -> None:
        writer = await self._writer()
        try:
            await writer.append([Captured((event,), PLACE)])
            APPENDED.labels(event.subject.value).inc()
        finally:
            await self._lease.give_back()

    async def _writer(self) -> Writer:
        patience = time.monotonic() + PATIENCE_SECONDS
        while (writer := await self._lease.take()) is None:
            if time.monotonic() > patience:
                raise LeaseLost("another process has it for too long")
            await asyncio.sleep(PAUSE_SECONDS)
        standing = await writer.standing()
        if standing.log is None or self._has_gap:
            await writer.begin(PLACE)
            self._has_gap = False
        return writer

"""The live end of the log, read once for all who follow it in this process.

The delivery in `gateway/live` takes the stretches and hands them out; whoever comes with an older cursor reads what is
before `head` from the bus itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import structlog

from gateway.errors import Code, GatewayError
from gateway.events.bus import Bus, Stretch
from gateway.events.cursor import Cursor

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 1_000
# The end of a log is noticed after so long at the latest; entries wake whoever waits at once.
WAIT_SECONDS = 1.0
SHORTEST_PAUSE = 0.1
LONGEST_PAUSE = 1.0


class Feed:
    """What is new in the log, for one taker."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._head: Cursor | None = None
        self._failures = 0

    @property
    def head(self) -> Cursor | None:
        """Up to where stretches were given, the one in the taker's hands included. None until it is known."""
        return self._head

    async def live(self) -> AsyncGenerator[Stretch, None]:
        """Every stretch from the end of the log on, or from `head` where there is one, for ever and in order.

        The first, and any without entries, only says where the head is. While the log can't be reached it goes on
        waiting. Raises CURSOR_EXPIRED where the log has ended, or more was given up than was read: asked again, it
        begins at the end of the log that there is then.
        """
        while True:
            stretch = await self._next()
            self._head = Cursor(stretch.log, stretch.end)
            yield stretch

    async def _next(self) -> Stretch:
        while True:
            try:
                stretch = await self._read()
            except GatewayError as error:
                if error.code is not Code.SOURCE_UNAVAILABLE:
                    self._head = None
                    raise
                await asyncio.sleep(self._failed(error))
                continue
            self._came_back()
            if stretch is not None:
                return stretch

    async def _read(self) -> Stretch | None:
        if self._head is None:
            here = await self._bus.here()
            return Stretch(here.log, (), here.position)
        stretch = await self._bus.read(self._head, most=MOST_AT_ONCE, wait_seconds=WAIT_SECONDS)
        return stretch if stretch.entries else None

    def _failed(self, error: GatewayError) -> float:
        if self._failures == 0:
            log.warning("the change log can't be followed right now", reason=str(error.__cause__ or error))
        self._failures += 1
        return min(LONGEST_PAUSE, SHORTEST_PAUSE * self._failures)

    def _came_back(self) -> None:
        if self._failures:
            log.info("the change log is followed again", failures=self._failures)
        self._failures = 0

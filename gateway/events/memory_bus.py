"""The log of events of a single process, and the one who adds to it: that of the embedded estate.

Opened by `opening.py`. It begins with the process: nothing from before it can be replayed.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from operator import attrgetter

from gateway.events.bounds import Bounds
from gateway.events.bus import Captured, Entry, Standing, Stretch
from gateway.events.cursor import BEGINNING, Cursor, Position, expired

_POSITION = attrgetter("position")


class MemoryBus:
    """The log, in memory. Read and written in one event loop."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._changed = asyncio.Condition()
        self._place: str | None = None
        self._start_anew()

    async def position(self) -> str:
        """The position of the newest event."""
        return (await self.here()).encoded()

    async def here(self) -> Cursor:
        """The position of the newest event."""
        return Cursor(self._log, self._last)

    async def read(self, after: Cursor, *, most: int, wait_seconds: float = 0) -> Stretch:
        """At most so many entries after a cursor, waiting for the first one at most so long."""
        if wait_seconds > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_seconds), self._changed:
                    await self._changed.wait_for(lambda: self._is_beyond(after))
        if after.log != self._log or after.position < self._trimmed:
            raise expired()
        first = bisect_right(self._entries, after.position, key=_POSITION)
        entries = tuple(self._entries[first : first + most])
        return Stretch(self._log, entries, entries[-1].position if entries else after.position)

    async def version(self) -> str:
        """Always there."""
        return "in process"

    async def close(self) -> None:
        """Nothing to give back."""

    def writer(self) -> MemoryWriter:
        """The one who adds to it."""
        return MemoryWriter(self)

    def standing(self) -> Standing:
        """What the capture has left here."""
        return Standing(self._log, self._place)

    async def begin(self, place: str) -> None:
        """Starts a new log."""
        async with self._changed:
            self._start_anew()
            self._place = place
            self._changed.notify_all()

    async def add(self, captured: Sequence[Captured]) -> None:
        """Adds what isn't there yet."""
        async with self._changed:
            for transaction in captured:
                self._add(transaction)
            self.trim()
            self._changed.notify_all()

    def trim(self) -> None:
        """Gives up what is older, or more, than the bounds allow."""
        over = len(self._entries) - self._bounds.entries
        before = time.monotonic() - self._bounds.seconds
        first = max(bisect_right(self._added, before), over if over > self._bounds.slack else 0)
        if first:
            self._trimmed = self._entries[first - 1].position
            del self._entries[:first]
            del self._added[:first]

    def _start_anew(self) -> None:
        self._log = secrets.token_hex(8)
        self._entries: list[Entry] = []
        self._added: list[float] = []
        self._last = self._trimmed = BEGINNING

    def _add(self, transaction: Captured) -> None:
        major = self._last.major + 1 if transaction.order is None else transaction.order
        for minor, event in enumerate(transaction.events):
            position = Position(major, minor)
            if position > self._last:
                self._entries.append(Entry(position, event))
                self._added.append(time.monotonic())
                self._last = position
        self._place = transaction.place

    def _is_beyond(self, cursor: Cursor) -> bool:
        return cursor.log != self._log or cursor.position < self._last


class MemoryWriter:
    """Adds to the log of its own process."""

    def __init__(self, bus: MemoryBus) -> None:
        self._bus = bus

    async def standing(self) -> Standing:
        """Where it left off. The log is there from the start, the place from the first that was captured."""
        return self._bus.standing()

    async def begin(self, place: str) -> None:
        """Starts a new log."""
        await self._bus.begin(place)

    async def append(self, captured: Sequence[Captured]) -> None:
        """Adds events and remembers the last place."""
        await self._bus.add(captured)

    async def trim(self) -> None:
        """Gives up what is older, or more, than the bounds allow."""
        self._bus.trim()


class MemoryLease:
    """The right to add, which the only process has for ever."""

    def __init__(self, bus: MemoryBus) -> None:
        self._bus = bus

    async def take(self) -> MemoryWriter:
        """The writer."""
        return self._bus.writer()

    async def keep(self) -> None:
        """Never ends by itself."""
        await asyncio.Event().wait()

    async def give_back(self) -> None:
        """Nobody waits for it."""

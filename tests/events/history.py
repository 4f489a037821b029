"""A history of changes that every process sees the same of, and a capture that follows it, for the tests beside it.

Transaction n comes n intervals after the history's start, with one to three events of the row n.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from gateway.events.bus import Bus, Captured, Entry
from gateway.events.capture import PlaceLost
from gateway.events.cursor import BEGINNING, Cursor
from gateway.events.event import StatusEvent, Subject

FIRST_DAY = datetime(2026, 1, 1)


def event(number: int, step: int = 0) -> StatusEvent:
    """One event of transaction `number`."""
    return StatusEvent(
        subject=Subject.LEAD if number % 2 else Subject.TICKET,
        row_id=number,
        previous=None if step == 0 else f"Step {step - 1}",
        status=f"Step {step}",
        changed_on=FIRST_DAY + timedelta(seconds=number),
        changed_by=number % 7 or None,
        status_change_id=number * 10 + step if number % 2 else None,
    )


def transaction(number: int, *, ordered: bool = True) -> Captured:
    """The transaction `number`."""
    events = tuple(event(number, step) for step in range(number % 3 + 1))
    return Captured(events, place=str(number), order=number if ordered else None)


def events_of(first: int, last: int) -> list[StatusEvent]:
    """What the log must hold of the transactions from `first` to `last`."""
    return [found for number in range(first, last + 1) for found in transaction(number).events]


@dataclass
class History:
    """Follows the history. `lost` are the places from which nobody can go on.

    It has `length` transactions; with a file for its `ending`, as many as `end` says when there has been enough.
    """

    start: float
    interval: float
    length: int
    ordered: bool = True
    ending: Path | None = None
    name: str = "history"
    lost: frozenset[str] = frozenset()
    closed: int = 0

    async def changes(self, after: str | None) -> AsyncIterator[Captured]:
        """Every transaction after a place, once it is there."""
        if after in self.lost:
            raise PlaceLost("nobody knows what came after it")
        number = 0 if after is None else int(after)
        try:
            if after is None:
                number = self._newest()
                yield Captured((), place=str(number))
            while True:
                while number < self._newest():
                    number += 1
                    yield transaction(number, ordered=self.ordered)
                await asyncio.sleep(self.interval)
        finally:
            self.closed += 1

    async def close(self) -> None:
        """Holds nothing."""

    def end(self, seconds: float) -> None:
        """Lets it go on for so long, and then no more, for every process that follows it."""
        assert self.ending is not None
        self.length = int((time.time() + seconds - self.start) / self.interval)
        written = self.ending.with_suffix(".new")
        written.write_text(str(self.length))
        written.replace(self.ending)

    def _newest(self) -> int:
        if self.interval == 0:
            return self.length
        # The time first: where the end isn't known after it, it comes later.
        number = int((time.time() - self.start) / self.interval)
        if self.ending is not None and self.ending.exists():
            self.length = int(self.ending.read_text())
        return max(0, min(self.length, number))


async def entries_after(bus: Bus, cursor: Cursor) -> list[Entry]:
    """All that the log holds after a cursor."""
    found: list[Entry] = []
    while True:
        stretch = await bus.read(cursor, most=997)
        if not stretch.entries:
            return found
        found += stretch.entries
        cursor = Cursor(stretch.log, stretch.end)


async def all_entries(bus: Bus) -> list[Entry]:
    """All that the log holds, if nothing was given up."""
    return await entries_after(bus, Cursor((await bus.here()).log, BEGINNING))

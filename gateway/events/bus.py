"""The log of events: what carries each change of a status from whoever saw it to every worker.

On Redis it is a stream that all workers read (`redis_bus.py`); on the embedded estate it lives in this process
(`memory_bus.py`). One worker at a time adds to it, the one that holds the lease; everybody reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.events.cursor import Cursor, Position
from gateway.events.event import StatusEvent


@dataclass(frozen=True, slots=True)
class Entry:
    """One event, and where it stands."""

    position: Position
    event: StatusEvent


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive entries of one log. `end` is the position up to which all is known: the last entry's, or `after`."""

    log: str
    entries: tuple[Entry, ...]
    end: Position

    def cursor(self, entry: Entry) -> str:
        """The cursor of one of the entries, as clients hold it."""
        return Cursor(self.log, entry.position).encoded()


@dataclass(frozen=True, slots=True)
class Captured:
    """What one transaction has changed, or just that all before `place` has been seen.

    `place` says to the capture that made it where to go on after a restart; it is kept with the events, so that
    neither can be there without the other. `order` is greater for later transactions, and the same each time that the
    same one is captured: with it, an event that is added a second time is known again. None where the capture has no
    such number.
    """

    events: tuple[StatusEvent, ...]
    place: str
    order: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the capture left off. `log` is None where there is no log yet, `place` where nothing was ever captured."""

    log: str | None
    place: str | None


class LeaseLost(Exception):
    """Somebody else captures now: what was to be added was not."""


class Bus(Protocol):
    """A log of events. Every method raises SOURCE_UNAVAILABLE where it can't be reached."""

    async def position(self) -> str:
        """The position of the newest event, as a cursor to subscribe from."""
        ...

    async def here(self) -> Cursor:
        """The position of the newest event."""
        ...

    async def read(self, after: Cursor, *, most: int, wait_seconds: float = 0) -> Stretch:
        """At most so many entries after a cursor, waiting for the first one at most so long.

        Raises CURSOR_EXPIRED where entries after it may have been given up, or its log has ended.
        """
        ...

    async def version(self) -> str:
        """What carries the log, asked now."""
        ...

    async def close(self) -> None:
        """Gives back every connection."""
        ...


class Writer(Protocol):
    """The one who adds to a log: whoever holds the lease. Every method raises `LeaseLost`, and SOURCE_UNAVAILABLE."""

    async def standing(self) -> Standing:
        """Where the one before left off."""
        ...

    async def begin(self, place: str) -> None:
        """Starts a new log, and ends the one before: what happened in between isn't known, and its cursors expire."""
        ...

    async def append(self, captured: Sequence[Captured]) -> None:
        """Adds events and remembers the last place, all or nothing. What is there already isn't added again."""
        ...

    async def trim(self) -> None:
        """Gives up what is older, or more, than the log may hold. `append` minds the number by itself."""
        ...

"""The log of events of all workers, a stream in Redis, and the one who adds to it.

Opened by `opening.py`. What must happen together happens in one script: `redis_scripts.py`.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.errors import Code, GatewayError
from gateway.events.bounds import Bounds
from gateway.events.bus import Captured, Entry, LeaseLost, Standing, Stretch
from gateway.events.cursor import Cursor, Position, expired
from gateway.events.event import decoded, encoded
from gateway.events.redis_commands import RedisCommands
from gateway.events.redis_scripts import APPEND, BEGIN, LEASE, READ, STANDING, STATE, TRIM

# A capture that starts on a fresh estate begins the log within a second.
BEGIN_SECONDS = 3.0
BETWEEN_LOOKS = 0.05
# Redis does nothing else while it carries out a script: this many entries take it some 50 ms.
MOST_ENTRIES = 5_000


class RedisBus:
    """The log as every worker reads it."""

    def __init__(self, commands: RedisCommands) -> None:
        self._commands = commands
        self._newest: Cursor | None = None

    async def position(self) -> str:
        """The position of the newest event, as a cursor to subscribe from.

        While Redis is away it is the newest position that this process has seen: older than now, so whoever follows
        from there misses nothing. Raises SOURCE_UNAVAILABLE where there is none.
        """
        try:
            return (await self.here()).encoded()
        except GatewayError:
            if self._newest is None:
                raise
            return self._newest.encoded()

    async def here(self) -> Cursor:
        """The position of the newest event. Where no log has begun yet, it is waited for a while."""
        patience = time.monotonic() + BEGIN_SECONDS
        while True:
            log, last = await self._commands.fields(STATE, "log", "last")
            if log is not None and last is not None:
                self._newest = Cursor(log, Position.of(last))
                return self._newest
            # What a process has seen of a log that is gone is of no use to anybody.
            self._newest = None
            if time.monotonic() >= patience:
                raise _not_begun()
            await asyncio.sleep(BETWEEN_LOOKS)

    async def read(self, after: Cursor, *, most: int, wait_seconds: float = 0) -> Stretch:
        """At most so many entries after a cursor, waiting for the first one at most so long."""
        stretch = await self._read(after, most)
        if stretch.entries or wait_seconds <= 0:
            return stretch
        # What has come is read again together with the state of the log, so that nothing can be missing before it.
        await self._commands.wait(_stream(after.log), str(after.position), wait_seconds)
        return await self._read(after, most)

    async def _read(self, after: Cursor, most: int) -> Stretch:
        answer = await self._commands.run(READ, [STATE], after.log, str(after.position), most)
        if answer[0] != "ok":
            raise expired()
        entries = tuple(_entry(found) for found in answer[1])
        return Stretch(after.log, entries, entries[-1].position if entries else after.position)

    async def version(self) -> str:
        """The server's version."""
        return await self._commands.version()

    async def close(self) -> None:
        """Gives back every connection."""
        await self._commands.close()


def _stream(log: str) -> str:
    return f"{STATE}:{log}"


def _entry(found: Sequence[Any]) -> Entry:
    position, fields = found
    return Entry(Position.of(position), decoded(dict(zip(fields[::2], fields[1::2], strict=True))))


def _not_begun() -> GatewayError:
    return GatewayError(
        Code.SOURCE_UNAVAILABLE,
        "The change log hasn't begun yet: no change is seen so far; ask again in a moment.",
    )


class RedisWriter:
    """Adds to the log as `holder` of the lease, for as long as that is so. Begins with `standing`."""

    def __init__(self, commands: RedisCommands, holder: str, bounds: Bounds) -> None:
        self._commands = commands
        self._holder = holder
        self._bounds = bounds
        self._log = ""
        self._appends = ""

    async def standing(self) -> Standing:
        """Where the one before left off."""
        answer = await self._commands.run(STANDING, [STATE, LEASE], self._holder)
        _check(answer[0])
        self._log, self._appends = answer[1] or "", answer[3] or ""
        return Standing(log=answer[1], place=answer[2])

    async def begin(self, place: str) -> None:
        """Starts a new log. The one before is of no use to anybody, and goes."""
        name = secrets.token_hex(8)
        _check(
            await self._commands.run(
                BEGIN, [STATE, LEASE], self._holder, self._log, self._appends, name, place
            )
        )
        self._log, self._appends = name, "0"

    async def append(self, captured: Sequence[Captured]) -> None:
        """Adds events and remembers the last place.

        All or nothing up to `MOST_ENTRIES`; beyond, in several steps, each with the place that belongs to it. A place
        is never there without the events before it, and what is there without its place is known again by its order.
        """
        for step in _steps(captured):
            await self._add(step)

    async def _add(self, step: _Step) -> None:
        has_place = "0" if step.place is None else "1"
        answer = await self._commands.run(
            APPEND,
            [STATE, LEASE],
            *(self._holder, self._log, self._appends, has_place, step.place or ""),
            *(orjson.dumps(step.entries), self._bounds.entries, self._bounds.slack),
        )
        _check(answer[0])
        self._appends = str(int(self._appends) + 1)

    async def trim(self) -> None:
        """Gives up what is older, or more, than the bounds allow."""
        milliseconds = int(1000 * self._bounds.seconds)
        while await self._commands.run(TRIM, [STATE], self._bounds.entries, self._bounds.slack, milliseconds):
            pass


def _check(answer: str) -> None:
    if answer != "ok":
        raise LeaseLost(answer)


_WireEntry = tuple[str, str, list[str]]


@dataclass(slots=True)
class _Step:
    """What one script adds: entries as the script takes them, and the place after them, where they end at one."""

    entries: list[_WireEntry]
    place: str | None = None


def _steps(captured: Sequence[Captured]) -> Iterator[_Step]:
    """The events in steps that are not too long. Only what has an order is divided: the rest isn't known again."""
    step = _Step([])
    for transaction in captured:
        entries = _wire_entries(transaction)
        if step.entries and len(step.entries) + len(entries) > MOST_ENTRIES:
            yield step
            step = _Step([])
        while transaction.order is not None and len(entries) > MOST_ENTRIES:
            yield _Step(entries[:MOST_ENTRIES])
            entries = entries[MOST_ENTRIES:]
        step.entries += entries
        step.place = transaction.place
    if step.place is not None:
        yield step


def _wire_entries(transaction: Captured) -> list[_WireEntry]:
    major = "" if transaction.order is None else str(transaction.order)
    return [
        (major, str(minor), [text for field in encoded(event).items() for text in field])
        for minor, event in enumerate(transaction.events)
    ]

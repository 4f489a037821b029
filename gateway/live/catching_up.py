"""Subscriptions on their way to the head of the log: they read it by themselves, and wait for nobody else.

Begun by `following.py`, which makes those live that have caught up.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Protocol

import structlog

from gateway.errors import Code, GatewayError
from gateway.events.bus import Bus, Stretch
from gateway.events.cursor import Cursor
from gateway.live.batch import Behind
from gateway.live.delivery import PASSING, Delivery
from gateway.live.subscription import Subscription

log = structlog.get_logger(__name__)

# How long it is tried to read what can't be read now, and how long a client may take nothing, before it is told so.
PATIENCE_SECONDS = 60.0
SLOW_SECONDS = 30.0
ENTRIES_AT_ONCE = 200
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0


class Head(Protocol):
    """Where they are on their way to."""

    def take_up(self, members: Iterable[Subscription]) -> list[Subscription]:
        """Makes those live that have got as far as the others, without a pause in between. Answers who hasn't."""
        ...

    def let_catch_up(self, members: list[Subscription]) -> None:
        """Reads for subscriptions from where they stand, apart from who asks."""
        ...

    async def head_moved(self) -> None:
        """Returns when the head has moved, or soon."""
        ...


class CatchingUp:
    """Some subscriptions of one log on their way to the head, from the position of the last of them."""

    def __init__(
        self,
        head: Head,
        bus: Bus,
        delivery: Delivery,
        members: list[Subscription],
        why: Behind,
    ) -> None:
        self._head = head
        self._bus = bus
        self._delivery = delivery
        self._members = members
        self._pause = FIRST_PAUSE
        self._failing: dict[Subscription, float] = {}
        self._note(why)

    async def run(self) -> None:
        """Returns when all are live, or over."""
        try:
            await self._catch_up()
        except Exception:
            log.exception("subscriptions can't catch up")
            for member in self._members:
                member.end(broken())

    async def _catch_up(self) -> None:
        if self._failing:
            await self._rest()
        while await self._ready():
            self._note(await self._step())
            if self._failing:
                await self._rest()
            else:
                self._pause = FIRST_PAUSE

    async def _ready(self) -> bool:
        """Whether anybody is left who isn't level, once all who are left have room."""
        full = [member for member in self._members if not member.has_room]
        if full and len(self._members) > 1:
            for member in full:
                self._head.let_catch_up([member])
            self._members = [member for member in self._members if member.has_room]
        elif full:
            await _until_room(full[0])
        self._members = [member for member in self._members if not member.is_over]
        # The last thing before the next step, with nothing awaited after it.
        self._members = self._head.take_up(self._members)
        return bool(self._members)

    async def _step(self) -> Behind:
        """Reads and delivers the next stretch; answers who didn't get it, and why."""
        start = min((member.position for member in self._members), key=lambda cursor: cursor.position)
        try:
            stretch = await self._bus.read(start, most=ENTRIES_AT_ONCE)
        except GatewayError as error:
            return dict.fromkeys(self._members, error)
        if not stretch.entries:
            await self._head.head_moved()
            return {}
        self._let_go_ahead(stretch)
        behind = await self._delivery.deliver(stretch, self._members, hurry=False)
        advance((member for member in self._members if member not in behind), stretch)
        return behind

    def _let_go_ahead(self, stretch: Stretch) -> None:
        """Parts from those who have all of a stretch already: they need not wait for who comes from further back."""
        ahead = [member for member in self._members if member.position.position >= stretch.end]
        self._head.let_catch_up(ahead)
        self._members = [member for member in self._members if member.position.position < stretch.end]

    def _note(self, behind: Behind) -> None:
        """Remembers since when who fails; ends those who fail for good, or for too long."""
        now = time.monotonic()
        self._failing = {
            member: self._failing.get(member, now) for member, error in behind.items() if error is not None
        }
        for member, since in list(self._failing.items()):
            error = behind[member]
            assert error is not None
            if error.code not in PASSING or now - since > PATIENCE_SECONDS:
                member.end(error)
                del self._failing[member]

    async def _rest(self) -> None:
        await asyncio.sleep(self._pause)
        self._pause = min(2 * self._pause, LONGEST_PAUSE)


def advance(members: Iterable[Subscription], stretch: Stretch) -> None:
    """Notes that subscriptions have all of a stretch that is theirs."""
    end = Cursor(stretch.log, stretch.end)
    for member in members:
        if member.position.position < stretch.end:
            member.position = end


async def _until_room(member: Subscription) -> None:
    try:
        async with asyncio.timeout(SLOW_SECONDS):
            await member.room()
    except TimeoutError:
        member.end(_slow())


def _slow() -> GatewayError:
    return GatewayError(
        Code.SLOW_CONSUMER, "Events came faster than you took them; subscribe again after your last cursor."
    )


def broken() -> GatewayError:
    """What subscribers are told where something went wrong that can't be said."""
    return GatewayError(
        Code.SOURCE_UNAVAILABLE,
        "The log of events can't be followed; subscribe again after your last cursor.",
    )

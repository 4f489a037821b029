"""Who follows the log in this worker: each stretch goes to all who have got as far, the others catch up by themselves.

A subscription is either *live*, given all up to the head, or it *catches up*, reading the log from where
it stands: because it began in the past, had no room, or its rows couldn't be read. Whoever has caught
up is live again. So nobody waits for somebody else, and nothing is lost or given twice on the way.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any

import structlog

from gateway.errors import Code, GatewayError
from gateway.events.bus import Bus, Stretch
from gateway.events.cursor import Cursor, decoded_cursor
from gateway.events.feed import Feed
from gateway.live.delivery import PASSING, Delivery, Written
from gateway.live.metrics import LIVE_SUBSCRIPTIONS
from gateway.live.subscription import Order, Subscription
from gateway.live.watch import watch_of
from gateway.resolvers.where import Where
from gateway.services import Services

log = structlog.get_logger(__name__)

# How long it is tried to read what can't be read now, and how long a client may take nothing, before it is told so.
PATIENCE_SECONDS = 60.0
SLOW_SECONDS = 30.0
ENTRIES_AT_ONCE = 200
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0

Behind = Mapping[Subscription, GatewayError | None]


class Following:
    """All subscriptions of a worker."""

    def __init__(self, services: Services, feed: Feed, written: Written) -> None:
        self._services = services
        self._bus: Bus = services.bus
        self._feed = feed
        self._delivery = Delivery(services, written)
        self._live: set[Subscription] = set()
        self._head: Cursor | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begins to follow the log. Called once, in the event loop of the process."""
        self._begin(self._follow())

    async def close(self) -> None:
        """Stops. Whoever is subscribed is told nothing: their connections end by themselves."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def subscribe(self, order: Order) -> Subscription:
        """A subscription that has begun. Raises BAD_USER_INPUT, CURSOR_EXPIRED and what reading raises."""
        watch = watch_of(order.schema, order.prepared)
        access = self._services.access_for(order.principal)
        where = Where(order.schema.catalogue, await access.rules(), self._services.zone)
        where.filter(watch.row_type, watch.where)
        start = await self._start(watch.after)
        subscription = Subscription(order, watch, start, self._leave)
        LIVE_SUBSCRIPTIONS.inc()
        self._join([subscription])
        return subscription

    async def _start(self, after: str | None) -> Cursor:
        if after is None:
            return self._head or await self._bus.here()
        start = decoded_cursor(after)
        if start != self._head:
            # Tells at once whether the log goes back as far.
            await self._bus.read(start, most=1)
        return start

    def _leave(self, subscription: Subscription) -> None:
        self._live.discard(subscription)
        LIVE_SUBSCRIPTIONS.dec()

    # --- live -----------------------------------------------------------------------------------------------

    async def _follow(self) -> None:
        while True:
            try:
                async for stretch in self._feed.live():
                    await self._take(stretch)
            except GatewayError as error:
                self._end(error)
            except Exception:
                log.exception("the log of events can't be followed")
                self._end(_broken())
                await asyncio.sleep(LONGEST_PAUSE)

    async def _take(self, stretch: Stretch) -> None:
        # Before anything is awaited: whoever joins from now on has what this stretch holds, or catches up.
        self._head = Cursor(stretch.log, stretch.end)
        members = list(self._live)
        if not members:
            return
        if not stretch.entries:
            self._advance(members, stretch)
            return
        behind = await self._delivery.deliver(stretch, members, hurry=True)
        self._advance((member for member in members if member not in behind), stretch)
        self._part(behind)

    def _advance(self, members: Iterable[Subscription], stretch: Stretch) -> None:
        end = Cursor(stretch.log, stretch.end)
        for member in members:
            if member.position.position < stretch.end:
                member.position = end

    def _part(self, behind: Behind) -> None:
        """Lets those who fell behind catch up: who has no room alone, who couldn't be read for together."""
        self._live -= behind.keys()
        self._join([member for member, error in behind.items() if error is not None], why=behind)
        for member, error in behind.items():
            if error is None:
                self._join([member])

    def _end(self, error: GatewayError) -> None:
        ended, self._live, self._head = self._live, set(), None
        for member in ended:
            member.end(error)

    # --- catching up ----------------------------------------------------------------------------------------

    def _join(self, members: list[Subscription], why: Behind | None = None) -> None:
        if members and not self._is_level(members):
            self._begin(_CatchingUp(self, members, why or {}).run())

    def _is_level(self, members: Iterable[Subscription]) -> bool:
        """Makes subscriptions live that have got as far as the others, without a pause in between."""
        head = self._head
        if head is None or any(_is_behind(member, head) for member in members):
            return False
        self._live.update(member for member in members if not member.is_over)
        return True

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _CatchingUp:
    """Some subscriptions on their way to the head, from the position of the last of them."""

    def __init__(self, following: Following, members: list[Subscription], why: Behind) -> None:
        self._following = following
        self._members = members
        self._pause = FIRST_PAUSE
        self._failing: dict[Subscription, float] = {}
        self._note(why)

    async def run(self) -> None:
        """Returns when all are live, or over."""
        if self._failing:
            await self._rest()
        while await self._ready():
            if self._following._is_level(self._members):
                return
            start = min((member.position for member in self._members), key=lambda cursor: cursor.position)
            try:
                stretch = await self._following._bus.read(start, most=ENTRIES_AT_ONCE, wait_seconds=1.0)
                behind = await self._following._delivery.deliver(stretch, self._members, hurry=False)
            except GatewayError as error:
                behind = dict.fromkeys(self._members, error)
            else:
                self._following._advance(
                    (member for member in self._members if member not in behind), stretch
                )
            self._note(behind)
            if self._failing:
                await self._rest()
            else:
                self._pause = FIRST_PAUSE

    async def _ready(self) -> bool:
        """Whether anybody is left, once all who are have room."""
        full = [member for member in self._members if not member.has_room]
        if full and len(self._members) > 1:
            for member in full:
                self._following._join([member])
            self._members = [member for member in self._members if member.has_room]
        elif full:
            await _until_room(full[0])
        self._members = [member for member in self._members if not member.is_over]
        return bool(self._members)

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


async def _until_room(member: Subscription) -> None:
    try:
        async with asyncio.timeout(SLOW_SECONDS):
            await member.room()
    except TimeoutError:
        member.end(_slow())


def _is_behind(member: Subscription, head: Cursor) -> bool:
    return member.position.log != head.log or member.position.position < head.position


def _slow() -> GatewayError:
    return GatewayError(
        Code.SLOW_CONSUMER, "Events came faster than you took them; subscribe again after your last cursor."
    )


def _broken() -> GatewayError:
    return GatewayError(
        Code.SOURCE_UNAVAILABLE,
        "The log of events can't be followed; subscribe again after your last cursor.",
    )

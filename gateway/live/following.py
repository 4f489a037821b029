"""Who follows the log in this worker: each stretch goes to all who have got as far, the others catch up by themselves.

A subscription is either *live*, given all up to the head, or it *catches up*, reading the log from where
it stands: because it began in the past, had no room, or its rows couldn't be read. Whoever has caught
up is live again. So nobody waits for somebody else, and nothing is lost or given twice on the way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from typing import Any

import structlog

from gateway.errors import GatewayError
from gateway.events.bus import Bus, Stretch
from gateway.events.cursor import Cursor, decoded_cursor
from gateway.events.feed import Feed
from gateway.events.gathered import ended
from gateway.live.batch import Behind
from gateway.live.catching_up import CatchingUp, advance, broken
from gateway.live.delivery import Delivery, Written
from gateway.live.metrics import LIVE_SUBSCRIPTIONS
from gateway.live.subscription import Order, Subscription
from gateway.live.watch import watch_of
from gateway.resolvers.where import Where
from gateway.services import Services

log = structlog.get_logger(__name__)

# Those who come back at the same time, after a worker has ended, are read for together.
GATHER_SECONDS = 0.02
# How long the head is waited for by those who have read all there is.
HEAD_SECONDS = 1.0
PAUSE_SECONDS = 2.0


class Following:
    """All subscriptions of a worker."""

    def __init__(self, services: Services, feed: Feed, written: Written) -> None:
        self._services = services
        self._bus: Bus = services.bus
        self._feed = feed
        self._delivery = Delivery(services, written)
        self._live: set[Subscription] = set()
        self._head: Cursor | None = None
        self._moved = asyncio.Event()
        self._coming: list[Subscription] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begins to follow the log. Called once, in the event loop of the process."""
        self._begin(self._follow())

    async def close(self) -> None:
        """Stops. Whoever is subscribed is told nothing: their connections end by themselves."""
        await asyncio.gather(*map(ended, list(self._tasks)))

    async def subscribe(self, order: Order) -> Subscription:
        """A subscription that has begun. Raises BAD_USER_INPUT, CURSOR_EXPIRED and what reading raises."""
        watch = watch_of(order.schema, order.prepared)
        access = self._services.access_for(order.principal)
        where = Where(order.schema.catalogue, await access.rules(), self._services.zone)
        where.filter(watch.row_type, watch.where)
        start = await self._start(watch.after)
        subscription = Subscription(order, watch, start, self._leave)
        LIVE_SUBSCRIPTIONS.inc()
        if not self.take_up([subscription]):
            return subscription
        if not self._coming:
            self._begin(self._gather())
        self._coming.append(subscription)
        return subscription

    async def _gather(self) -> None:
        await asyncio.sleep(GATHER_SECONDS)
        coming, self._coming = self._coming, []
        self.let_catch_up(coming)

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
                self._end(broken())
                await asyncio.sleep(PAUSE_SECONDS)

    async def _take(self, stretch: Stretch) -> None:
        # Before anything is awaited: whoever joins from now on has what this stretch holds, or catches up.
        self._head = Cursor(stretch.log, stretch.end)
        self._moved.set()
        self._moved = asyncio.Event()
        members = list(self._live)
        if not members:
            return
        if not stretch.entries:
            advance(members, stretch)
            return
        behind = await self._delivery.deliver(stretch, members, hurry=True)
        advance((member for member in members if member not in behind), stretch)
        self._part(behind)

    def _part(self, behind: Behind) -> None:
        """Lets those who fell behind catch up: who has no room alone, who couldn't be read for together."""
        self._live -= behind.keys()
        self.let_catch_up([member for member in behind if member.has_room], why=behind)
        for member in behind:
            if not member.has_room:
                self.let_catch_up([member])

    def _end(self, error: GatewayError) -> None:
        ended, self._live, self._head = self._live, set(), None
        for member in ended:
            member.end(error)

    # --- catching up ----------------------------------------------------------------------------------------

    def let_catch_up(self, members: list[Subscription], why: Behind | None = None) -> None:
        """Reads for subscriptions from where they stand, all of one log together."""
        for log_name in {member.position.log for member in members}:
            of_log = [member for member in members if member.position.log == log_name]
            self._begin(CatchingUp(self, self._bus, self._delivery, of_log, why or {}).run())

    def take_up(self, members: Iterable[Subscription]) -> list[Subscription]:
        """Makes those live that have got as far as the others, without a pause in between. Answers who hasn't."""
        head = self._head
        behind = []
        for member in members:
            if head is None or _is_behind(member, head):
                behind.append(member)
            elif not member.is_over:
                self._live.add(member)
        return behind

    async def head_moved(self) -> None:
        """Returns when the head has moved, or soon."""
        with suppress(TimeoutError):
            async with asyncio.timeout(HEAD_SECONDS):
                await self._moved.wait()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _is_behind(member: Subscription, head: Cursor) -> bool:
    return member.position.log != head.log or member.position.position < head.position

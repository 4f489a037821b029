"""The live end of the log: each event once and in order, through outages, and the end of a log is said."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from gateway.errors import Code, GatewayError
from gateway.events import lease as lease_module
from gateway.events.bounds import Bounds
from gateway.events.bus import Entry, Stretch
from gateway.events.cursor import Cursor
from gateway.events.feed import Feed
from tests.events.history import events_of, transaction
from tests.events.logs import ANSWER_SECONDS, LEASE_MILLISECONDS, PATIENT_SECONDS, WIDE, Log, opened
from tests.servers.redis import RedisServer


@pytest.fixture(params=["redis", "memory"])
def dsn(request: pytest.FixtureRequest) -> str:
    """Each kind of log in turn."""
    if request.param == "memory":
        return "memory:"
    server: RedisServer = request.getfixturevalue("forgetful")
    return server.dsn()


@pytest.fixture(autouse=True)
def _long_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease_module, "MILLISECONDS", LEASE_MILLISECONDS)
    monkeypatch.setattr(lease_module, "ASK_SECONDS", PATIENT_SECONDS)


async def taken(live: AsyncGenerator[Stretch, None], count: int) -> list[Entry]:
    """The next so many entries."""
    found: list[Entry] = []
    async with asyncio.timeout(30):
        while len(found) < count:
            found += (await anext(live)).entries
    return found


@asynccontextmanager
async def followed(log: Log) -> AsyncIterator[tuple[Feed, AsyncGenerator[Stretch, None]]]:
    """A feed whose head is known."""
    feed = Feed(log.bus)
    async with aclosing(feed.live()) as live:
        first = await anext(live)
        assert first.entries == ()
        assert feed.head == Cursor(first.log, first.end)
        yield feed, live


async def test_the_feed_begins_at_the_end_of_the_log_and_gives_each_event_once(dsn: str) -> None:
    async with opened(dsn) as log:
        writer = await log.begun()
        await writer.append([transaction(1)])
        async with followed(log) as (feed, live):
            for number in range(2, 30, 3):
                await writer.append([transaction(number), transaction(number + 1)])
                await writer.append([transaction(number + 2)])
            expected = events_of(2, 31)
            assert [entry.event for entry in await taken(live, len(expected))] == expected
            assert feed.head == await log.bus.here()


async def test_an_event_is_there_at_once(dsn: str) -> None:
    async with opened(dsn) as log:
        writer = await log.begun()
        async with followed(log) as (_, live):
            times = []
            for number in range(3, 153, 3):
                waiting = asyncio.create_task(taken(live, 1))
                await asyncio.sleep(0.005)
                before = time.monotonic()
                await writer.append([transaction(number)])
                assert [entry.event for entry in await waiting] == events_of(number, number)
                times.append(time.monotonic() - before)
            assert sorted(times)[len(times) // 2] < 0.02


async def test_a_feed_that_is_taken_up_again_goes_on_where_it_was(dsn: str) -> None:
    async with opened(dsn) as log:
        writer = await log.begun()
        async with followed(log) as (feed, live):
            await writer.append([transaction(3)])
            await taken(live, 1)
        await writer.append([transaction(6)])
        async with aclosing(feed.live()) as again:
            assert [entry.event for entry in await taken(again, 1)] == events_of(6, 6)


async def test_the_end_of_a_log_is_told_and_the_feed_goes_on_with_the_next(dsn: str) -> None:
    async with opened(dsn) as log:
        writer = await log.begun()
        async with followed(log) as (feed, live):
            await writer.append([transaction(3)])
            await taken(live, 1)
            await writer.begin("0")
            with pytest.raises(GatewayError) as raised:
                await taken(live, 1)
            assert raised.value.code is Code.CURSOR_EXPIRED
            assert feed.head is None
            async with aclosing(feed.live()) as again:
                assert (await anext(again)).entries == ()
                assert feed.head == await log.bus.here()
                await writer.append([transaction(6)])
                assert [entry.event for entry in await taken(again, 1)] == events_of(6, 6)


async def test_a_feed_that_was_overtaken_by_the_bounds_says_so(dsn: str) -> None:
    async with opened(dsn, Bounds(entries=3, seconds=600)) as log:
        writer = await log.begun()
        async with followed(log) as (_, live):
            await writer.append([transaction(3 * number) for number in range(1, 6)])
            with pytest.raises(GatewayError) as raised:
                await taken(live, 1)
            assert raised.value.code is Code.CURSOR_EXPIRED


async def test_the_feed_waits_while_redis_is_away_and_loses_nothing(lasting: RedisServer) -> None:
    async with (
        opened(lasting.dsn(), WIDE, answer_seconds=ANSWER_SECONDS) as log,
        opened(lasting.dsn()) as writing,
    ):
        writer = await writing.begun()
        async with followed(log) as (feed, live):
            found = asyncio.create_task(taken(live, len(events_of(1, 3))))
            await writer.append([transaction(1)])
            lasting.kill()
            await asyncio.sleep(0.5)
            await asyncio.to_thread(lasting.restart)
            writer = await writing.writer()
            await writer.append([transaction(2)])
            lasting.pause()
            await asyncio.sleep(2.5)
            lasting.resume()
            writer = await writing.writer()
            await writer.append([transaction(3)])
            assert [entry.event for entry in await found] == events_of(1, 3)
            assert feed.head == await log.bus.here()


async def test_a_feed_starts_before_redis_and_before_the_log(lasting: RedisServer) -> None:
    async with opened(lasting.dsn()) as log:
        feed = Feed(log.bus)
        lasting.kill()
        async with aclosing(feed.live()) as live:
            first = asyncio.create_task(anext(live))
            await asyncio.sleep(0.3)
            assert feed.head is None
            await asyncio.to_thread(lasting.restart)
            writer = await log.begun()
            assert (await first).entries == ()
            await writer.append([transaction(3)])
            assert [entry.event for entry in await taken(live, 1)] == events_of(3, 3)


async def test_a_feed_can_be_ended_while_it_waits(dsn: str) -> None:
    async with opened(dsn) as log:
        await log.begun()
        async with followed(log) as (_, live):
            waiting = asyncio.create_task(anext(live))
            await asyncio.sleep(0.05)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

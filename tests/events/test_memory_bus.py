"""The log of a single process: as the one in Redis, without a server."""

from __future__ import annotations

import asyncio
import time

import pytest

from gateway.errors import Code, GatewayError
from gateway.events.bounds import Bounds
from gateway.events.bus import Standing
from gateway.events.cursor import BEGINNING, Cursor, Position, decoded_cursor
from tests.events.history import all_entries, entries_after, events_of, transaction
from tests.events.logs import opened


async def test_the_log_begins_with_the_process() -> None:
    async with opened("memory:") as log, opened("memory:") as other:
        here = decoded_cursor(await log.bus.position())
        assert here.position == BEGINNING
        writer = await log.lease.take()
        assert writer is not None
        assert await writer.standing() == Standing(log=here.log, place=None)
        with pytest.raises(GatewayError) as raised:
            await log.bus.read(await other.bus.here(), most=1)
        assert raised.value.code is Code.CURSOR_EXPIRED


async def test_events_come_back_in_order_and_once() -> None:
    async with opened("memory:") as log:
        writer = await log.writer()
        start = await log.bus.here()
        await writer.append([transaction(1), transaction(2)])
        await writer.append([transaction(2), transaction(3)])
        assert [entry.event for entry in await all_entries(log.bus)] == events_of(1, 3)
        await writer.append([transaction(4, ordered=False)])
        entries = await entries_after(log.bus, start)
        assert [entry.event for entry in entries] == events_of(1, 4)
        assert [str(entry.position) for entry in entries] == [
            "1-0",
            "1-1",
            "2-0",
            "2-1",
            "2-2",
            "3-0",
            "4-0",
            "4-1",
        ]
        assert (await writer.standing()).place == "4"


async def test_a_waiting_reader_is_woken_by_the_next_event_and_gives_up_in_time() -> None:
    async with opened("memory:") as log:
        writer = await log.writer()
        start = await log.bus.here()
        before = time.monotonic()
        assert (await log.bus.read(start, most=1, wait_seconds=0.1)).entries == ()
        assert 0.09 < time.monotonic() - before < 5
        reading = asyncio.create_task(log.bus.read(start, most=9, wait_seconds=5))
        await asyncio.sleep(0)
        await writer.append([transaction(1)])
        assert [entry.event for entry in (await reading).entries] == events_of(1, 1)


async def test_nothing_is_given_up_in_silence() -> None:
    async with opened("memory:", Bounds(entries=3, seconds=0.3)) as log:
        writer = await log.writer()
        name = (await log.bus.here()).log
        await writer.append([transaction(3 * number) for number in range(1, 6)])
        kept = await entries_after(log.bus, Cursor(name, Position(6, 0)))
        assert [entry.position.major for entry in kept] == [9, 12, 15]
        with pytest.raises(GatewayError) as raised:
            await log.bus.read(Cursor(name, Position(3, 0)), most=1)
        assert raised.value.code is Code.CURSOR_EXPIRED
        await asyncio.sleep(0.35)
        await writer.trim()
        assert await entries_after(log.bus, Cursor(name, Position(15, 0))) == []
        with pytest.raises(GatewayError):
            await log.bus.read(Cursor(name, Position(12, 0)), most=1)


async def test_a_new_log_ends_the_one_before() -> None:
    async with opened("memory:") as log:
        writer = await log.writer()
        old = await log.bus.here()
        waiting = asyncio.create_task(log.bus.read(old, most=1, wait_seconds=5))
        await asyncio.sleep(0)
        await writer.begin("1")
        with pytest.raises(GatewayError) as raised:
            await waiting
        assert raised.value.code is Code.CURSOR_EXPIRED
        assert (await writer.standing()).place == "1"

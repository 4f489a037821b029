"""The log in Redis: what is added is there once and in order, and nothing of it is ever missing in silence."""

from __future__ import annotations

import asyncio
import random
import time

import pytest

from gateway.errors import Code, GatewayError
from gateway.events import lease as lease_module
from gateway.events import redis_bus, redis_commands
from gateway.events.bounds import Bounds
from gateway.events.bus import Bus, Captured, LeaseLost, Standing
from gateway.events.cursor import BEGINNING, Cursor, Position, decoded_cursor
from gateway.events.redis_bus import RedisWriter
from gateway.events.redis_commands import RedisCommands
from gateway.events.redis_scripts import LEASE, STATE
from tests.events.history import all_entries, entries_after, event, events_of, transaction
from tests.events.logs import ANSWER_SECONDS, LEASE_MILLISECONDS, PATIENT_SECONDS, WIDE, opened
from tests.live.stopwatch import Stopwatch
from tests.servers.redis import RedisServer


@pytest.fixture(autouse=True)
def _long_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease_module, "MILLISECONDS", LEASE_MILLISECONDS)
    monkeypatch.setattr(lease_module, "ASK_SECONDS", PATIENT_SECONDS)


async def assert_expired(bus: Bus, cursor: Cursor) -> None:
    with pytest.raises(GatewayError) as raised:
        await bus.read(cursor, most=1)
    assert raised.value.code is Code.CURSOR_EXPIRED


async def test_events_come_back_in_order_each_at_its_own_position(forgetful: RedisServer) -> None:
    async with opened(forgetful.dsn()) as log:
        writer = await log.begun()
        start = await log.bus.here()
        await writer.append([transaction(4), transaction(5)])
        await writer.append([transaction(6)])
        entries = await entries_after(log.bus, start)
        assert [entry.event for entry in entries] == events_of(4, 6)
        assert [str(entry.position) for entry in entries] == ["4-0", "4-1", "5-0", "5-1", "5-2", "6-0"]
        assert await log.bus.here() == Cursor(start.log, Position(6, 0))
        for number, entry in enumerate(entries):
            rest = await log.bus.read(Cursor(start.log, entry.position), most=2)
            assert rest.entries == tuple(entries[number + 1 : number + 3])


async def test_positions_of_64_bits_keep_their_order(forgetful: RedisServer) -> None:
    orders = [9, 10, 2**53 + 1, 2**53 + 2, 2**64 - 2, 2**64 - 1]
    async with opened(forgetful.dsn()) as log:
        writer = await log.begun()
        for order in orders:
            await writer.append([Captured((event(1), event(2)), place=str(order), order=order)])
        entries = await all_entries(log.bus)
        assert [entry.position for entry in entries] == [
            Position(order, step) for order in orders for step in (0, 1)
        ]
        await writer.append([Captured((event(3),), place="again", order=2**53 + 1)])
        assert await all_entries(log.bus) == entries


async def test_what_is_added_again_by_the_next_worker_is_there_once(forgetful: RedisServer) -> None:
    async with opened(forgetful.dsn()) as one, opened(forgetful.dsn()) as other:
        writer = await one.begun()
        await writer.append([transaction(number) for number in range(1, 6)])
        await one.lease.give_back()
        successor = await other.writer()
        assert (await successor.standing()).place == "5"
        await successor.append([transaction(number) for number in range(3, 8)])
        assert [entry.event for entry in await all_entries(other.bus)] == events_of(1, 7)


async def test_events_without_an_order_follow_all_that_came_before(forgetful: RedisServer) -> None:
    async with opened(forgetful.dsn()) as log:
        writer = await log.begun()
        await writer.append([transaction(number, ordered=False) for number in range(1, 4)])
        await writer.append([transaction(4, ordered=False)])
        entries = await all_entries(log.bus)
        assert [entry.event for entry in entries] == events_of(1, 4)
        assert [entry.position.minor for entry in entries] == [0, 1, 0, 1, 2, 0, 0, 1]
        assert len({entry.position.major for entry in entries}) == 4


async def test_a_worker_whose_lease_has_gone_to_another_adds_nothing(forgetful: RedisServer) -> None:
    async with opened(forgetful.dsn()) as one, opened(forgetful.dsn()) as other:
        writer = await one.begun()
        with forgetful.client() as client:
            client.delete(LEASE)
        successor = await other.writer()
        for write in (
            writer.append([transaction(1)]),
            writer.append([transaction(2, ordered=False)]),
            writer.begin("0"),
            writer.standing(),
        ):
            with pytest.raises(LeaseLost):
                await write
        assert await all_entries(other.bus) == []
        assert (await successor.standing()).place == "0"


async def test_an_append_that_arrives_late_is_not_carried_out(forgetful: RedisServer) -> None:
    async with opened(forgetful.dsn()) as log:
        writer = await log.begun()
        with forgetful.client() as client:
            holder = str(client.get(LEASE))
        # The same worker, which has heard nothing of its append and looked where it stands.
        commands = RedisCommands(forgetful.dsn(), connect_seconds=1, answer_seconds=1)
        again = RedisWriter(commands, holder, WIDE)
        assert await again.standing() == await writer.standing()
        await writer.append([transaction(1, ordered=False)])
        with pytest.raises(LeaseLost):
            await again.append([transaction(1, ordered=False)])
        await commands.close()
        assert [entry.event for entry in await all_entries(log.bus)] == events_of(1, 1)


async def test_a_writer_notices_that_redis_has_lost_its_last_writes(forgetful: RedisServer) -> None:
    async with opened(forgetful.dsn()) as log:
        writer = await log.begun()
        await writer.append([transaction(1), transaction(2)])
        with forgetful.client() as client:
            client.save()
        await writer.append([transaction(3), transaction(4)])
        ahead = await log.bus.here()
        forgetful.kill()
        await asyncio.to_thread(forgetful.restart)

        with pytest.raises(LeaseLost):
            await writer.append([transaction(5)])
        successor = await log.writer()
        assert (await successor.standing()).place == "2"
        # Whoever had seen what was lost waits, and sees the rest once.
        assert (await log.bus.read(ahead, most=9)).entries == ()
        reading = asyncio.create_task(log.bus.read(ahead, most=9, wait_seconds=2))
        await successor.append([transaction(3), transaction(4)])
        await successor.append([transaction(5)])
        assert [entry.event for entry in (await reading).entries] == events_of(5, 5)
        assert [entry.event for entry in await all_entries(log.bus)] == events_of(1, 5)


async def test_lost_writes_without_an_order_are_added_again_after_all_positions_that_were_seen(
    forgetful: RedisServer,
) -> None:
    async with opened(forgetful.dsn()) as log:
        writer = await log.begun()
        with forgetful.client() as client:
            client.save()
        await writer.append([transaction(1, ordered=False)])
        ahead = await log.bus.here()
        forgetful.kill()
        await asyncio.to_thread(forgetful.restart)
        successor = await log.writer()
        # Others than before: a number in a row would give them the positions of those that were seen.
        await successor.append([transaction(2, ordered=False)])
        assert [entry.event for entry in await entries_after(log.bus, ahead)] == events_of(2, 2)


async def test_nothing_is_given_up_in_silence_when_the_log_is_full(forgetful: RedisServer) -> None:
    async with opened(forgetful.dsn(), Bounds(entries=10, seconds=600)) as log:
        writer = await log.begun()
        start = await log.bus.here()
        await writer.append([transaction(3 * number) for number in range(1, 11)])
        assert len(await entries_after(log.bus, start)) == 10
        await writer.append([transaction(33), transaction(36)])
        await assert_expired(log.bus, start)
        await assert_expired(log.bus, Cursor(start.log, Position(3, 0)))
        # The last one that was given up: nothing is missing after it.
        kept = await entries_after(log.bus, Cursor(start.log, Position(6, 0)))
        assert [entry.position.major for entry in kept] == list(range(9, 37, 3))
        # More at once than there is room for.
        await writer.append([transaction(3 * number) for number in range(13, 40)])
        await assert_expired(log.bus, Cursor(start.log, Position(36, 0)))
        assert len(await entries_after(log.bus, Cursor(start.log, Position(87, 0)))) == 10


async def test_a_much_smaller_bound_is_reached_in_steps(forgetful: RedisServer) -> None:
    async with opened(forgetful.dsn()) as log:
        writer = await log.begun()
        await writer.append([transaction(3 * number) for number in range(1, 12_001)])
        await log.lease.give_back()
    async with opened(forgetful.dsn(), Bounds(entries=100, seconds=600)) as log:
        writer = await log.writer()
        await writer.trim()
        here = await log.bus.here()
        assert len(await entries_after(log.bus, Cursor(here.log, Position(3 * 11_900, 0)))) == 100
        await assert_expired(log.bus, Cursor(here.log, Position(3 * 11_899, 0)))


async def test_events_older_than_the_bound_are_given_up(forgetful: RedisServer) -> None:
    # Longer than it takes to add something and to look at it, on a machine that keeps all of them waiting.
    bound = 2.0
    async with opened(forgetful.dsn(), Bounds(entries=10_000, seconds=bound)) as log:
        writer = await log.begun()
        start = await log.bus.here()
        await writer.append([transaction(3 * number) for number in range(1, 2_501)])
        await asyncio.sleep(bound + 0.1)
        await writer.append([transaction(7_503)])
        await writer.trim()
        await assert_expired(log.bus, start)
        await assert_expired(log.bus, Cursor(start.log, Position(7_497, 0)))
        kept = await entries_after(log.bus, Cursor(start.log, Position(7_500, 0)))
        assert [entry.position.major for entry in kept] == [7_503]
        await asyncio.sleep(bound + 0.1)
        await writer.trim()
        # An empty log knows where it stands.
        assert await log.bus.here() == Cursor(start.log, Position(7_503, 0))
        await writer.append([transaction(7_503), transaction(7_506)])
        kept = await entries_after(log.bus, Cursor(start.log, Position(7_503, 0)))
        assert [entry.position.major for entry in kept] == [7_506]


async def test_cursors_of_a_log_that_has_ended_expire(forgetful: RedisServer) -> None:
    async with opened(forgetful.dsn()) as log:
        writer = await log.begun()
        await writer.append([transaction(1)])
        old = await log.bus.here()
        await writer.begin("7")
        await assert_expired(log.bus, old)
        new = await log.bus.here()
        assert new == Cursor(new.log, BEGINNING)
        assert new.log != old.log
        assert await writer.standing() == Standing(log=new.log, place="7")
        with forgetful.client() as client:
            assert client.exists(f"{STATE}:{old.log}") == 0
            client.flushall()
        await assert_expired(log.bus, new)


async def test_a_transaction_of_any_size_is_added_whole(forgetful: RedisServer) -> None:
    many = tuple(event(number) for number in range(1, 12_346))
    async with opened(forgetful.dsn()) as log:
        writer = await log.begun()
        await writer.append([transaction(1), Captured(many, place="2", order=2), transaction(3)])
        entries = await all_entries(log.bus)
        assert [entry.event for entry in entries] == events_of(1, 1) + list(many) + events_of(3, 3)
        assert (await writer.standing()).place == "3"
        await writer.append([Captured(many, place="4")])
        assert len(await all_entries(log.bus)) == len(entries) + len(many)


async def test_a_waiting_reader_is_woken_by_the_next_event_and_gives_up_in_time(
    forgetful: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_commands, "LONGEST_WAIT", 30.0)
    async with opened(forgetful.dsn()) as log:
        writer = await log.begun()
        start = await log.bus.here()
        before = time.monotonic()
        assert (await log.bus.read(start, most=9, wait_seconds=0.3)).entries == ()
        assert 0.25 < time.monotonic() - before < 10
        # By itself it would wait for long.
        reading = asyncio.create_task(log.bus.read(start, most=9, wait_seconds=30))
        await until_somebody_waits(forgetful)
        with Stopwatch() as since:
            await writer.append([transaction(1)])
            assert [entry.event for entry in (await reading).entries] == events_of(1, 1)
            assert since.seconds < 1


async def test_many_that_wait_at_once_are_all_answered(forgetful: RedisServer) -> None:
    async with opened(forgetful.dsn()) as log:
        writer = await log.begun()
        start = await log.bus.here()
        reading = [asyncio.create_task(log.bus.read(start, most=9, wait_seconds=1)) for _ in range(300)]
        await until_somebody_waits(forgetful)
        await writer.append([transaction(1)])
        for stretch in await asyncio.gather(*reading):
            assert [entry.event for entry in stretch.entries] in ([], events_of(1, 1))
        with forgetful.client() as client:
            assert client.info("clients")["connected_clients"] < 60


async def test_cancelled_commands_leave_no_connection_out_of_step(forgetful: RedisServer) -> None:
    chance = random.Random(5)
    async with opened(forgetful.dsn()) as log:
        writer = await log.begun()
        await writer.append([transaction(number) for number in range(1, 50)])
        start = Cursor((await log.bus.here()).log, BEGINNING)
        end = await log.bus.here()
        tasks = [
            asyncio.create_task(
                log.bus.read(*((end,) if number % 3 else (start,)), most=number, wait_seconds=1)
            )
            for number in range(1, 200)
        ]
        for task in chance.sample(tasks, len(tasks)):
            await asyncio.sleep(chance.random() / 1000)
            task.cancel()
        await asyncio.wait(tasks)
        for most in range(1, 60):
            stretch = await log.bus.read(start, most=most)
            assert [entry.event for entry in stretch.entries] == events_of(1, 50)[:most]
            assert (await log.bus.version()).startswith("Redis ")


async def test_a_stopped_redis_costs_no_more_than_the_limit_and_comes_back(forgetful: RedisServer) -> None:
    async with (
        opened(forgetful.dsn(), answer_seconds=ANSWER_SECONDS) as log,
        opened(forgetful.dsn(), answer_seconds=ANSWER_SECONDS) as unaware,
    ):
        writer = await log.begun()
        await writer.append([transaction(1)])
        seen = await log.bus.position()
        start = Cursor(decoded_cursor(seen).log, BEGINNING)
        forgetful.pause()
        asked = [
            log.bus.read(start, most=1),
            log.bus.read(start, most=1, wait_seconds=1),
            log.bus.here(),
            log.bus.version(),
            unaware.bus.position(),
            *(log.bus.read(start, most=1) for _ in range(100)),
        ]
        with Stopwatch() as since:
            failures = await asyncio.gather(*asked, return_exceptions=True)
            assert since.seconds < 1.0 + ANSWER_SECONDS + 1.0
        for failure in failures:
            assert isinstance(failure, GatewayError)
            assert failure.code is Code.SOURCE_UNAVAILABLE
        assert await log.bus.position() == seen
        forgetful.resume()
        assert [entry.event for entry in (await log.bus.read(start, most=9)).entries] == events_of(1, 1)
        assert await unaware.bus.position() == seen


async def test_a_restarted_redis_has_the_whole_log(
    lasting: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_commands, "LONGEST_WAIT", 30.0)
    async with opened(lasting.dsn()) as log:
        writer = await log.begun()
        await writer.append([transaction(1)])
        start = Cursor((await log.bus.here()).log, BEGINNING)
        waiting = asyncio.create_task(log.bus.read(await log.bus.here(), most=1, wait_seconds=30))
        await until_somebody_waits(lasting)
        lasting.kill()
        with pytest.raises(GatewayError) as raised:
            await waiting
        assert raised.value.code is Code.SOURCE_UNAVAILABLE
        with pytest.raises(GatewayError):
            await log.bus.read(start, most=1)
        await asyncio.to_thread(lasting.restart)
        await (await log.writer()).append([transaction(2)])
        assert [entry.event for entry in await entries_after(log.bus, start)] == events_of(1, 2)


async def test_scripts_that_redis_has_forgotten_are_sent_again(forgetful: RedisServer) -> None:
    async with opened(forgetful.dsn()) as log:
        writer = await log.begun()
        await writer.append([transaction(1)])
        with forgetful.client() as client:
            client.script_flush()
        await writer.append([transaction(2)])
        assert [entry.event for entry in await all_entries(log.bus)] == events_of(1, 2)


async def test_there_is_no_position_before_the_log_has_begun(
    forgetful: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(forgetful.dsn()) as log:
        asked = asyncio.create_task(log.bus.position())
        await asyncio.sleep(0.1)
        await log.begun()
        assert decoded_cursor(await asked).position == BEGINNING
        monkeypatch.setattr(redis_bus, "BEGIN_SECONDS", 0.1)
        with forgetful.client() as client:
            client.flushall()
        # Not even one that this process has seen: it is of a log that is gone.
        with pytest.raises(GatewayError) as raised:
            await log.bus.position()
        assert raised.value.code is Code.SOURCE_UNAVAILABLE
        assert "hasn't begun yet" in raised.value.message


async def until_somebody_waits(server: RedisServer) -> None:
    async with asyncio.timeout(20):
        with server.client() as client:
            while not client.info("clients")["blocked_clients"]:  # noqa: ASYNC110 (the server tells nobody)
                await asyncio.sleep(0.01)

"""The loop that captures: whatever dies or stands still, each event gets into the log once, and in order."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import REGISTRY
from structlog import wrap_logger
from structlog.testing import LogCapture

from gateway.errors import Code, GatewayError
from gateway.events import redis_bus
from gateway.events.bus import Bus
from gateway.events.capture import Capture
from gateway.events.capturing import Capturing
from gateway.events.cursor import Cursor
from tests.events.capturing_process import worker
from tests.events.history import History, all_entries, entries_after, events_of
from tests.events.logs import ANSWER_SECONDS, Log, opened
from tests.live.stopwatch import Stopwatch
from tests.servers.redis import RedisServer

ZONE = ZoneInfo("Asia/Kolkata")


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for the position before there is a log waits for as long as a busy machine may need to begin one."""
    monkeypatch.setattr(redis_bus, "BEGIN_SECONDS", 30.0)


async def until_number(bus: Bus, count: int, *, seconds: float = 40) -> None:
    """Waits until the log has so many events."""
    async with asyncio.timeout(seconds):
        while await number_in(bus) < count:  # noqa: ASYNC110 (what is awaited is in another process)
            await asyncio.sleep(0.02)


async def until_another_log(bus: Bus, old: Cursor) -> Cursor:
    """The position in the log after this one, once there is one."""
    async with asyncio.timeout(20):
        while True:
            here = await bus.here()
            if here.log != old.log:
                return here
            await asyncio.sleep(0.02)


async def number_in(bus: Bus) -> int:
    try:
        return len(await all_entries(bus))
    except GatewayError:
        return 0


async def assert_complete(bus: Bus, history: History) -> None:
    """Waits until all of the history is in the log: all of it, once, in order."""
    expected = events_of(1, history.length)
    await until_number(bus, len(expected))
    entries = await all_entries(bus)
    assert [entry.event for entry in entries] == expected
    assert [entry.position for entry in entries] == sorted({entry.position for entry in entries})


@asynccontextmanager
async def capturing(log: Log, capture: Capture) -> AsyncIterator[Capturing]:
    """Captures in this process."""
    running = Capturing(log.lease, capture, zone=ZONE)
    running.start()
    try:
        yield running
    finally:
        await running.close()


async def until_begun(log: Log) -> None:
    """Waits for the log, so that nobody's restart makes the history begin in its midst."""
    await log.bus.here()


def history_now(seconds: float, *, ordered: bool = True) -> History:
    """A history that begins soon, and lasts about so long."""
    return History(time.time() + 1, 0.005, int(seconds / 0.005), ordered=ordered)


def history_until_ended(folder: Path, *, ordered: bool = True) -> History:
    """A history that begins soon and goes on until the test ends it, however long processes take to start."""
    return History(time.time() + 1, 0.005, 1_000_000_000, ordered=ordered, ending=folder / "ending")


@pytest.mark.parametrize("ordered", [True, False])
async def test_workers_that_are_killed_lose_nothing_and_add_nothing_twice(
    forgetful: RedisServer, ordered: bool, tmp_path: Path
) -> None:
    history = history_until_ended(tmp_path, ordered=ordered)
    async with opened(forgetful.dsn()) as log:
        with ExitStack() as stack:
            holder = stack.enter_context(worker(forgetful.dsn(), history))
            await until_begun(log)
            for _ in range(2):
                successor = stack.enter_context(worker(forgetful.dsn(), history))
                before = await number_in(log.bus)
                await until_number(log.bus, before + 100)
                holder.kill()
                holder.wait()
                with Stopwatch() as since:
                    left = await number_in(log.bus)
                    await until_number(log.bus, left + 1)
                    assert since.seconds < 5
                holder = successor
            history.end(0.5)
            await assert_complete(log.bus, history)


async def test_a_worker_that_stood_still_past_its_lease_adds_nothing(
    forgetful: RedisServer, tmp_path: Path
) -> None:
    history = history_until_ended(tmp_path)
    async with opened(forgetful.dsn()) as log:
        with worker(forgetful.dsn(), history) as first:
            await until_begun(log)
            await until_number(log.bus, 100)
            os.kill(first.pid, signal.SIGSTOP)
            with worker(forgetful.dsn(), history):
                before = await number_in(log.bus)
                await until_number(log.bus, before + 100)
                os.kill(first.pid, signal.SIGCONT)
                # It wakes while there is something to add.
                history.end(2.0)
                await assert_complete(log.bus, history)


async def test_a_worker_that_ends_in_order_is_followed_at_once(
    forgetful: RedisServer, tmp_path: Path
) -> None:
    history = history_until_ended(tmp_path)
    async with opened(forgetful.dsn()) as log:
        with worker(forgetful.dsn(), history) as first:
            await until_begun(log)
            with worker(forgetful.dsn(), history):
                await until_number(log.bus, 100)
                first.terminate()
                assert await asyncio.to_thread(first.wait, 15) == 0
                with Stopwatch() as since:
                    left = await number_in(log.bus)
                    await until_number(log.bus, left + 1)
                    assert since.seconds < 1.5
                history.end(0.5)
                await assert_complete(log.bus, history)


async def test_redis_killed_and_back_with_its_data(lasting: RedisServer) -> None:
    history = history_now(6)
    async with AsyncExitStack() as stack:
        logs = [await stack.enter_async_context(opened(lasting.dsn())) for _ in range(2)]
        for log in logs:
            await stack.enter_async_context(capturing(log, history))
        await until_begun(logs[0])
        await until_number(logs[0].bus, 200)
        lasting.kill()
        await asyncio.sleep(0.5)
        await asyncio.to_thread(lasting.restart)
        await assert_complete(logs[0].bus, history)


async def test_redis_back_without_its_last_writes(forgetful: RedisServer) -> None:
    history = history_now(5)
    async with opened(forgetful.dsn()) as log, capturing(log, history):
        await until_begun(log)
        await until_number(log.bus, 200)
        with forgetful.client() as client:
            client.save()
        await until_number(log.bus, 400)
        ahead = await log.bus.here()
        forgetful.kill()
        await asyncio.to_thread(forgetful.restart)
        await assert_complete(log.bus, history)
        after = [entry.event for entry in await entries_after(log.bus, ahead)]
        assert after == events_of(1, history.length)[-len(after) :]
        assert (await all_entries(log.bus))[-len(after) - 1].position == ahead.position


async def test_redis_that_stands_still_in_every_way(forgetful: RedisServer) -> None:
    # Without an order, so that nothing but the place keeps an event from being added twice.
    history = history_now(14, ordered=False)
    async with AsyncExitStack() as stack:
        logs = [
            await stack.enter_async_context(opened(forgetful.dsn(), answer_seconds=ANSWER_SECONDS))
            for _ in range(2)
        ]
        for log in logs:
            await stack.enter_async_context(capturing(log, history))
        await until_begun(logs[0])
        await until_number(logs[0].bus, 100)
        with forgetful.client() as client:
            client.client_pause(2_000)
            await asyncio.sleep(2.5)
            client.client_pause(4_000)
        await asyncio.sleep(4.5)
        await asyncio.to_thread(sleep_inside, forgetful, 1.5)
        forgetful.pause()
        await asyncio.sleep(3.5)
        forgetful.resume()
        await assert_complete(logs[0].bus, history)


def sleep_inside(server: RedisServer, seconds: float) -> None:
    with server.client() as client:
        client.execute_command("DEBUG", "SLEEP", str(seconds))


async def test_an_emptied_redis_gets_a_new_log_and_old_cursors_expire(forgetful: RedisServer) -> None:
    history = history_now(30)
    async with opened(forgetful.dsn()) as log, capturing(log, history):
        await until_begun(log)
        await until_number(log.bus, 100)
        old = await log.bus.here()
        with forgetful.client() as client:
            client.flushall()
        with pytest.raises(GatewayError) as raised:
            await log.bus.read(old, most=1)
        assert raised.value.code is Code.CURSOR_EXPIRED
        # Nobody is told to follow the log that is gone: the position waits for the new one.
        assert (await log.bus.here()).log != old.log
        await until_number(log.bus, 50)
        found = [entry.event for entry in await all_entries(log.bus)]
        first = found[0].row_id
        assert found == events_of(first, first + len(found))[: len(found)]


async def test_a_place_that_is_lost_begins_a_new_log(
    forgetful: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = LogCapture()
    monkeypatch.setattr("gateway.events.capturing.log", wrap_logger(None, processors=[said]))
    async with opened(forgetful.dsn()) as log:
        async with capturing(log, History(0, 0, 10)):
            await until_begun(log)
        old = await log.bus.here()
        async with capturing(log, History(0, 0, 20, lost=frozenset({"10"}))):
            await until_another_log(log.bus, old)
        (loss,) = [entry for entry in said.entries if entry["log_level"] == "error"]
        assert loss["event"].startswith("a new log of events begins")


@dataclass
class Failing:
    """A capture whose database is away, as seen from here."""

    name: str = "history"
    asked: int = 0
    failed_twice: asyncio.Event = field(default_factory=asyncio.Event)

    async def changes(self, after: str | None) -> AsyncIterator[object]:
        """Fails."""
        self.asked += 1
        if self.asked % 2:
            raise GatewayError(Code.SOURCE_UNAVAILABLE, "The source can't be reached.")
        self.failed_twice.set()
        raise ZeroDivisionError
        yield

    async def close(self) -> None:
        """Holds nothing."""


async def test_a_worker_that_cannot_reach_the_database_lets_another_one_capture(
    forgetful: RedisServer,
) -> None:
    failing = Failing()
    async with AsyncExitStack() as stack:
        one, other = [await stack.enter_async_context(opened(forgetful.dsn())) for _ in range(2)]
        await stack.enter_async_context(capturing(one, failing))  # type: ignore[arg-type]
        async with asyncio.timeout(10):
            await failing.failed_twice.wait()
        history = history_now(4)
        await stack.enter_async_context(capturing(other, history))
        await until_begun(other)
        asked = failing.asked
        await assert_complete(other.bus, history)
        assert failing.asked <= asked + 1


async def test_the_metrics_say_who_captures_and_how_much(forgetful: RedisServer) -> None:
    def value(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0.0

    before = value("gateway_events_appended_total", subject="leads")
    history = History(time.time() + 1, 0.01, 20)
    async with opened(forgetful.dsn()) as log:
        async with capturing(log, history):
            await assert_complete(log.bus, history)
            assert value("gateway_capture_here") == 1
        assert value("gateway_capture_here") == 0
        leads = [found for found in events_of(1, 20) if found.subject.value == "leads"]
        assert value("gateway_events_appended_total", subject="leads") == before + len(leads)
        assert value("gateway_capture_lag_seconds") > 0
        assert value("gateway_capture_seen_timestamp_seconds") > time.time() - 10
        assert history.closed == 1


async def test_a_capture_goes_on_after_a_restart_without_a_new_log(forgetful: RedisServer) -> None:
    async with opened(forgetful.dsn()) as log:
        async with capturing(log, History(time.time() + 1, 0.01, 20)):
            await until_number(log.bus, len(events_of(1, 20)))
        start = await log.bus.here()
        async with capturing(log, History(time.time() - 100, 0.01, 30)):
            await until_number(log.bus, len(events_of(1, 30)))
        assert [entry.event for entry in await entries_after(log.bus, start)] == events_of(21, 30)
        assert (await log.bus.here()).log == start.log

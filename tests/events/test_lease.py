"""The lease: one holder at a time, and soon another where the first one is gone."""

from __future__ import annotations

import asyncio
import time

import pytest

from gateway.events import lease as lease_module
from gateway.events.bus import LeaseLost
from gateway.events.redis_scripts import LEASE
from tests.events.history import transaction
from tests.events.logs import opened
from tests.live.stopwatch import Stopwatch
from tests.servers.redis import RedisServer


def lengthen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease that a busy machine doesn't cost its holder; it is renewed as often as otherwise."""
    monkeypatch.setattr(lease_module, "SECONDS", 6.0)
    monkeypatch.setattr(lease_module, "MILLISECONDS", 6_000)


async def test_one_holder_at_a_time_and_the_next_one_at_once_after_it(forgetful: RedisServer) -> None:
    async with opened(forgetful.dsn()) as one, opened(forgetful.dsn()) as other:
        assert await one.lease.take() is not None
        assert await other.lease.take() is None
        await other.lease.give_back()
        assert await other.lease.take() is None
        await one.lease.give_back()
        assert await other.lease.take() is not None
        assert await one.lease.take() is None


async def test_a_lease_that_nobody_renews_ends(forgetful: RedisServer) -> None:
    async with opened(forgetful.dsn()) as one, opened(forgetful.dsn()) as other:
        # The lease begins after it.
        before = time.monotonic()
        writer = await one.begun()
        with Stopwatch() as since:
            while await other.lease.take() is None:
                assert since.seconds < 4
                await asyncio.sleep(0.05)
        assert time.monotonic() - before > 2.8
        with pytest.raises(LeaseLost):
            await writer.append([transaction(1)])


async def test_a_lease_is_kept_for_as_long_as_it_is_renewed(
    forgetful: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengthen(monkeypatch)
    async with opened(forgetful.dsn()) as one, opened(forgetful.dsn()) as other:
        writer = await one.begun()
        keeping = asyncio.create_task(one.lease.keep())
        until = time.monotonic() + lease_module.SECONDS + 1
        while time.monotonic() < until:
            assert await other.lease.take() is None
            await asyncio.sleep(0.05)
        await writer.append([transaction(1)])
        # Nobody keeps it any more: its holder says so at the next renewal.
        with forgetful.client() as client:
            client.delete(LEASE)
        with pytest.raises(LeaseLost):
            async with asyncio.timeout(10):
                await keeping


async def test_a_holder_that_cannot_renew_stops_before_the_lease_ends(forgetful: RedisServer) -> None:
    async with opened(forgetful.dsn()) as log:
        assert await log.lease.take() is not None
        taken = time.monotonic()
        with Stopwatch() as since:
            forgetful.pause()
            with pytest.raises(LeaseLost):
                async with asyncio.timeout(20):
                    await log.lease.keep()
            assert time.monotonic() - taken > 2
            assert since.seconds < lease_module.SECONDS
            # Giving it back is tried, and takes no long while.
            await log.lease.give_back()
            assert since.seconds < lease_module.SECONDS + 1
        forgetful.resume()


async def test_a_short_pause_of_redis_does_not_cost_the_lease(
    forgetful: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengthen(monkeypatch)
    async with opened(forgetful.dsn()) as log:
        writer = await log.begun()
        keeping = asyncio.create_task(log.lease.keep())
        forgetful.pause()
        await asyncio.sleep(lease_module.SECONDS / 2)
        forgetful.resume()
        # It would be over now.
        await asyncio.sleep(lease_module.SECONDS / 2 + 0.5)
        await writer.append([transaction(1)])
        assert not keeping.done()
        keeping.cancel()


async def test_whoever_could_not_give_it_back_takes_it_again_under_another_name(
    forgetful: RedisServer,
) -> None:
    async with opened(forgetful.dsn()) as log:
        writer = await log.begun()
        successor = await log.writer()
        with pytest.raises(LeaseLost):
            await writer.append([transaction(1)])
        await successor.append([transaction(1)])

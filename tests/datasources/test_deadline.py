"""A limit that many waits share ends each of them as `asyncio.timeout` would."""

from __future__ import annotations

import asyncio
import time

import pytest

from datasources.engines.deadline import SharedLimit


async def test_a_wait_within_the_limit_ends_as_it_would() -> None:
    limit = SharedLimit(5)
    with limit.wait() as wait:
        await asyncio.sleep(0)
    with pytest.raises(KeyError), limit.wait():
        raise KeyError
    assert not wait.expired
    assert limit._ends == {}


async def test_a_wait_beyond_the_limit_is_cancelled_and_says_so() -> None:
    limit = SharedLimit(0.05)
    started = time.monotonic()
    with pytest.raises(TimeoutError), limit.wait() as wait:
        await asyncio.sleep(5)
    assert time.monotonic() - started < 1
    assert wait.expired
    # The task itself goes on.
    assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]
    await asyncio.sleep(0)


async def test_each_wait_has_the_whole_limit() -> None:
    limit = SharedLimit(0.2)

    async def waited(after: float) -> float:
        await asyncio.sleep(after)
        started = time.monotonic()
        with pytest.raises(TimeoutError), limit.wait():
            await asyncio.sleep(5)
        return time.monotonic() - started

    lasted = await asyncio.gather(*(waited(0.05 * place) for place in range(6)))
    assert min(lasted) > 0.19
    assert max(lasted) < 1
    # And it begins anew after a time in which nobody waited.
    assert 0.19 < await waited(0) < 1


async def test_who_is_cancelled_by_somebody_else_is_cancelled() -> None:
    limit = SharedLimit(5)

    async def waiting() -> None:
        with limit.wait():
            await asyncio.sleep(5)

    task = asyncio.create_task(waiting())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert limit._ends == {}


async def test_who_is_cancelled_as_the_limit_ends_is_cancelled() -> None:
    limit = SharedLimit(0.05)

    async def waiting() -> None:
        with limit.wait():
            try:
                await asyncio.sleep(5)
            except asyncio.CancelledError:
                asyncio.current_task().cancel()  # type: ignore[union-attr]
                raise

    task = asyncio.create_task(waiting())
    with pytest.raises(asyncio.CancelledError):
        await task


def test_a_limit_outlives_a_loop() -> None:
    limit = SharedLimit(0.1)

    async def waiting() -> None:
        with pytest.raises(TimeoutError), limit.wait():
            await asyncio.sleep(5)

    async def leaving() -> None:
        with limit.wait():
            await asyncio.sleep(0)

    asyncio.run(leaving())
    started = time.monotonic()
    asyncio.run(waiting())
    asyncio.run(waiting())
    assert time.monotonic() - started < 2

"""A limit that many waits share ends each of them as `asyncio.timeout` would."""

from __future__ import annotations

import asyncio
import time

import pytest

from datasources.engines.deadline import LimitedWait, SharedLimit
from tests.datasources.patience import PATIENCE, seconds_past

# What a wait that the limit doesn't end would take: past all patience.
FOR_EVER = 10 * PATIENCE
SLACK = 0.8  # seconds of scheduling on a busy machine


async def test_a_wait_within_the_limit_ends_as_it_would() -> None:
    limit = SharedLimit(FOR_EVER)
    with limit.wait() as wait:
        await asyncio.sleep(0)
    with pytest.raises(KeyError), limit.wait():
        raise KeyError
    assert not wait.expired
    assert limit._ends == {}


async def test_a_wait_beyond_the_limit_is_cancelled_and_says_so() -> None:
    limit = SharedLimit(0.05)
    waits: list[LimitedWait] = []

    async def waiting() -> None:
        with limit.wait() as wait:
            waits.append(wait)
            await asyncio.sleep(FOR_EVER)

    assert await seconds_past(0.05, waiting(), (TimeoutError,)) < SLACK
    assert waits[0].expired
    # The task itself goes on.
    assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]
    await asyncio.sleep(0)


async def test_each_wait_has_the_whole_limit() -> None:
    limit = SharedLimit(0.2)

    async def waiting() -> None:
        with limit.wait():
            await asyncio.sleep(FOR_EVER)

    async def waited(after: float) -> tuple[float, float]:
        await asyncio.sleep(after)
        started = time.monotonic()
        late = await seconds_past(0.2, waiting(), (TimeoutError,))
        return time.monotonic() - started, late

    lasted = await asyncio.gather(*(waited(0.05 * place) for place in range(6)))
    # And it begins anew after a time in which nobody waited.
    lasted.append(await waited(0))
    assert min(seconds for seconds, _ in lasted) > 0.19
    assert max(late for _, late in lasted) < SLACK


async def test_who_is_cancelled_by_somebody_else_is_cancelled() -> None:
    limit = SharedLimit(FOR_EVER)

    async def waiting() -> None:
        with limit.wait():
            await asyncio.sleep(FOR_EVER)

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
                await asyncio.sleep(FOR_EVER)
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
            await asyncio.sleep(FOR_EVER)

    async def leaving() -> None:
        with limit.wait():
            await asyncio.sleep(0)

    asyncio.run(leaving())
    for _ in range(2):
        # With a timer of the second loop's own: that of the first will never ring.
        asyncio.run(asyncio.wait_for(waiting(), PATIENCE))

"""The time limit of the engines holds, whatever becomes of a cancellation on its way through a driver."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import pytest

from datasources.engines.deadline import within


async def swallows_a_cancellation() -> None:
    """What `asyncio.wait_for` of Python 3.11 does where the cancellation comes as the thing is done."""
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(10)
    await asyncio.sleep(10)


async def test_work_that_swallows_a_cancellation_ends_at_its_limit() -> None:
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        await within(0.1, swallows_a_cancellation())
    # Long before what it works at is done.
    assert 0.1 <= time.monotonic() - started < 8.0


async def test_what_comes_as_its_caller_is_cancelled_is_handed_to_whom_it_may_concern() -> None:
    discarded: list[str] = []

    async def late() -> str:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(10)
        return "a connection"

    async def discard(answer: str) -> None:
        discarded.append(answer)

    task = asyncio.create_task(within(5.0, late(), discard=discard))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert discarded == ["a connection"]


async def test_answer_and_error_of_the_work_come_through() -> None:
    async def fails() -> None:
        raise KeyError("of the work")

    assert await within(1.0, asyncio.sleep(0, "an answer")) == "an answer"
    with pytest.raises(KeyError, match="of the work"):
        await within(1.0, fails())

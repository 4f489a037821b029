"""Time limits of sources for tests, on a machine that may stand still for seconds: short where they are asked about."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from datasources.base import TimeLimits
from datasources.engines.deadline import SharedLimit
from datasources.engines.mysql import MysqlSource
from datasources.engines.sql_source import SqlSource

# Longer than any machine stands still; nothing that goes well takes a part of it.
PATIENCE = 30.0
PATIENT = TimeLimits(connect=PATIENCE, statement=PATIENCE)


@contextmanager
def limited(source: SqlSource, limits: TimeLimits) -> Iterator[None]:
    """A source's limits for the length of a block: what must go well before and after it has all the time it needs."""
    before = source._limits
    _limit(source, limits)
    try:
        yield
    finally:
        _limit(source, before)


def _limit(source: SqlSource, limits: TimeLimits) -> None:
    source._limits = limits
    if isinstance(source, MysqlSource):
        source._limit = SharedLimit(limits.statement)


async def seconds_past(limit: float, work: Awaitable[Any], expected: tuple[type[Exception], ...]) -> float:
    """How long after a timer of so many seconds the work failed; negative where it failed before.

    A timer rather than a clock: where this process stands still, both are late.
    """
    timer = asyncio.create_task(_ended(limit))
    started = time.monotonic()
    with pytest.raises(expected):
        await work
    if timer.done():
        return time.monotonic() - timer.result()
    timer.cancel()
    return min(0.0, time.monotonic() - started - limit)


async def _ended(seconds: float) -> float:
    await asyncio.sleep(seconds)
    return time.monotonic()


async def until(condition: Callable[[], bool]) -> None:
    """Waits for what nobody tells of, for less long than the patient limits last; the condition may block."""
    async with asyncio.timeout(PATIENCE / 2):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.05)

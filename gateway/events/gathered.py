"""Takes what a capture gives in batches: all that has gathered while the one who takes it was busy.

Many small transactions go into the log at once so. Used by `capturing.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, cast

from gateway.events.bus import Captured

# How many transactions wait at most; the capture stops reading meanwhile.
MOST_WAITING = 1_000
CANCEL_SECONDS = 5.0

_Queue = asyncio.Queue[Captured | Exception]


async def gathered(
    changes: AsyncIterator[Captured], idle_seconds: float
) -> AsyncGenerator[list[Captured], None]:
    """What has come since the last time: nothing where nothing came for so long.

    Raises what `changes` raises, after all that came before it. Closing it closes `changes`.
    """
    queue: _Queue = asyncio.Queue(MOST_WAITING)
    reading = asyncio.create_task(_read(changes, queue))
    try:
        while True:
            batch, failure = await _some(queue, idle_seconds)
            if batch or failure is None:
                yield batch
            if failure is not None:
                raise failure
    finally:
        await ended(reading)


async def _read(changes: AsyncIterator[Captured], queue: _Queue) -> None:
    # Every capture is a generator, which gives back what it holds once it is closed.
    async with aclosing(cast("AsyncGenerator[Captured, None]", changes)) as found:
        try:
            async for captured in found:
                await queue.put(captured)
        except Exception as error:
            await queue.put(error)
        else:
            await queue.put(RuntimeError("the capture has come to an end"))


async def _some(queue: _Queue, idle_seconds: float) -> tuple[list[Captured], Exception | None]:
    batch: list[Captured] = []
    try:
        async with asyncio.timeout(idle_seconds):
            item = await queue.get()
    except TimeoutError:
        return batch, None
    while not isinstance(item, Exception):
        batch.append(item)
        if queue.empty():
            return batch, None
        item = queue.get_nowait()
    return batch, item


async def ended(task: asyncio.Task[Any]) -> None:
    """Cancels a task until it has ended: a single cancelling can be swallowed on its way."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=CANCEL_SECONDS)
    if not task.cancelled():
        # Whoever ends it doesn't ask how it ended, and nobody need complain of that.
        task.exception()

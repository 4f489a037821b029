"""A time limit that nothing in a driver can swallow; the engines of servers call it.

Until Python 3.12 `asyncio.wait_for`, which drivers and SQLAlchemy's pool use, drops a cancellation that comes as what
it waits for is done. `asyncio.timeout` cancels once: the work would go on without a limit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

_AGAIN_SECONDS = 0.05

Answer = TypeVar("Answer")


async def within(
    seconds: float,
    work: Coroutine[Any, Any, Answer],
    *,
    discard: Callable[[Answer], Awaitable[None]] | None = None,
) -> Answer:
    """What the work gives, which is cancelled, until it has ended, past so many seconds. Raises TimeoutError.

    `discard` takes what the work gave as its caller was cancelled.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        await _end(task)
        if discard is not None and not task.cancelled() and task.exception() is None:
            await discard(task.result())
        raise
    await _end(task)
    if task.cancelled():
        raise TimeoutError
    return task.result()


async def _end(task: asyncio.Task[Any]) -> None:
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_AGAIN_SECONDS)

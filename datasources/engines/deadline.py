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


class SharedLimit:
    """One limit of so many seconds for each of many waits: `asyncio.timeout`, with a single timer for all of them.

    As each is as long as any other, they run out in the order in which they began.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends: dict[LimitedWait, float] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def wait(self) -> LimitedWait:
        """Around what the current task waits for: past the limit the task is cancelled, and TimeoutError raised."""
        task = asyncio.current_task()
        assert task is not None
        return LimitedWait(self, task)

    def begin(self, wait: LimitedWait) -> None:
        """Begins the time of a wait."""
        loop = asyncio.get_running_loop()
        end = self._ends[wait] = loop.time() + self._seconds
        if self._loop is not loop:
            self._loop = loop
            loop.call_at(end, self._look, loop)

    def end(self, wait: LimitedWait) -> None:
        """Ends it."""
        self._ends.pop(wait, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancels what has lasted too long, and looks again when the next one would have."""
        now = loop.time()
        for wait, end in list(self._ends.items()):
            if end > now:
                loop.call_at(end, self._look, loop)
                return
            del self._ends[wait]
            wait.expire()
        self._loop = None


class LimitedWait:
    """One wait within a `SharedLimit`; `expired` tells whether the limit has ended it."""

    __slots__ = ("_cancelling", "_limit", "_task", "expired")

    def __init__(self, limit: SharedLimit, task: asyncio.Task[Any]) -> None:
        self._limit = limit
        self._task = task
        self._cancelling = task.cancelling()
        self.expired = False

    def __enter__(self) -> LimitedWait:
        self._limit.begin(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._limit.end(self)
        if self.expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def expire(self) -> None:
        """Cancels the task, once."""
        self.expired = True
        self._task.cancel()

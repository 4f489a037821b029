"""A read that serves everybody who asked for it before it began. Used for what decides callers' rules."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")

# How long a read that is under way is waited for, in seconds: a source that hangs makes nobody wait twice.
PATIENCE = 0.05


class SharedRead(Generic[Answer]):
    """One read at a time. Who asks while it lasts shares the one after it with all others who do.

    So an answer is never older than the question: what changed before somebody asked is in it.
    """

    def __init__(self) -> None:
        self._running: asyncio.Future[None] | None = None
        self._next: asyncio.Task[Answer] | None = None

    async def get(self, read: Callable[[], Awaitable[Answer]]) -> Answer:
        """What `read` gives, or what that of somebody else does, begun from now on; raises what it raises."""
        if self._next is None:
            if self._running is None:
                return await self._run(read)
            self._next = asyncio.create_task(self._run_after(self._running, read))
            self._next.add_done_callback(_forget)
        # Whoever gives up leaves it to the others.
        return await asyncio.shield(self._next)

    async def _run_after(
        self, running: asyncio.Future[None], read: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        await asyncio.wait((running,), timeout=PATIENCE)
        self._next = None
        return await self._run(read)

    async def _run(self, read: Callable[[], Awaitable[Answer]]) -> Answer:
        running = self._running = asyncio.get_running_loop().create_future()
        try:
            return await read()
        finally:
            running.set_result(None)
            if self._running is running:
                self._running = None


def _forget(task: asyncio.Task[Any]) -> None:
    # Where all have given up, nobody is left to be told how it ended.
    if not task.cancelled():
        task.exception()

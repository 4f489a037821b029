"""Hands what a thread finds over to the event loop, in order, and lets the thread wait while too much is not yet taken.

Used by the captures whose drivers block.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Generic, TypeVar

Item = TypeVar("Item")

MOST_WAITING = 2_000
_END_SECONDS = 5.0


class Handover(Generic[Item]):
    """Runs `find` in a thread of its own. Made and used within an event loop.

    `stop` makes `find` end soon, from any thread; what it raises is raised by `taken`.
    """

    def __init__(self, find: Callable[[], Iterator[Item]], *, stop: Callable[[], None], name: str) -> None:
        self._find = find
        self._stop = stop
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._ended = asyncio.Event()
        self._space = threading.Condition()
        self._waiting: list[Item] = []
        self._closed = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def taken(self) -> list[Item]:
        """All that was found and not yet taken, at least one; nothing once the thread has ended."""
        await self._arrived.wait()
        with self._space:
            items, self._waiting = self._waiting, []
            if not self._ended.is_set():
                self._arrived.clear()
            self._space.notify()
        if not items and self._error is not None:
            raise self._error
        return items

    async def close(self) -> None:
        """Ends the thread, and waits for its end for a few seconds at most."""
        with self._space:
            self._closed = True
            self._space.notify()
        self._stop()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), _END_SECONDS)
            # It has said so with its last breath.
            self._thread.join(_END_SECONDS)

    def _run(self) -> None:
        try:
            for item in self._find():
                if not self._put(item):
                    break
        except Exception as error:
            self._error = error
        finally:
            self._tell(self._end)

    def _put(self, item: Item) -> bool:
        with self._space:
            self._space.wait_for(lambda: self._closed or len(self._waiting) < MOST_WAITING)
            self._waiting.append(item)
            first = len(self._waiting) == 1
        if first:
            self._tell(self._arrived.set)
        return not self._closed

    def _end(self) -> None:
        self._ended.set()
        self._arrived.set()

    def _tell(self, call: Callable[[], None]) -> None:
        # The loop may have been closed meanwhile: then nobody waits.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call)

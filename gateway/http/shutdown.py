"""What the process does between being told to end and its server's own shutdown, which cuts off what is open.

uvicorn closes each WebSocket at once, and what is being changed for it would have no answer; and it waits for streams
that never end by themselves. So a signal drains the gateway first, and reaches the server when that is done.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import structlog

log = structlog.get_logger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def draining_first(drain: Callable[[], Awaitable[None]]) -> Iterator[None]:
    """As long as this is open, signals that end the process wait for `drain`. To be opened when the server has started.

    Only the main thread has signals: elsewhere, as in tests, whoever started the server ends it as they like.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    delayed = _Delayed(drain)
    delayed.install()
    try:
        yield
    finally:
        delayed.remove()


class _Delayed:
    """The signals, and who had them before."""

    def __init__(self, drain: Callable[[], Awaitable[None]]) -> None:
        self._drain = drain
        self._loop = asyncio.get_running_loop()
        self._before: dict[int, Any] = {}
        self._task: asyncio.Task[None] | None = None

    def install(self) -> None:
        """Takes the signals."""
        for number in SIGNALS:
            self._before[number] = signal.signal(number, self._on_signal)

    def remove(self) -> None:
        """Gives them back."""
        for number, handler in self._before.items():
            if signal.getsignal(number) == self._on_signal:
                signal.signal(number, handler)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        self._loop.call_soon_threadsafe(self._begin, number)

    def _begin(self, number: int) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._end(number))
        elif number == signal.SIGINT:
            # Pressed again: whoever sits before it doesn't want to wait.
            self._hand_on(number)

    async def _end(self, number: int) -> None:
        try:
            await self._drain()
        except Exception:
            log.exception("the gateway couldn't be drained")
        self._hand_on(number)

    def _hand_on(self, number: int) -> None:
        handler = self._before[number]
        if callable(handler):
            handler(number, None)
        else:
            signal.signal(number, handler)
            signal.raise_signal(number)

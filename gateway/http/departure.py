"""Ends the work for a client that has gone away: nobody is there to read the answer."""

from __future__ import annotations

import asyncio
from types import TracebackType

from starlette.requests import ClientDisconnect

from gateway.http.incoming import Incoming

# Most work is done before that: it is only then that a task begins to watch, which costs more than a timer.
SECONDS_UNWATCHED = 0.02


class UnlessGone:
    """A block that is cancelled once the client goes away, and then raises ClientDisconnect.

    The body must have been read before: from then on the server says nothing more than that the client is gone.
    """

    __slots__ = ("_gone", "_incoming", "_task", "_timer", "_watching")

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming
        self._gone = False
        self._watching: asyncio.Task[None] | None = None
        self._task: asyncio.Task[object] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> UnlessGone:
        self._task = asyncio.current_task()
        self._timer = asyncio.get_running_loop().call_later(SECONDS_UNWATCHED, self._watch)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.ignore()
        if not self._gone:
            return
        assert self._task is not None
        # Whoever cancelled this besides is obeyed.
        if self._task.uncancel() > 0 and kind is asyncio.CancelledError:
            return
        raise ClientDisconnect from error

    def ignore(self) -> None:
        """From here on the work goes on, whether the client is there or not."""
        if self._timer is not None:
            self._timer.cancel()
        if self._watching is not None:
            self._watching.cancel()

    def _watch(self) -> None:
        self._watching = asyncio.create_task(self._end_when_gone())

    async def _end_when_gone(self) -> None:
        await self._incoming.gone()
        assert self._task is not None
        self._gone = True
        self._task.cancel()

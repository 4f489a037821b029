"""Answers as server-sent events, each request with a stream of its own: graphql-sse, distinct connections mode.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md. `graphql.py` chooses it, and has carried out or begun
the operation by then: what goes wrong before is an ordinary answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from starlette.types import Send

from gateway.auth.reads import Kind
from gateway.http.answers import Answer
from gateway.http.endings import RESTART, SLOW, Ending
from gateway.http.execution import failure
from gateway.http.incoming import Incoming
from gateway.http.metrics import CLOSES, MESSAGES_TO_STREAMS, STREAMS_OPEN
from gateway.http.server import abort
from gateway.http.view_as import HEADER, Asker
from gateway.live.subscription import Subscription

COMMENT_SECONDS = 12.0
WRITE_SECONDS = 10.0
COMMENT = b":\n\n"
COMPLETE = b"event: complete\ndata:\n\n"
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # Whatever stands before the gateway hands on each event as it comes.
    (b"x-accel-buffering", b"no"),
]


async def send_once(send: Send, answer: Answer) -> None:
    """The answer of a query or a mutation, for a client that reads nothing else."""
    await _start(send)
    await send({"type": "http.response.body", "body": _next(answer.body) + COMPLETE})
    MESSAGES_TO_STREAMS.inc()


class EventStream:
    """The answers of one subscription. `run` sends them until there are no more, or nobody is there."""

    def __init__(
        self,
        incoming: Incoming,
        subscription: Subscription,
        *,
        asker: Asker,
        expires_at: float | None,
    ) -> None:
        self.asker = asker
        self.expires_at = expires_at
        self.view_as: Sequence[str] = incoming.all(HEADER)
        self._incoming = incoming
        self._send: Send
        self._gone: asyncio.Task[None] | None = None
        self._subscription = subscription
        self._clock = asyncio.get_running_loop().time
        self._written_at = self._clock()
        self._writing_since: float | None = None
        self._ending: Ending | None = None
        self._pump: asyncio.Task[None] | None = None
        self._comment: asyncio.Task[None] | None = None

    @property
    def rows(self) -> Mapping[Kind, int]:
        """How many rows of each kind have been read for it."""
        return self._subscription.rows

    def close(self) -> None:
        """Ends the subscription: nobody takes its answers."""
        self._subscription.close()

    async def run(self, send: Send) -> Answer | None:
        """Sends everything; the answer that says why it ended, where it didn't come to its own end."""
        with STREAMS_OPEN.track_inprogress():
            self._incoming.scope["state"]["streamed"] = True
            self._send = send
            await _start(send)
            self._pump = asyncio.create_task(self._deliver())
            self._gone = asyncio.create_task(self._incoming.gone())
            if self._ending is not None:
                # It was told to end before it had begun.
                self._pump.cancel()
            try:
                await asyncio.wait({self._pump, self._gone}, return_when=asyncio.FIRST_COMPLETED)
                return await self._finished(gone=self._gone.done())
            finally:
                left = [task for task in (self._pump, self._gone, self._comment) if task is not None]
                for task in left:
                    task.cancel()
                await asyncio.gather(*left, return_exceptions=True)

    async def _deliver(self) -> None:
        async for answer in self._subscription:
            await self._write(_next(answer))
            MESSAGES_TO_STREAMS.inc()

    async def _finished(self, *, gone: bool) -> Answer | None:
        """Ends the stream. Without `complete` a client comes back: that is for a gateway that restarts."""
        if gone:
            return None
        error = self._error()
        if self._ending is RESTART:
            await self._last(b"")
            return None
        if error is None:
            await self._last(COMPLETE)
            return None
        answer = failure(error, self._incoming.request_id)
        await self._last(_next(answer.body) + COMPLETE)
        return answer

    def _error(self) -> Exception | None:
        assert self._pump is not None
        if self._ending is not None:
            return self._ending.error
        error = None if self._pump.cancelled() else self._pump.exception()
        return error if isinstance(error, Exception) else None

    async def _last(self, body: bytes) -> None:
        if self._writing_since is not None and abort(self._incoming.scope):
            assert self._gone is not None
            await asyncio.wait({self._gone}, timeout=WRITE_SECONDS)
            return
        await self._send({"type": "http.response.body", "body": body})

    async def _write(self, body: bytes) -> None:
        """Sends a piece. Cancelled while the client doesn't read, it leaves `_writing_since` to tell."""
        if self._writing_since is None:
            self._writing_since = self._clock()
        await self._send({"type": "http.response.body", "body": body, "more_body": True})
        self._writing_since = None
        self._written_at = self._clock()

    # --- as long as it is open ------------------------------------------------------------------------------

    def look(self, now: float) -> None:
        """Keeps the stream alive, and ends it for a client that doesn't read."""
        if self._writing_since is not None:
            if now - self._writing_since > WRITE_SECONDS:
                self.end(SLOW)
        elif now - self._written_at >= COMMENT_SECONDS:
            self._comment = asyncio.create_task(self._write(COMMENT))

    def end(self, ending: Ending) -> None:
        """Begins to end it."""
        if self._ending is None:
            self._ending = ending
            CLOSES.labels(str(ending.close_code)).inc()
            if self._pump is not None:
                self._pump.cancel()

    async def drain(self) -> None:
        """Ends it, so that its client comes back."""
        self.end(RESTART)


async def _start(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})


def _next(answer: bytes) -> bytes:
    return b"event: next\ndata: %b\n\n" % answer

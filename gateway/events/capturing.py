"""The loop that captures: it takes the lease, has a capture look for changes, and adds what it sees to the log.

One in each worker; only the one that holds the lease does anything. Whatever dies, the next one goes on from the place
that is kept with the events.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing, suppress
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import Counter, Gauge

from gateway.errors import GatewayError
from gateway.events.bus import Captured, LeaseLost, Writer
from gateway.events.capture import Capture, PlaceLost
from gateway.events.gathered import ended, gathered
from gateway.events.lease import Lease

log = structlog.get_logger(__name__)

# How often a worker without the lease asks for it: with the lease's own seconds, the time that a takeover takes.
LOOK_SECONDS = 0.5
# After a failure the lease is given back, and another worker has the time to take it.
SHORTEST_PAUSE = 2 * LOOK_SECONDS
LONGEST_PAUSE = 4.0
CLOSE_SECONDS = 10.0
TRIM_SECONDS = 5.0

HERE = Gauge("gateway_capture_here", "Whether this process is the one that captures changes: 1 or 0.")
APPENDED = Counter("gateway_events_appended", "Events that this process has added to the log.", ["subject"])
LAG = Gauge(
    "gateway_capture_lag_seconds",
    "From a change to its being added to the log, of the newest one added here.",
)
SEEN = Gauge(
    "gateway_capture_seen_timestamp_seconds", "When this process has last heard from what it captures from."
)


class Capturing:
    """Captures whenever no other worker does. `start` and `close` are the process's. `zone` is the estate's."""

    def __init__(self, lease: Lease, capture: Capture, *, zone: ZoneInfo) -> None:
        self._lease = lease
        self._capture = capture
        self._zone = zone
        self._failures = 0
        self._said: type[BaseException] | None = None
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins. Called once, in the process's event loop."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Ends, and lets another worker go on at once."""
        self._closing.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=CLOSE_SECONDS)
            await ended(self._task)
        await self._capture.close()

    async def _run(self) -> None:
        while not self._closing.is_set():
            pause = await self._take_turn()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._closing.wait()

    async def _take_turn(self) -> float:
        """Captures until that ends, where nobody else does. Answers how long to wait before the next time."""
        try:
            writer = await self._lease.take()
            if writer is not None:
                await self._hold(writer)
        except LeaseLost as lost:
            log.warning("this worker captures changes no longer", reason=str(lost))
        except GatewayError as error:
            return self._failed(error.__cause__ or error)
        except Exception as error:
            return self._failed(error, exc_info=True)
        return LOOK_SECONDS

    def _failed(self, reason: BaseException, **details: object) -> float:
        # Said when it begins, and when it is another one; it may go on for long.
        if self._failures == 0 or type(reason) is not self._said:
            log.error(
                "changes can't be captured from here",
                capture=self._capture.name,
                reason=f"{type(reason).__name__}: {reason}",
                **details,
            )
        self._said = type(reason)
        self._failures += 1
        return min(LONGEST_PAUSE, SHORTEST_PAUSE * self._failures)

    async def _hold(self, writer: Writer) -> None:
        """Captures while the lease is ours. Gives it back in any case, so that another worker may do better."""
        tasks = {
            asyncio.create_task(self._go_on(writer)),
            asyncio.create_task(self._lease.keep()),
            asyncio.create_task(self._closed()),
        }
        try:
            HERE.set(1)
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            HERE.set(0)
            await asyncio.gather(*[ended(task) for task in tasks])
            await self._lease.give_back()

    async def _closed(self) -> None:
        await self._closing.wait()

    async def _go_on(self, writer: Writer) -> None:
        """Captures from where the one before left off; where that can't be, from now on, with a new log."""
        standing = await writer.standing()
        if standing.log is not None:
            try:
                await self._follow(writer, standing.place)
            except PlaceLost as lost:
                log.error(
                    "a new log of events begins: what has changed since the end of the one before isn't known, and "
                    "whoever follows is told so",
                    capture=self._capture.name,
                    reason=str(lost),
                )
        await self._follow(writer, None, begins=True)

    async def _follow(self, writer: Writer, place: str | None, *, begins: bool = False) -> None:
        """Adds what the capture sees after a place, for ever; with `begins`, to a new log."""
        log.info("this worker captures changes", capture=self._capture.name, anew=begins)
        trimmed = time.monotonic()
        async with aclosing(gathered(self._capture.changes(place), TRIM_SECONDS)) as found:
            async for batch in found:
                if batch and begins:
                    await writer.begin(batch[0].place)
                    begins = False
                if batch:
                    await self._append(writer, batch)
                self._failures = 0
                if time.monotonic() - trimmed >= TRIM_SECONDS and not begins:
                    await writer.trim()
                    trimmed = time.monotonic()

    async def _append(self, writer: Writer, batch: Sequence[Captured]) -> None:
        SEEN.set_to_current_time()
        await writer.append(batch)
        events = [event for captured in batch for event in captured.events]
        for event in events:
            APPENDED.labels(event.subject.value).inc()
        if events:
            now = datetime.now(self._zone).replace(tzinfo=None)
            LAG.set(max(0.0, (now - events[-1].changed_on).total_seconds()))

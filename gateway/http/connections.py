"""All sockets and event streams of this worker: how many there may be, whether who opened them still may, their end.

Each looks after itself when it is told to, once a second. Who is behind them is asked of the database for all of them
together, as often; while it is away nobody is closed for it, as nobody is let in anew and no rows are read either.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import structlog

from gateway.auth.principal import Principal
from gateway.errors import Code, GatewayError
from gateway.http.endings import CHANGED, EXPIRED, NO_LONGER_VIEWED, Ending, forbidden
from gateway.http.view_as import Asker, viewed
from gateway.services import Services

log = structlog.get_logger(__name__)

SECONDS_BETWEEN = 1.0
# What is in flight when the process is told to end has so long to come to its end.
DRAIN_SECONDS = 10.0
RETRY = "connect again in a moment."


class Connection(Protocol):
    """A socket or a stream. Who is behind it is asked for once it is looked after."""

    @property
    def asker(self) -> Asker:
        """Who opened it, and as whom they read."""
        ...

    @property
    def view_as(self) -> Sequence[str]:
        """Its `X-View-As` headers."""
        ...

    @property
    def expires_at(self) -> float | None:
        """When its access token ends, in seconds since 1970; None where the database alone says so."""
        ...

    def look(self, now: float) -> None:
        """Does what is due; `now` is of the event loop's clock."""
        ...

    def end(self, ending: Ending) -> None:
        """Begins to end it."""
        ...

    async def drain(self) -> None:
        """Ends it once what it executes is done, as the process is about to end."""
        ...


@dataclass(frozen=True, slots=True)
class Most:
    """How many connections one process keeps open, and how many of one caller."""

    open: int
    of_caller: int


class Connections:
    """`start` and `close` are the process's."""

    def __init__(self, services: Services, most: Most) -> None:
        self._services = services
        self._most = most
        self._known: set[Connection] = set()
        self._of_caller: Counter[tuple[int | None, int | None]] = Counter()
        self._open: set[Connection] = set()
        self._none_open = asyncio.Event()
        self._none_open.set()
        self._draining = False
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begins to look after them. Called once, in the process's event loop."""
        self._tasks = [asyncio.create_task(_again_and_again(work)) for work in (self._look, self._check)]

    async def close(self) -> None:
        """Looks after them no longer."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def open(self) -> int:
        """How many there are, those included whose caller isn't known yet."""
        return len(self._open)

    @contextmanager
    def place(self, connection: Connection) -> Iterator[None]:
        """Room for one more connection. Raises THROTTLED where there is none, or while the process ends."""
        if self._draining:
            raise GatewayError(Code.THROTTLED, f"The gateway restarts; {RETRY}")
        if len(self._open) >= self._most.open:
            raise GatewayError(Code.THROTTLED, f"Too many sockets and streams are open; {RETRY}")
        self._open.add(connection)
        self._none_open.clear()
        try:
            yield
        finally:
            self._open.discard(connection)
            if not self._open:
                self._none_open.set()

    @contextmanager
    def looked_after(self, connection: Connection) -> Iterator[None]:
        """Keeps an eye on a connection. Raises THROTTLED where its caller has too many."""
        caller = _caller(connection.asker.principal)
        if self._of_caller[caller] >= self._most.of_caller:
            raise GatewayError(
                Code.THROTTLED, "You have too many sockets and streams open: close some, or use one for more."
            )
        self._of_caller[caller] += 1
        self._known.add(connection)
        try:
            yield
        finally:
            self._known.discard(connection)
            self._of_caller[caller] -= 1
            if not self._of_caller[caller]:
                del self._of_caller[caller]

    async def drain(self) -> None:
        """Lets no more in, and ends all that are open, each once what it executes is done, within some seconds."""
        self._draining = True
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                await asyncio.gather(*[connection.drain() for connection in self._open])
                await self._none_open.wait()
        except TimeoutError:
            log.warning("connections are still open", open=len(self._open))

    async def _look(self) -> None:
        now, today = asyncio.get_running_loop().time(), time.time()
        for connection in list(self._known):
            if connection.expires_at is not None and connection.expires_at <= today:
                connection.end(EXPIRED)
            else:
                connection.look(now)

    async def _check(self) -> None:
        """Ends the connections whose caller is let in no longer, or isn't who they were."""
        checked = [(connection, connection.asker) for connection in self._known]
        if not checked:
            return
        found = await self._services.authenticator.check_all([asker.principal for _, asker in checked])
        for (connection, asker), now in zip(checked, found, strict=True):
            if connection.asker is not asker:
                continue
            if now.principal is None:
                connection.end(forbidden(f"Forbidden: {now.reason}"))
            elif now.principal != asker.principal:
                connection.end(CHANGED)
            elif asker.is_viewing and not await self._still_views(connection):
                connection.end(NO_LONGER_VIEWED)

    async def _still_views(self, connection: Connection) -> bool:
        asker = connection.asker
        try:
            return await viewed(asker.principal, connection.view_as, self._services) == asker.reads_as
        except GatewayError as error:
            if error.code is Code.NOT_FOUND:
                return False
            raise


def _caller(principal: Principal) -> tuple[int | None, int | None]:
    return principal.user_id, principal.token_id


async def _again_and_again(work: Callable[[], Awaitable[None]]) -> None:
    failing = False
    while True:
        await asyncio.sleep(SECONDS_BETWEEN)
        try:
            await work()
            failing = False
        except GatewayError as error:
            if not failing:
                log.warning("open connections can't be checked right now", code=error.code.value)
            failing = True
        except Exception:
            log.exception("looking after open connections failed")

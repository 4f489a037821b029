"""One subscription: an operation of one caller, and the answers that wait for them to take.

`http` orders one, and takes its answers; `following.py` and `catching_up.py` fill it.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from gateway.auth.principal import Principal
from gateway.auth.reads import Kind
from gateway.engine.audience import AudienceSchema
from gateway.engine.reference import Prepared
from gateway.events.cursor import Cursor, Position
from gateway.live.watch import Watch

# What may wait to be taken. Whoever falls behind further is read for when they have caught up; the log keeps the rest.
MOST_WAITING = 1_000
MOST_WAITING_BYTES = 4_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What somebody subscribes to. `prepared` is a subscription; `request_id` is said in errors."""

    principal: Principal
    schema: AudienceSchema
    prepared: Prepared
    request_id: str


class Live(Protocol):
    """Where subscriptions are ordered."""

    async def subscribe(self, order: Order) -> Subscription:
        """A subscription that has begun. Raises BAD_USER_INPUT, CURSOR_EXPIRED and what reading raises."""
        ...


class Subscription:
    """The answers of one subscription, in order: each is the JSON of a whole GraphQL answer.

    Iterating raises `GatewayError` where the gateway ends it: SLOW_CONSUMER where the answers weren't taken in time,
    CURSOR_EXPIRED where the log ended, SOURCE_UNAVAILABLE or TIMEOUT where rows couldn't be read for long. After any of
    them the client can subscribe again from the last cursor that it has.
    """

    __slots__ = (
        "_answers",
        "_bytes",
        "_ended",
        "_has_left",
        "_leave",
        "_rows",
        "_taken",
        "_waiting",
        "order",
        "position",
        "watch",
    )

    def __init__(
        self, order: Order, watch: Watch, position: Cursor, leave: Callable[[Subscription], None]
    ) -> None:
        self.order = order
        self.watch = watch
        # Every event up to here has been put, or isn't for this subscriber.
        self.position = position
        self._leave = leave
        self._has_left = False
        self._answers: deque[bytes] = deque()
        self._bytes = 0
        self._rows: Counter[Kind] = Counter()
        self._ended: Exception | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._taken: asyncio.Future[None] | None = None

    # --- for who takes answers ------------------------------------------------------------------------------

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The answers."""
        return self

    async def __anext__(self) -> bytes:
        """The next answer, once there is one. One at a time may wait."""
        while not self._answers:
            if self._ended is not None:
                raise self._ended
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        answer = self._answers.popleft()
        self._bytes -= len(answer)
        if self._taken is not None and self.has_room:
            _wake(self._taken)
        return answer

    def close(self) -> None:
        """Ends it: nobody takes answers any more. Can be called at any time, more than once."""
        self._answers.clear()
        self.end(StopAsyncIteration())
        if not self._has_left:
            self._has_left = True
            self._leave(self)

    @property
    def rows(self) -> Mapping[Kind, int]:
        """How many rows of each kind have been read for it so far, for the audit."""
        return self._rows

    # --- for who fills it -----------------------------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        """Whether nothing more can come."""
        return self._ended is not None

    @property
    def has_room(self) -> bool:
        """Whether another answer may be put."""
        return len(self._answers) < MOST_WAITING and self._bytes < MOST_WAITING_BYTES

    def put(self, position: Position, answer: bytes) -> bool:
        """Hands on the answer for an event; False where there is no room. What was put before isn't put again."""
        if self._ended is not None or position <= self.position.position:
            return True
        if not self.has_room:
            return False
        self._answers.append(answer)
        self._bytes += len(answer)
        self.position = Cursor(self.position.log, position)
        _wake(self._waiting)
        return True

    def read(self, rows: Mapping[Kind, int]) -> None:
        """Notes rows that were read for it."""
        self._rows.update(rows)

    async def room(self) -> None:
        """Returns when there is room, or nothing more can come."""
        while not self.has_room and self._ended is None:
            self._taken = asyncio.get_running_loop().create_future()
            await self._taken

    def end(self, error: Exception) -> None:
        """Ends it, once the answers that wait have been taken."""
        if self._ended is None:
            self._ended = error
            _wake(self._waiting)
            _wake(self._taken)


def _wake(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)

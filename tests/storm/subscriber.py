"""One subscriber: follows from a cursor, is cut off again and again, and goes on after the last event that it has."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from tests.storm.callers import Caller, NoToken
from tests.storm.fleet import Fleet
from tests.storm.streams import Refused, Stream, StreamEnded, refused_in
from tests.storm.topic import FIELDS, ROW_FIELDS, Topic

CURSOR = "{ eventCursor }"
# What may be over in a moment, and a client tries again.
PASSING = {"SOURCE_UNAVAILABLE", "TIMEOUT", "THROTTLED", "SLOW_CONSUMER"}
PAUSE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Received:
    """An event as it came, at `at`."""

    previous: str | None
    status: str | None
    at: float


@dataclass(eq=False)
class Subscriber:
    """Somebody who wants to have every event of a topic. `received` is by row, in order."""

    number: int
    caller: Caller
    topic: Topic
    stream: Stream
    random: Random
    connected_seconds: float
    # Begins while there are changes already.
    is_late: bool = False
    cursor: str | None = None
    # When the first cursor was known: what was committed before may be left out.
    since: float = 0.0
    received: dict[int, list[Received]] = field(default_factory=lambda: defaultdict(list))
    events: int = 0
    partial: int = 0
    connects: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    _cut: Callable[[], None] | None = None
    _lifetime: asyncio.Timeout | None = None

    @property
    def name(self) -> str:
        """For the report."""
        return f"subscriber {self.number} ({self.caller.role} {self.caller.name}, {self.topic.subject.value})"

    async def begin(self, client: httpx.AsyncClient, fleet: Fleet) -> None:
        """Learns where to begin."""
        while self.cursor is None:
            url = fleet.any().url
            try:
                token = await self.caller.token(client, url)
                headers = {"authorization": f"Bearer {token}"}
                answer = await client.post(f"{url}/graphql", json={"query": CURSOR}, headers=headers)
                self.cursor = answer.json()["data"]["eventCursor"]
            except (httpx.HTTPError, NoToken, TypeError, KeyError, ValueError) as error:
                self.ends[f"no cursor: {type(error).__name__}"] += 1
                await asyncio.sleep(PAUSE_SECONDS)
        self.since = time.time()

    async def follow(self, client: httpx.AsyncClient, fleet: Fleet) -> None:
        """Follows until it is cancelled, or may not go on."""
        while not self.problems:
            url = fleet.any().url
            token = ""
            try:
                token = await self.caller.token(client, url)
                await self._connected(url, token)
            except StreamEnded as ended:
                self.ends[ended.code] += 1
                if ended.code == "4403":
                    self.caller.forget(token)
            except Refused as refused:
                self._refused(refused, token)
            except (httpx.HTTPError, NoToken, ValueError) as error:
                self.ends[f"no token: {type(error).__name__}"] += 1
            await asyncio.sleep(PAUSE_SECONDS * self.random.random())

    def cut(self) -> None:
        """Drops the connection, if there is one, or leaves it where it can't be dropped."""
        if self._cut is not None:
            self._cut()
        elif self._lifetime is not None and not self._lifetime.expired():
            self._lifetime.reschedule(0)

    async def _connected(self, url: str, token: str) -> None:
        assert self.cursor is not None
        self.connects += 1
        lifetime = 0.1 + self.random.expovariate(1 / self.connected_seconds)
        answers = self.stream(url, token, self.topic.query, self.topic.variables(self.cursor), self._opened)
        # Who leaves by themselves closes in order; who is cut doesn't.
        try:
            async with contextlib.aclosing(answers), asyncio.timeout(lifetime) as self._lifetime:
                async for answer in answers:
                    self._take(answer)
        except TimeoutError:
            raise StreamEnded("left") from None
        finally:
            self._cut = self._lifetime = None

    def _opened(self, cut: Callable[[], None]) -> None:
        self._cut = cut

    def _take(self, answer: dict[str, Any]) -> None:
        refused = refused_in(answer)
        if refused is not None:
            raise refused
        event = answer["data"][FIELDS[self.topic.subject]]
        row = event[ROW_FIELDS[self.topic.subject]]["databaseId"]
        previous, status = (_kept(event[name]) for name in ("previousStatus", "status"))
        self.received[row].append(Received(previous, status, time.time()))
        self.events += 1
        self.partial += "errors" in answer
        self.cursor = event["cursor"]

    def _refused(self, refused: Refused, token: str) -> None:
        self.ends[", ".join(map(str, refused.codes))] += 1
        if refused.codes == ["UNAUTHENTICATED"]:
            self.caller.forget(token)
        elif not refused.codes or not PASSING.issuperset(refused.codes):
            self.problems.append(f"was refused: {refused}")


def _kept(text: str | None) -> str | None:
    """The same object for the same word: there are many events."""
    return None if text is None else sys.intern(text)

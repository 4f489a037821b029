"""The read audit: who read what, written to the estate's `logs` in batches, off the way of any request.

A request only puts an entry into a queue; one task of the process writes what has gathered. While iperform is away the
queue fills, and what doesn't fit is counted, never silently lost. `gateway/http/audited.py` makes the entries.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import orjson
import structlog
from prometheus_client import Counter, Gauge

from datasources.iperform.tables import logs
from datasources.model import Match, Value, all_of
from gateway.auth.policy import Policy
from gateway.auth.system_access import SystemAccess
from gateway.errors import GatewayError

log = structlog.get_logger(__name__)

BYPASS = Policy.unrestricted(
    reason="the audit says who read what; no rule of theirs decides whether it is written"
)
ENDPOINT = "/graphql"
MOST_WAITING = 10_000
LARGEST_BATCH = 200
BATCH_SECONDS = 1.0
CLOSE_SECONDS = 5.0
# A database that is away is waited for; a batch that it refuses is given up after so many attempts.
MOST_REFUSALS = 3
LONGEST_PAUSE = 5.0
SECONDS_BETWEEN_COMPLAINTS = 10.0

ENTRIES = Counter(
    "gateway_audit_entries", "Entries of the read audit by what became of them: written or lost.", ["outcome"]
)
WAITING = Gauge("gateway_audit_entries_waiting", "Entries of the read audit that aren't written yet.")


@dataclass(frozen=True, slots=True)
class Reader:
    """A user, or a partner by its token."""

    user_id: int | None = None
    token_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one request read. Holds names of the schema and numbers, and of the client's text only bounded names.

    `acting_for` is as whom an ADMIN read, who is then `reader`. `document` and `variables` say kinds, never values;
    `rows` and `groups` are numbers by GraphQL type; `error_codes` are those of the answer.
    """

    reader: Reader
    acting_for: Reader | None = None
    caller: str
    company_id: int | None
    method: str
    operation: str | None
    document: str
    variables: Mapping[str, str]
    rows: Mapping[str, int]
    groups: Mapping[str, int]
    status: int
    error_codes: Sequence[str]
    milliseconds: int
    logged_on: datetime
    id: str = field(default_factory=lambda: os.urandom(16).hex())

    def values(self) -> Mapping[str, Value]:
        """The row of `logs`. The id tells a batch that was written from one that wasn't."""
        body = {
            "id": self.id,
            "caller": self.caller,
            "tokenId": self.reader.token_id,
            "actingFor": _named(self.acting_for),
            "operation": self.operation,
            "document": self.document,
            "variables": self.variables,
            "rows": self.rows,
            "groups": self.groups,
        }
        codes = orjson.dumps({"errors": self.error_codes}).decode() if self.error_codes else None
        return {
            "user_id": self.reader.user_id,
            "company_id": self.company_id,
            "endpoint": ENDPOINT,
            "method": self.method,
            "request_body": orjson.dumps(
                {name: value for name, value in body.items() if value is not None}
            ).decode(),
            "response_status": self.status,
            "response_body": codes,
            "execution_time_ms": self.milliseconds,
            "logged_on": self.logged_on,
        }


def _named(reader: Reader | None) -> Mapping[str, int | None] | None:
    if reader is None:
        return None
    return {"userId": reader.user_id} if reader.token_id is None else {"tokenId": reader.token_id}


class Audit:
    """The queue, and the task that writes what is in it. `start` and `close` are the process's."""

    def __init__(self, system: SystemAccess, *, most_waiting: int = MOST_WAITING) -> None:
        self._system = system
        self._most_waiting = most_waiting
        self._waiting: deque[Entry] = deque()
        self._in_hand: list[Entry] = []
        self._some = asyncio.Event()
        self._enough = asyncio.Event()
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._unsaid = 0
        self._said_at = -SECONDS_BETWEEN_COMPLAINTS

    def put(self, entry: Entry) -> None:
        """Takes an entry, at once and without failing. Past the bound it is lost, and counted."""
        if len(self._waiting) >= self._most_waiting:
            self.lose(1)
            return
        self._waiting.append(entry)
        self._some.set()
        if len(self._waiting) >= LARGEST_BATCH:
            self._enough.set()

    def lose(self, count: int) -> None:
        """Counts entries that will never be written, and says so in the log, now and then."""
        ENTRIES.labels("lost").inc(count)
        self._unsaid += count
        if time.monotonic() - self._said_at >= SECONDS_BETWEEN_COMPLAINTS:
            self._complain()

    def start(self) -> None:
        """Begins to write. Called once, in the process's event loop."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Writes what waits, for a few seconds at most; what is left is lost, and counted."""
        self._closing.set()
        self._some.set()
        self._enough.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=CLOSE_SECONDS)
            self._task.cancel()
            await asyncio.wait({self._task})
        left = len(self._in_hand) + len(self._waiting)
        if left:
            self.lose(left)
        self._complain()

    async def _run(self) -> None:
        while await self._gathered():
            self._in_hand = [self._waiting.popleft() for _ in range(min(LARGEST_BATCH, len(self._waiting)))]
            WAITING.set(len(self._in_hand) + len(self._waiting))
            await self._write(self._in_hand)
            self._in_hand = []
            WAITING.set(len(self._waiting))
            if time.monotonic() - self._said_at >= SECONDS_BETWEEN_COMPLAINTS:
                self._complain()

    async def _gathered(self) -> bool:
        """Waits for a batch: for entries, and a while for more of them. False where none will come."""
        while not self._waiting:
            if self._closing.is_set():
                return False
            self._some.clear()
            await self._some.wait()
        if len(self._waiting) < LARGEST_BATCH and not self._closing.is_set():
            self._enough.clear()
            await _until(self._enough, BATCH_SECONDS)
        return True

    async def _write(self, batch: Sequence[Entry]) -> None:
        """Writes a batch, all of it or nothing, as often as it takes."""
        refusals = attempts = 0
        values = [entry.values() for entry in batch]
        columns, rows = tuple(values[0]), [tuple(row.values()) for row in values]
        while True:
            try:
                # The answer to a commit may have been lost with its connection.
                if not attempts or not await self._is_written(batch[0]):
                    await self._system.insert_rows(logs, columns, rows, bypass=BYPASS)
                ENTRIES.labels("written").inc(len(batch))
                return
            except GatewayError:
                pass  # The source is away, which was logged where it was noticed.
            except Exception:
                _report("the read audit can't be written", entries=len(batch), exc_info=True)
                refusals += 1
                if refusals == MOST_REFUSALS:
                    self.lose(len(batch))
                    return
            attempts += 1
            await _until(self._closing, min(LONGEST_PAUSE, 0.2 * 2**attempts))
            if self._closing.is_set():
                await asyncio.sleep(0.2)

    async def _is_written(self, entry: Entry) -> bool:
        its_own = Match(logs.c.request_body.contains(entry.id))
        then = Match(logs.c.logged_on == entry.logged_on)
        return bool(await self._system.rows((logs.c.id,), where=all_of(then, its_own), bypass=BYPASS))

    def _complain(self) -> None:
        if self._unsaid:
            _report("entries of the read audit are lost", entries=self._unsaid)
            self._unsaid = 0
            self._said_at = time.monotonic()


def _report(event: str, **details: object) -> None:
    # Where not even the log can be written to, the counter still says it, and the audit goes on.
    with suppress(Exception):
        log.error(event, **details)


async def _until(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()

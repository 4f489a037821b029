"""Programs that write statuses straight into the database, as the REST application does, in transactions that overlap.

Each is a thread with a connection of its own. What it has committed isn't counted here: the triggers tell.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pymysql

from tests.servers.mysql_like import MySQLLikeServer
from tests.storm.options import Subject
from tests.storm.topic import STATUSES

# What nobody but a program writes: no status at all, one in another script, one that isn't known.
ODD_STATUSES = (None, "संपर्क किया", "Parked ")
ODDITIES = 0.02
ROLLED_BACK = 0.1
MOST_ROWS = 5
LONGEST_PAUSE_SECONDS = 0.03
RETRY_SECONDS = 0.2

LEAD = "update iperform.leads set status = %s, changed_on = now(), changed_by = 1 where id = %s"
STEP = "insert into iperform.lead_status (lead_id, status, changed_on, changed_by) values (%s, %s, now(), 1)"
TICKET = "update iperform.tickets set status = %s where id = %s"
MANY_LEADS = "update iperform.leads set status = %s, changed_on = now() where id in (%s, %s, %s)"
NO_STATUS = "update iperform.leads set remarks = %s where id = %s"

Rows = Mapping[Subject, Sequence[int]]
Cursor = Any


@dataclass(eq=False)
class DirectWriter:
    """One program. It writes `quota` changes, at most `pace` a second, and then as slowly as to be there still."""

    database: MySQLLikeServer
    rows: Rows
    random: Random
    pace: float
    quota: int
    is_over: Callable[[], bool]
    written: int = 0
    transactions: int = 0
    rolled_back: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    _connection: Any = None

    def run(self) -> None:
        """Writes until it is over."""
        started = time.monotonic()
        while not self.is_over():
            ahead = self.written / self.pace - (time.monotonic() - started)
            if ahead > 0 or self.written > 1.3 * self.quota:
                time.sleep(min(max(ahead, 0.02), 0.5))
                continue
            try:
                self._write()
            except (pymysql.MySQLError, OSError) as error:
                self._failed(error)
        self._leave()

    def _write(self) -> None:
        if self._connection is None:
            self._connection = self.database.connect()
        with self._connection.cursor() as cursor:
            count = self._transaction(cursor)
            self._pause()
            if self.random.random() < ROLLED_BACK:
                self._connection.rollback()
                self.rolled_back += 1
            else:
                self._connection.commit()
                self.written += count
                self.transactions += 1

    def _transaction(self, cursor: Cursor) -> int:
        kind = self.random.random()
        if kind < 0.55:
            return self._leads(cursor) + (self._tickets(cursor) if kind < 0.1 else 0)
        if kind < 0.8:
            return self._tickets(cursor)
        if kind < 0.9:
            return self._many(cursor)
        if kind < 0.95:
            return self._twice(cursor)
        return self._half_rolled_back(cursor)

    # In the order of ids, so that they seldom wait for each other in a circle.
    def _some(self, subject: Subject) -> list[int]:
        rows = self.rows[subject]
        return sorted(self.random.sample(rows, self.random.randint(1, min(MOST_ROWS, len(rows)))))

    def _status(self, subject: Subject) -> str | None:
        odd = self.random.random() < ODDITIES
        return self.random.choice(ODD_STATUSES if odd else STATUSES[subject])

    def _leads(self, cursor: Cursor) -> int:
        ids = self._some(Subject.LEADS)
        for lead_id in ids:
            self._lead(cursor, lead_id)
        return len(ids)

    def _lead(self, cursor: Cursor, lead_id: int) -> None:
        status = self._status(Subject.LEADS)
        cursor.execute(LEAD, (status, lead_id))
        if self.random.random() < 0.7:
            self._pause()
            # Its id is taken now and can be read when this is committed: others overtake it.
            cursor.execute(STEP, (lead_id, status))
        if self.random.random() < 0.2:
            cursor.execute(NO_STATUS, (f"called {time.time()}", lead_id))

    def _tickets(self, cursor: Cursor) -> int:
        ids = self._some(Subject.TICKETS)
        for ticket_id in ids:
            cursor.execute(TICKET, (self._status(Subject.TICKETS), ticket_id))
            self._pause()
        return len(ids)

    def _many(self, cursor: Cursor) -> int:
        ids = sorted(self.random.sample(self.rows[Subject.LEADS], 3))
        cursor.execute(MANY_LEADS, (self._status(Subject.LEADS), *ids))
        return len(ids)

    def _twice(self, cursor: Cursor) -> int:
        lead_id = self.random.choice(self.rows[Subject.LEADS])
        self._lead(cursor, lead_id)
        self._lead(cursor, lead_id)
        return 2

    def _half_rolled_back(self, cursor: Cursor) -> int:
        count = self._leads(cursor)
        cursor.execute("savepoint half")
        self._leads(cursor)
        cursor.execute("rollback to half")
        return count

    def _pause(self) -> None:
        time.sleep(self.random.random() * LONGEST_PAUSE_SECONDS)

    def _failed(self, error: Exception) -> None:
        # Two who wait for each other, or a database that is away: neither is news here.
        name = f"{type(error).__name__} {error.args[0] if error.args else ''}".strip()
        self.failures[name] = self.failures.get(name, 0) + 1
        self._leave()
        time.sleep(RETRY_SECONDS)

    def _leave(self) -> None:
        if self._connection is not None:
            with suppress(Exception):
                self._connection.close()
            self._connection = None


def start_thread(writer: DirectWriter) -> threading.Thread:
    """Runs a writer beside everything else."""
    thread = threading.Thread(target=writer.run, daemon=True)
    thread.start()
    return thread

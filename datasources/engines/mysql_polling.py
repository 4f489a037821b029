"""Finds changes of statuses by asking again and again, where the account may not read the binary log.

Blocking: `gateway/events/polling_capture.py` runs it in a thread. It sees every row of `lead_status`, and
of tickets what has changed between two looks.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from typing import Any

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from datasources.base import SourceUnavailable
from datasources.changes import HistoryLost
from datasources.engines.mysql_history_gaps import Gap, HistoryRow, Marks, marks_now, rows_after, settled
from datasources.engines.mysql_ticket_snapshot import TicketChange, TicketSnapshot
from datasources.mysql_client import blocking_mysql_url

KIND = "polling"
# How often a place is told where nothing has happened.
QUIET_SECONDS = 2.0
_SESSION = "set session innodb_lock_wait_timeout = 1"
_NEXT_ID = text(
    "select auto_increment from information_schema.tables "
    "where table_schema = database() and table_name = 'lead_status'"
)
_FRESH = text("set session information_schema_stats_expiry = 0")


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look has found. `place` says where to go on after it."""

    history: tuple[HistoryRow, ...]
    tickets: tuple[TicketChange, ...]
    place: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """Seconds between two looks, and between the two looks after which an id is given up that no row has."""

    look: float = 1.0
    settle: float = 5.0
    connect: float = 3.0
    statement: float = 10.0


class Poller:
    """Looks at the `iperform` database that a DSN names. Not for several threads, except `close`."""

    def __init__(self, dsn: str, pace: Pace) -> None:
        arguments = {
            "connect_timeout": max(1, round(pace.connect)),
            "read_timeout": pace.statement,
            "write_timeout": pace.statement,
            "init_command": _SESSION,
        }
        url = blocking_mysql_url(dsn)
        self._engine = create_engine(
            url, poolclass=NullPool, isolation_level="READ COMMITTED", connect_args=arguments
        )
        self._pace = pace
        self._closed = threading.Event()

    def looks(self, after: str | None) -> Iterator[Looked]:
        """What each look has found, from a place on; from now on where there is none.

        Raises `HistoryLost`, and `SourceUnavailable` where the database can't be read. Ends when closed.
        """
        try:
            with self._engine.connect() as connection:
                yield from self._look_on(connection, after)
        except (DBAPIError, OSError) as error:
            raise SourceUnavailable("iperform", str(error)) from error

    def close(self) -> None:
        """Ends the looking after the statement that runs. For any thread, and more than once."""
        self._closed.set()

    def _look_on(self, connection: Connection, after: str | None) -> Iterator[Looked]:
        with _unless_unknown(connection):
            connection.execute(_FRESH)
        marks, snapshot = self._begun(connection) if after is None else _decoded(after)
        place = _encoded(marks, snapshot)
        told_at = time.monotonic()
        if after is None:
            yield Looked((), (), place)
        while not self._closed.wait(self._pace.look):
            _check_same_history(connection, marks)
            rows, moved = rows_after(connection, marks, now=time.time())
            changes = snapshot.look(connection)
            moved = settled(connection, moved, now=time.time(), apart=self._pace.settle)
            if moved != marks or changes:
                marks, place = moved, _encoded(moved, snapshot)
            if rows or changes or time.monotonic() - told_at >= QUIET_SECONDS:
                told_at = time.monotonic()
                yield Looked(tuple(rows), tuple(changes), place)

    def _begun(self, connection: Connection) -> tuple[Marks, TicketSnapshot]:
        snapshot = TicketSnapshot()
        snapshot.look(connection)
        return marks_now(connection, now=time.time()), snapshot


@contextmanager
def _unless_unknown(connection: Connection) -> Iterator[None]:
    """For what only newer servers of MySQL know, and only they need."""
    try:
        with connection.begin():
            yield
    except DBAPIError as error:
        if error.connection_invalidated:
            raise


def _check_same_history(connection: Connection, marks: Marks) -> None:
    """Where ids begin again, later rows would be taken for ones that have been read."""
    with connection.begin():
        next_id = connection.scalar(_NEXT_ID)
    if next_id is not None and next_id <= marks.high:
        raise HistoryLost("lead_status has begun its ids anew")


def _encoded(marks: Marks, snapshot: TicketSnapshot) -> str:
    gaps = [astuple(gap) for gap in marks.gaps]
    held = {"kind": KIND, "high": marks.high, "gaps": gaps, "tickets": snapshot.encoded()}
    return json.dumps(held, separators=(",", ":"))


def _decoded(place: str) -> tuple[Marks, TicketSnapshot]:
    try:
        held: dict[str, Any] = json.loads(place)
        if held["kind"] != KIND:
            raise ValueError(held["kind"])
        marks = Marks(held["high"], tuple(Gap(*items) for items in held["gaps"]))
        return marks, TicketSnapshot.decoded(held["tickets"])
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise HistoryLost("the place is not one of asking again and again") from error

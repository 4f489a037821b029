"""A small `iperform` database of one test, on a server that the tests of this folder may stop, and who follows it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import pymysql

from gateway.events.binlog_capture import BinlogCapture
from gateway.events.bus import Captured
from gateway.events.event import StatusEvent
from tests.servers.mysql_like import MySQLLikeServer

ZONE = ZoneInfo("Asia/Kolkata")
WAIT_SECONDS = 40.0
COPIED = ("leads", "lead_status", "tickets", "gateway_ticket_changes")
HISTORY_OF_LEADS = (
    "alter table lead_status add constraint history_of_lead foreign key (lead_id) "
    "references leads (id) on delete cascade"
)


@dataclass(frozen=True)
class Database:
    """A database of its own, with the tables that are captured."""

    server: MySQLLikeServer
    name: str

    @property
    def dsn(self) -> str:
        """As the gateway's settings have it."""
        return self.server.dsn(self.name)

    @property
    def is_mariadb(self) -> bool:
        """MariaDB rather than MySQL."""
        return "mariadb" in self.server.version.lower()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A connection with a transaction of its own."""
        connection = self.server.connect(self.name)
        try:
            yield Session(connection)
        finally:
            connection.close()

    def run(self, *statements: str, **values: Any) -> int:
        """Runs statements and commits; the last id that was given."""
        with self.session() as session:
            found = [session.run(statement, **values) for statement in statements]
            session.commit()
        return found[-1]

    def lead(self, status: str | None = "New") -> int:
        """A new lead's id."""
        return self.run("insert into leads (company_id, status) values (1, %(status)s)", status=status)

    def ticket(self, status: str | None = "Open") -> int:
        """A new ticket's id."""
        return self.run(
            "insert into tickets (company_id, title, created_by, status) values (1, 'x', 1, %(status)s)",
            status=status,
        )

    def set_status(self, lead: int, status: str | None) -> None:
        """What a program does that knows nothing of the history."""
        self.run("update leads set status = %(status)s where id = %(lead)s", lead=lead, status=status)

    def capture(self) -> BinlogCapture:
        """A capture of this database."""
        return BinlogCapture(self.dsn, zone=ZONE, connect_seconds=3)


@dataclass(frozen=True)
class Session:
    """A connection; nothing is committed by itself."""

    connection: Any

    def run(self, statement: str, **values: Any) -> int:
        """Runs a statement; the last id that was given."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return int(cursor.lastrowid or 0)

    def commit(self) -> None:
        """Commits."""
        self.connection.commit()

    def rollback(self) -> None:
        """Rolls back."""
        self.connection.rollback()


def new_database(server: MySQLLikeServer, name: str) -> Database:
    """A database with empty tables, as the migrations make them."""
    database = Database(server, name)
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"drop database if exists {name}")
        cursor.execute(f"create database {name} character set utf8mb4")
    copies = [f"create table {table} like iperform.{table}" for table in COPIED]
    database.run(*copies, HISTORY_OF_LEADS)
    return database


@dataclass
class Followed:
    """What somebody sees who follows a capture."""

    found: AsyncGenerator[Captured, None]
    seen: list[Captured] = field(default_factory=list)

    @property
    def place(self) -> str:
        """Where to go on."""
        return self.seen[-1].place

    async def next(self) -> Captured:
        """What comes next, soon."""
        async with asyncio.timeout(WAIT_SECONDS):
            return await self._next()

    async def _next(self) -> Captured:
        self.seen.append(await anext(self.found))
        return self.seen[-1]

    async def events(self, count: int) -> list[StatusEvent]:
        """The next events, at least so many, soon: what holds none may come for ever."""
        events: list[StatusEvent] = []
        async with asyncio.timeout(WAIT_SECONDS):
            while len(events) < count:
                events += (await self._next()).events
        return events

    async def changes(self, count: int) -> list[tuple[int, str | None, str | None]]:
        """Of the next events the row, what it was and what it is."""
        return [(event.row_id, event.previous, event.status) for event in await self.events(count)]


@asynccontextmanager
async def following(capture: Any, after: str | None = None) -> AsyncIterator[Followed]:
    """Follows a capture, from now on or from a place; from now on it knows where that is."""
    async with aclosing(capture.changes(after)) as found:
        followed = Followed(found)
        if after is None:
            assert (await followed.next()).events == ()
        yield followed


def until_gone(database: Database, number: int) -> None:
    """Waits until the server has ended a session that was left; `number` is the server's own."""
    deadline = time.monotonic() + WAIT_SECONDS
    with database.session() as session, session.connection.cursor() as cursor:
        while cursor.execute("select id from information_schema.processlist where id = %s", (number,)):
            assert time.monotonic() < deadline
            time.sleep(0.005)


def error_of(call: Any) -> int:
    """The server's number of the error that a call makes."""
    try:
        call()
    except pymysql.MySQLError as error:
        return int(error.args[0])
    raise AssertionError("no error")

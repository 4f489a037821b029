"""SQLite, for the embedded estate: one file a source, through aiosqlite and SQLAlchemy's async pool.

Opened by `datasources/estate.py`. `sqlite_engine` also serves whoever creates and fills the file.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import Any, TypeVar, cast
from urllib.parse import quote

import aiosqlite
from sqlalchemy import DateTime, Dialect
from sqlalchemy.dialects.sqlite import DATETIME
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from datasources.base import Capability, SourceTimeout, SourceUnavailable
from datasources.engines.compiled import Prepared, PreparedRows
from datasources.engines.sql_source import Effect, RawRows, SourceOptions, SqlSource
from datasources.expressions import SQLITE_LISTS_ANY, SQLITE_LOWER

_POOL_SIZE = 4
_BUSY_SECONDS = 5.0
_LOCKED_SECONDS = 0.01
# Errors of the statement itself; every other code means that the file can't be used now.
_STATEMENT_ERRORS = frozenset(
    {
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_MISUSE,
        sqlite3.SQLITE_RANGE,
        sqlite3.SQLITE_TOOBIG,
    }
)

Answer = TypeVar("Answer")


class SqliteSource(SqlSource):
    """A `Source` over one SQLite file, which must exist once the first statement comes."""

    capabilities = frozenset(
        {
            Capability.WINDOW_FUNCTIONS,
            Capability.INDEX_UNION,
            Capability.JOINS,
            Capability.ON_CONFLICT,
            Capability.TRANSACTIONS,
            Capability.WRITES,
        }
    )

    def __init__(self, name: str, path: str, options: SourceOptions) -> None:
        self._engine = sqlite_engine(path, connect_seconds=options.limits.connect)
        self._writing = asyncio.Lock()
        super().__init__(name, self._engine.dialect, options)

    async def version(self) -> str:
        """SQLite's version. Raises `SourceError`."""
        rows = await self._fetch(Prepared("select sqlite_version()", ()))
        return f"SQLite {rows[0][0]}"

    async def close(self) -> None:
        """Closes all connections, each of which is a thread."""
        await self._engine.dispose()

    async def _fetch(self, prepared: Prepared) -> RawRows:
        async with self._connection() as connection:
            rows = connection.execute_fetchall(prepared.text, prepared.parameters)
            return cast(RawRows, await self._limited(connection, rows))

    @asynccontextmanager
    async def _begun(self) -> AsyncIterator[_Begun]:
        async with self._writing, self._connection() as connection:
            try:
                await self._limited(connection, connection.execute("begin immediate"))
                yield _Begun(self, connection)
                await self._limited(connection, connection.commit())
            except BaseException:
                # Of nothing, where it never began: that is no error.
                await asyncio.shield(connection.rollback())
                raise

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[aiosqlite.Connection]:
        try:
            async with asyncio.timeout(self._limits.connect):
                connection = await self._engine.connect()
                raw = await connection.get_raw_connection()
        except (TimeoutError, PoolExhausted) as error:
            raise SourceTimeout(self.name, "no free connection in time") from error
        except (DBAPIError, sqlite3.Error) as error:
            raise SourceUnavailable(self.name, str(error)) from error
        try:
            yield cast(aiosqlite.Connection, raw.driver_connection)
        except sqlite3.Error as error:
            if _is_of_statement(error):
                raise
            raise SourceUnavailable(self.name, str(error)) from error
        finally:
            await asyncio.shield(connection.close())

    async def _limited(self, connection: aiosqlite.Connection, work: Awaitable[Answer]) -> Answer:
        """The answer within the statement limit; past it, or cancelled, SQLite is interrupted first."""
        task = asyncio.ensure_future(work)
        try:
            done, _ = await asyncio.wait({task}, timeout=self._limits.statement)
        except asyncio.CancelledError:
            await asyncio.shield(_interrupt(connection, task))
            raise
        if not done:
            await _interrupt(connection, task)
            raise SourceTimeout(self.name, f"no answer within {self._limits.statement} s")
        return task.result()


@dataclass(frozen=True, slots=True)
class _Begun:
    """A connection with a transaction on it."""

    _source: SqliteSource
    _connection: aiosqlite.Connection

    async def fetch(self, prepared: Prepared) -> RawRows:
        """All rows of one statement."""
        rows = self._connection.execute_fetchall(prepared.text, prepared.parameters)
        return cast(RawRows, await self._source._limited(self._connection, rows))

    async def change(self, prepared: Prepared) -> Effect:
        """Carries out one write."""
        work = self._connection.execute(prepared.text, prepared.parameters)
        cursor = await self._source._limited(self._connection, work)
        return Effect(cursor.rowcount or 0, cursor.lastrowid or 0)

    async def change_rows(self, prepared: PreparedRows) -> None:
        """Adds rows."""
        work = self._connection.executemany(prepared.text, prepared.rows)
        await self._source._limited(self._connection, work)


async def _interrupt(connection: aiosqlite.Connection, task: asyncio.Future[Any]) -> None:
    # The connection goes back to the pool, so the statement must have ended in its thread.
    await connection.interrupt()
    with suppress(sqlite3.Error):
        await task


def _is_of_statement(error: sqlite3.Error) -> bool:
    return (getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF) in _STATEMENT_ERRORS


# --- connections --------------------------------------------------------------------------------------------


def sqlite_engine(path: str, *, create: bool = False, connect_seconds: float = 3.0) -> AsyncEngine:
    """An engine whose connections know the functions that `datasources.expressions` calls.

    Each statement commits by itself unless a transaction is begun by hand. `create` makes an absent file.
    """

    async def connect() -> aiosqlite.Connection:
        mode = "rwc" if create else "rw"
        connection = await aiosqlite.connect(
            f"file:{quote(path)}?mode={mode}", uri=True, isolation_level=None
        )
        try:
            await _prepare(connection)
        except BaseException:
            await connection.close()  # its thread would outlive us
            raise
        return connection

    engine = create_async_engine(
        "sqlite+aiosqlite://",
        async_creator=connect,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=_POOL_SIZE,
        max_overflow=0,
        pool_timeout=connect_seconds,
        pool_reset_on_return=None,
    )
    keep_whole_seconds(engine.dialect)
    return engine


async def _prepare(connection: aiosqlite.Connection) -> None:
    await connection.execute(f"pragma busy_timeout = {int(_BUSY_SECONDS * 1000)}")
    await _write_ahead(connection)
    await connection.execute("pragma synchronous = normal")
    await connection.execute("pragma foreign_keys = on")
    await connection.create_function(SQLITE_LOWER, 1, unicode_lower, deterministic=True)
    await connection.create_function(SQLITE_LISTS_ANY, 2, list_has_any, deterministic=True)


async def _write_ahead(connection: aiosqlite.Connection) -> None:
    """Lets a file be read while it is written; SQLite itself doesn't wait for a writer who was there before that."""
    give_up_at = monotonic() + _BUSY_SECONDS
    while True:
        try:
            await connection.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > give_up_at:
                raise
            await asyncio.sleep(_LOCKED_SECONDS)
        else:
            return


def keep_whole_seconds(dialect: Dialect) -> None:
    """Makes a SQLite dialect drop fractions of a second: the other engines' dates have none.

    SQLite compares dates as text, so every writer of a file must use SQLAlchemy's form with six digits.
    """
    dialect.colspecs = {**dialect.colspecs, DateTime: _WholeSeconds}


class _WholeSeconds(DATETIME):
    def __init__(self) -> None:
        form = "%(year)04d-%(month)02d-%(day)02d %(hour)02d:%(minute)02d:%(second)02d.000000"
        super().__init__(storage_format=form)  # type: ignore[no-untyped-call]


# --- functions that SQLite lacks ----------------------------------------------------------------------------


def unicode_lower(text: str | None) -> str | None:
    """Lower case letter by letter, as on the other engines: no letter becomes two, and a sigma is a sigma."""
    if not isinstance(text, str):
        return text
    return text.lower() if text.isascii() else text.replace("İ", "i").lower().replace("ς", "σ")


def list_has_any(text: str | None, alternatives: str) -> bool | None:
    """Whether a comma-separated text has one of `1|22|333` as a whole item; None for no text."""
    if not isinstance(text, str):
        return None if text is None else str(text) in _ids(alternatives)
    return not _ids(alternatives).isdisjoint(item.strip(" \t") for item in text.split(","))


@lru_cache(maxsize=256)
def _ids(alternatives: str) -> frozenset[str]:
    return frozenset(alternatives.split("|"))

"""MySQL and MariaDB, through aiomysql or asyncmy.

Opened by `datasources/estate.py`. Reads are single autocommit statements, one round trip each. A query that
runs out of time or is cancelled is killed on the server over a connection of its own: a driver that stops
waiting leaves it there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar

import aiomysql
import asyncmy
from asyncmy.cursors import Cursor
from asyncmy.errors import MySQLError as AsyncmyError
from sqlalchemy import URL, Dialect
from sqlalchemy.dialects.mysql.reserved_words import RESERVED_WORDS_MARIADB, RESERVED_WORDS_MYSQL
from sqlalchemy.ext.asyncio import create_async_engine

from datasources.base import (
    Capability,
    SourceError,
    SourceTimeout,
    SourceUnavailable,
    TimeLimits,
)
from datasources.engines.compiled import Prepared, PreparedRows
from datasources.engines.deadline import SharedLimit, within
from datasources.engines.kills import Kills
from datasources.engines.mysql_pool import ConnectionPool, Pooled
from datasources.engines.sql_source import Effect, RawRows, SourceOptions, SqlSource

POOL_SIZE = 10
_RECYCLE_SECONDS = 280  # below the five minutes after which proxies and servers drop idle connections
# A list of ten keys or more is judged by the index's statistics, not by looking up each: of 60 keys of `leads` looking
# took MariaDB 0.4 of the statement's 0.7 ms, and it chose the same way.
_SESSION = (
    "set session sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', "
    "eq_range_index_dive_limit = 10"
)
_CONNECT: dict[str, Callable[..., Awaitable[Any]]] = {
    "aiomysql": aiomysql.connect,
    "asyncmy": asyncmy.connect,
}
_DRIVER_ERRORS = (aiomysql.MySQLError, AsyncmyError)
# The connection broke under the driver; RuntimeError is what uvloop and both drivers say of a closed transport.
_BROKEN = (OSError, EOFError, RuntimeError)

# The connection is gone: 1053 shutdown, 1927 killed, 2006 gone, 2013 lost, 2014 out of step, 4031 idle.
_LOST = frozenset({0, 1053, 1152, 1158, 1159, 1160, 1161, 1927, 2003, 2006, 2013, 2014, 2045, 2055, 4031})
# The server can't do it now: 1205 lock wait, 1213 deadlock, 1317 killed, 1969 and 3024 its own time limit.
_TOO_LATE = frozenset({1205, 1969, 3024})
_REFUSED = frozenset({1021, 1030, 1040, 1041, 1114, 1203, 1213, 1226, 1290, 1317, 1836})

Answer = TypeVar("Answer")


class _Lost(Exception):
    """The connection turned out to be dead; the statement may be sent again over another."""


class MysqlSource(SqlSource):
    """A `Source` over one database of a MySQL 5.7+ or MariaDB server."""

    # No window functions, although newer servers have them: see `statements._per_key` for what was measured. And
    # no union of indexes: of an `or` with a sub-query in it both servers make a scan of the table.
    capabilities = frozenset(
        {Capability.JOINS, Capability.TYPED_CELLS, Capability.TRANSACTIONS, Capability.WRITES}
    )

    def __init__(self, name: str, url: URL, options: SourceOptions) -> None:
        self._url = url.update_query_dict({"charset": "utf8mb4"})
        dialect = _dialect(self._url)
        self._connect_arguments = _connect_arguments(dialect, self._url, options.limits)
        self._open = _CONNECT[self._url.get_driver_name()]
        self.pool = ConnectionPool(self._connect, size=POOL_SIZE, recycle=_RECYCLE_SECONDS)
        self._limit = SharedLimit(options.limits.statement)
        self._kills = Kills()
        self._suspected_at = 0.0
        super().__init__(name, dialect, options)

    async def version(self) -> str:
        """`MySQL 9.7.4` or `MariaDB 10.11.19-…`. Raises `SourceError`."""
        rows = await self._fetch(Prepared("select version()", ()))
        text = str(rows[0][0])
        return f"MariaDB {text}" if "mariadb" in text.lower() else f"MySQL {text}"

    async def close(self) -> None:
        """Waits for running kills and closes all connections."""
        await self._kills.ended()
        await self.pool.close()

    async def _fetch(self, prepared: Prepared) -> RawRows:
        try:
            return await self._read(prepared, check=False)
        except _Lost:
            # A pooled connection had died unnoticed: once more, over one that answers a ping or is new.
            with self._lost_is_unavailable():
                return await self._read(prepared, check=True)

    async def _read(self, prepared: Prepared, *, check: bool) -> RawRows:
        with _Lease(self, await self._check_out(check=check)) as driver:
            return await self._limited(driver, _select(driver, prepared))

    @asynccontextmanager
    async def _begun(self) -> AsyncIterator[_Begun]:
        failure: Exception | None = None
        with self._lost_is_unavailable(), _Lease(self, await self._check_out(check=True)) as driver:
            await self._limited(driver, driver.begin())
            try:
                yield _Begun(self, driver)
                await self._limited(driver, driver.commit())
            except _DRIVER_ERRORS as error:
                if _code(error) not in _LOST:
                    await self._limited(driver, driver.rollback())
                raise
            except (_Lost, SourceError):
                # Dropped with its connection, as whatever is cancelled: the server rolls back what it loses.
                raise
            except Exception as error:
                await self._limited(driver, driver.rollback())
                failure = error
        # Whoever wrote the block went wrong, or said no: nothing that the connection has to do with.
        if failure is not None:
            raise failure

    # --- connections ----------------------------------------------------------------------------------------

    async def _check_out(self, *, check: bool) -> Pooled:
        if not check:
            pooled = await self.pool.take_idle(unless_before=self._suspected_at)
            if pooled is not None:
                return pooled
        try:
            return await within(
                self._limits.connect, self._checked_out(check=check), discard=self._give_back_unused
            )
        except TimeoutError as error:
            raise SourceTimeout(self.name, f"no connection within {self._limits.connect} s") from error
        except (*_BROKEN, *_DRIVER_ERRORS) as error:
            raise SourceUnavailable(self.name, str(error)) from error

    async def _checked_out(self, *, check: bool) -> Pooled:
        while True:
            pooled = await self.pool.take()
            suspect = check or pooled.lent_at < self._suspected_at
            if not suspect or await self._answers(pooled):
                pooled.lent_at = monotonic()
                return pooled

    async def _give_back_unused(self, pooled: Pooled) -> None:
        self.pool.give_back(pooled)

    async def _answers(self, pooled: Pooled) -> bool:
        """Whether a pooled connection is alive; one that isn't is dropped."""
        answers = False
        try:
            await pooled.driver.ping(reconnect=False)
            answers = True
        except (*_BROKEN, *_DRIVER_ERRORS):
            pass
        finally:
            if not answers:
                self.pool.drop(pooled)
        return answers

    async def _connect(self) -> Any:
        return await self._open(**self._connect_arguments)

    # --- time limits ----------------------------------------------------------------------------------------

    async def _limited(self, driver: Any, work: Awaitable[Answer]) -> Answer:
        """The answer within the statement limit; past it, or cancelled, the query is killed on the server."""
        wait = self._limit.wait()
        try:
            with wait:
                return await work
        except BaseException as error:
            if wait.expired:
                self._suspected_at = monotonic()
                self._kills.begin(self._kill(driver.thread_id()))
                raise SourceTimeout(self.name, f"no answer within {self._limits.statement} s") from error
            if isinstance(error, asyncio.CancelledError):
                self._kills.begin(self._kill(driver.thread_id()))
            raise

    async def _kill(self, thread_id: int) -> None:
        """Ends a connection on the server, with whatever it runs; if the server doesn't answer, so be it.

        The whole connection, as `kill query` does nothing to one whose query is still on its way.
        """
        with suppress(TimeoutError, *_BROKEN, *_DRIVER_ERRORS):
            await within(self._limits.connect, self._send_kill(thread_id))

    async def _send_kill(self, thread_id: int) -> None:
        driver = await self._connect()
        try:
            await _execute(driver, Prepared("kill connection %s", (thread_id,)))
        finally:
            driver.close()

    # --- errors ---------------------------------------------------------------------------------------------

    def _translated(self, error: Exception) -> Exception:
        code = _code(error)
        if code in _LOST:
            return _Lost(str(error))
        if code in _TOO_LATE:
            return SourceTimeout(self.name, str(error))
        return SourceUnavailable(self.name, str(error)) if code in _REFUSED else error

    @contextmanager
    def _lost_is_unavailable(self) -> Iterator[None]:
        try:
            yield
        except _Lost as error:
            raise SourceUnavailable(self.name, str(error)) from error


class _Lease:
    """Lends a connection for the length of a block, given back only if it is surely in step with the server."""

    __slots__ = ("_pooled", "_source")

    def __init__(self, source: MysqlSource, pooled: Pooled) -> None:
        self._source = source
        self._pooled = pooled

    def __enter__(self) -> Any:
        return self._pooled.driver

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        in_step = error is None or (isinstance(error, _DRIVER_ERRORS) and _code(error) not in _LOST)
        if in_step:
            self._source.pool.give_back(self._pooled)
        else:
            self._source.pool.drop(self._pooled)
        if isinstance(error, _DRIVER_ERRORS):
            raise self._source._translated(error) from error
        if isinstance(error, _BROKEN):
            raise _Lost(str(error)) from error


@dataclass(frozen=True, slots=True)
class _Begun:
    """A connection with a transaction on it."""

    _source: MysqlSource
    _driver: Any

    async def fetch(self, prepared: Prepared) -> RawRows:
        """All rows of one statement."""
        return await self._sent(_select(self._driver, prepared))

    async def change(self, prepared: Prepared) -> Effect:
        """Carries out one write."""
        cursor = await self._sent(_execute(self._driver, prepared))
        return Effect(cursor.rowcount or 0, cursor.lastrowid or 0)

    async def change_rows(self, prepared: PreparedRows) -> None:
        """Adds rows; the driver makes as few statements of them as the server's packets allow."""
        await self._sent(_insert(self._driver, prepared))

    async def _sent(self, work: Awaitable[Answer]) -> Answer:
        try:
            return await self._source._limited(self._driver, work)
        except _BROKEN as error:
            # Said here, as the block itself may raise one of these for reasons of its own.
            raise _Lost(str(error)) from error


def _dialect(url: URL) -> Dialect:
    """The dialect of either server, whichever it is: SQLAlchemy would ask it, and quote the words of the one."""
    dialect = create_async_engine(url).dialect
    preparer: Any = dialect.identifier_preparer
    preparer.reserved_words = RESERVED_WORDS_MYSQL | RESERVED_WORDS_MARIADB
    return dialect


def _connect_arguments(dialect: Dialect, url: URL, limits: TimeLimits) -> dict[str, Any]:
    _, arguments = dialect.create_connect_args(url)
    own = {"connect_timeout": limits.connect, "autocommit": True, "init_command": _SESSION}
    return {**arguments, **own}


async def _select(driver: Any, prepared: Prepared) -> RawRows:
    cursor = await _execute(driver, prepared)
    rows: RawRows = await cursor.fetchall()
    return rows


async def _execute(driver: Any, prepared: Prepared) -> Any:
    cursor = await _cursor(driver)
    await cursor.execute(_with_values(driver, prepared))
    return cursor


async def _cursor(driver: Any) -> Any:
    """A cursor: aiomysql's is a coroutine's."""
    cursor = driver.cursor()
    return cursor if type(cursor) is Cursor else await cursor


def _with_values(driver: Any, prepared: Prepared) -> str:
    """The statement as the drivers send it, with its values in it: theirs, but for what has nothing to escape.

    They look up how to escape each value, which takes longer than all else for a list of some hundred keys.
    """
    if {*map(type, prepared.parameters)} <= {int}:
        return prepared.text % prepared.parameters
    literal = driver.literal
    return prepared.text % tuple(
        [
            value
            if type(value) is int
            else f"'{value}'"
            if type(value) is str and value.isascii() and value.isalnum()
            else literal(value)
            for value in prepared.parameters
        ]
    )


async def _insert(driver: Any, prepared: PreparedRows) -> None:
    cursor = await _cursor(driver)
    await cursor.executemany(prepared.text, prepared.rows)


def _code(error: Exception) -> int:
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0

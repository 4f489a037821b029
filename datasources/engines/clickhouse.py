"""A ClickHouse server, over its native protocol by asynch. Opened by `datasources/estate.py`.

The pool is our own: a connection on which anything went wrong, or whose answer was not waited for, is
closed and never given out again, because what comes next on it may belong to another statement.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from math import ceil
from typing import Any
from urllib.parse import SplitResult, unquote
from uuid import uuid4

from asynch.connection import Connection
from asynch.errors import ClickHouseException, ServerException

from datasources.base import Capability, SourceTimeout, SourceUnavailable, TimeLimits
from datasources.engines.clickhouse_sql import ClickHouseDialect, full_text
from datasources.engines.compiled import Prepared
from datasources.engines.deadline import within
from datasources.engines.kills import Kills
from datasources.engines.sql_source import RawRows, SourceOptions, SqlSource

POOL_SIZE = 8
_DEFAULT_PORT = 9000
_CLOSE_SECONDS = 1.0

_TOO_LATE = frozenset({159, 160, 209})  # too long, too slow, socket time-out
# Overloaded, out of memory or disk, killed, shutting down; 192 to 194 and 516 the login, 81 the database.
_REFUSED = frozenset({81, 192, 193, 194, 202, 210, 241, 242, 243, 252, 394, 439, 516})

# The connection broke: asynch reads on past the end of a cut answer and finds too few bytes, or no text in them;
# RuntimeError is what uvloop says of a closed transport.
_BROKEN = (ClickHouseException, OSError, EOFError, RuntimeError, struct.error, IndexError, UnicodeDecodeError)


@dataclass(frozen=True, slots=True)
class ClickHouseAddress:
    """Where a server is and who asks; the password stays out of the text form."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str

    @classmethod
    def of(cls, parts: SplitResult) -> ClickHouseAddress:
        """The address in a DSN `clickhouse://user:password@host:port/database`."""
        return cls(
            host=parts.hostname or "",
            port=parts.port or _DEFAULT_PORT,
            user=unquote(parts.username or "default"),
            password=unquote(parts.password or ""),
            database=unquote(parts.path.strip("/")) or "default",
        )


class ClickHouseSource(SqlSource):
    """A `Source` over one ClickHouse server, 18.16 or newer."""

    capabilities = frozenset({Capability.LIMIT_BY, Capability.INDEX_UNION})

    def __init__(self, name: str, address: ClickHouseAddress, options: SourceOptions) -> None:
        super().__init__(name, ClickHouseDialect(), options)
        self._address = address
        self._places = asyncio.Semaphore(POOL_SIZE)
        self._idle: list[Connection] = []
        self._closed = False
        # The server knows each statement by its id, which nobody else's has.
        self._ids = map(f"{uuid4().hex}-{{}}".format, count())
        self._kills = Kills()

    async def version(self) -> str:
        """`ClickHouse 18.16.1`. Raises `SourceError`."""
        rows = await self._fetch(Prepared("select version()", ()))
        return f"ClickHouse {rows[0][0]}"

    async def close(self) -> None:
        """Waits for running kills, and closes the idle connections; busy ones are closed as they end."""
        self._closed = True
        await self._kills.ended()
        while self._idle:
            await _close(self._idle.pop())

    async def _fetch(self, prepared: Prepared) -> RawRows:
        text, query_id = full_text(prepared), next(self._ids)
        async with self._lease() as connection:
            work = connection._connection.execute(text, query_id=query_id)
            try:
                rows: RawRows = await within(self._limits.statement, work)
                return rows
            except TimeoutError as error:
                self._kills.begin(self._kill(query_id))
                raise SourceTimeout(self.name, f"no answer within {self._limits.statement} s") from error
            except asyncio.CancelledError:
                self._kills.begin(self._kill(query_id))
                raise

    @asynccontextmanager
    async def _lease(self) -> AsyncIterator[Connection]:
        connection = await self._check_out()
        in_step = False
        try:
            yield connection
            in_step = True
        except ServerException as error:
            raise self._translated(error) from error
        except _BROKEN as error:
            raise SourceUnavailable(self.name, str(error)) from error
        finally:
            self._places.release()
            if in_step and not self._closed:
                self._idle.append(connection)
            else:
                await asyncio.shield(_close(connection))

    async def _check_out(self) -> Connection:
        """An idle connection, whose health asynch asks before each statement, or a new one."""
        try:
            return await within(self._limits.connect, self._checked_out(), discard=self._give_back_unused)
        except TimeoutError as error:
            raise SourceTimeout(self.name, f"no connection within {self._limits.connect} s") from error
        except _BROKEN as error:
            raise SourceUnavailable(self.name, str(error)) from error

    async def _checked_out(self) -> Connection:
        await self._places.acquire()
        try:
            return self._idle.pop() if self._idle else await self._connect()
        except BaseException:
            self._places.release()
            raise

    async def _give_back_unused(self, connection: Connection) -> None:
        self._places.release()
        self._idle.append(connection)

    async def _connect(self) -> Connection:
        address = self._address
        connection = Connection(
            host=address.host,
            port=address.port,
            user=address.user,
            password=address.password,
            database=address.database,
            connect_timeout=self._limits.connect,
            sync_request_timeout=self._limits.connect,
            send_receive_timeout=self._limits.statement,
            settings=server_settings(self._limits),
        )
        await connection.connect()
        return connection

    async def _kill(self, query_id: str) -> None:
        """Ends a query on the server, which goes on with it when its connection is closed, until its own limit.

        If the server doesn't answer, or lets nobody kill, so be it.
        """
        with suppress(TimeoutError, *_BROKEN):
            await within(self._limits.connect, self._send_kill(query_id))

    async def _send_kill(self, query_id: str) -> None:
        connection = await self._connect()
        try:
            kill = Prepared("kill query where query_id = %s async", (query_id,))
            await connection._connection.execute(full_text(kill))
        finally:
            await asyncio.shield(_close(connection))

    def _translated(self, error: ServerException) -> Exception:
        if error.code in _TOO_LATE:
            return SourceTimeout(self.name, str(error))
        return SourceUnavailable(self.name, str(error)) if error.code in _REFUSED else error


def server_settings(limits: TimeLimits) -> dict[str, int]:
    """What the server is told with each statement: the time limit, and room for long lists of keys."""
    return {
        "max_execution_time": ceil(limits.statement),
        "max_query_size": 64 * 1024 * 1024,
        "max_ast_elements": 5_000_000,
        "max_expanded_ast_elements": 5_000_000,
    }


async def _close(connection: Any) -> None:
    with suppress(TimeoutError, *_BROKEN):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await connection.close()

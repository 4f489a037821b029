"""Blocking ClickHouse clients, native and chDB, for jobs that run once: migrating and seeding.

Serving reads goes through `datasources/engines`, which has time limits and never blocks the event loop.
"""

import asyncio
import json
import threading
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from asynch.connection import Connection

CHDB_SCHEME = "chdb"
NATIVE_SCHEMES = ("clickhouse", "clickhouses")

Answer = TypeVar("Answer")
Rows = Sequence[Sequence[Any]]


class ClickHouseClient(Protocol):
    """What migrating and seeding ask of ClickHouse."""

    def execute(self, statement: str) -> None:
        """Runs a statement that answers nothing."""
        ...

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a query; only integers and strings are sure to have the same type on both."""
        ...

    def insert(self, table: str, columns: Sequence[str], rows: Rows) -> None:
        """Inserts rows in one block; datetimes are naive."""
        ...

    def close(self) -> None:
        """Gives the connection back."""
        ...


@contextmanager
def clickhouse_client(dsn: str) -> Iterator[ClickHouseClient]:
    """A client for `clickhouse://user:password@host:port/database` or for `chdb:///path/of/the/folder`.

    Raises ValueError for any other address. A process holds one chDB path at a time.
    """
    client = _open(dsn)
    try:
        yield client
    finally:
        client.close()


def _open(dsn: str) -> ClickHouseClient:
    parts = urlsplit(dsn)
    if parts.scheme in NATIVE_SCHEMES:
        return NativeClient(dsn)
    if parts.scheme == CHDB_SCHEME and parts.path.strip("/") and not parts.netloc:
        # One path, spelled one way: chDB takes a second spelling for a second database, and allows only one.
        return ChdbClient("/" + unquote(parts.path).lstrip("/"))
    raise ValueError("a ClickHouse address looks like clickhouse://user:password@host:9000/ or chdb:///path")


class NativeClient:
    """A server over its native protocol.

    asynch is asynchronous: it gets a thread and a loop of its own, so that a caller with a running loop can
    block here too.
    """

    def __init__(self, dsn: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="clickhouse-client", daemon=True)
        self._thread.start()
        self._connection = Connection(dsn=dsn)
        try:
            self._wait(self._connection.connect())
        except BaseException:
            self._stop()
            raise

    def execute(self, statement: str) -> None:
        self._wait(self._execute(statement))

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return self._wait(self._rows(statement))

    def insert(self, table: str, columns: Sequence[str], rows: Rows) -> None:
        self._wait(self._insert(f"insert into {table} ({', '.join(columns)}) values", rows))

    def close(self) -> None:
        self._wait(self._connection.close())
        self._stop()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _execute(self, statement: str) -> None:
        async with self._connection.cursor() as cursor:
            await cursor.execute(statement)

    async def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        async with self._connection.cursor() as cursor:
            await cursor.execute(statement)
            return [tuple(row) for row in await cursor.fetchall()]

    async def _insert(self, statement: str, rows: Rows) -> None:
        async with self._connection.cursor() as cursor:
            await cursor.execute(statement, rows)


class ChdbClient:
    """ClickHouse's engine in this process, over a folder."""

    def __init__(self, path: str) -> None:
        # An optional package of 180 MB: only who uses it must have it.
        import chdb  # noqa: PLC0415

        # Its function has no annotations, in some of the ways in which it is installed.
        engine: Any = chdb
        self._connection = engine.connect(path)

    def execute(self, statement: str) -> None:
        self._connection.query(statement)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        answer = self._connection.query(statement, "JSONCompactEachRow").data()
        return [tuple(json.loads(line)) for line in answer.splitlines()]

    def insert(self, table: str, columns: Sequence[str], rows: Rows) -> None:
        lines = "".join("\t".join(map(_tab_separated, row)) + "\n" for row in rows)
        with self._connection.send_insert(f"insert into {table} ({', '.join(columns)})", "TSV") as stream:
            stream.append(lines)
            stream.finish()

    def close(self) -> None:
        self._connection.close()


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"})


def _tab_separated(value: str | int | bool | float | Decimal | date | datetime | None) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    return str(value)

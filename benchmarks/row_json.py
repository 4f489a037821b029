"""Who should build the JSON of a row, the database or Python? `python -m benchmarks.row_json` asks each of them.

Prints a table of milliseconds for each statement: of this process, of the database's, and by the clock. Decision 013
rests on it.
"""

from __future__ import annotations

import inspect
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import aiomysql
import asyncmy
import chdb
import orjson
import uvloop
from asynch.connection import Connection as ClickHouseConnection

from benchmarks.cpu import seconds_of_trees
from datasources.clickhouse_client import clickhouse_client
from tests.servers import clickhouse, mariadb, mysql
from tests.servers.catalogue import CLICKHOUSE, MARIADB, MYSQL
from tests.servers.install import install
from tests.servers.mysql_like import MySQLLikeServer
from tests.servers.running import RunningServer

ROWS = 2_000
SIZES = ((100, 7), (1_000, 7), (100, 20), (1_000, 20))
SECONDS = 0.5  # of each measurement
KINDS = ("int", "text", "text", "decimal", "datetime", "int", "text")
DRIVERS = {"aiomysql": aiomysql.connect, "asyncmy": asyncmy.connect}
MYSQL_TYPES = {"int": "int", "text": "varchar(100)", "decimal": "decimal(15, 2)", "datetime": "datetime"}
CLICKHOUSE_TYPES = {
    "int": "Int32",
    "text": "String",
    "decimal": "Decimal(15, 2)",
    "datetime": "DateTime('UTC')",
}

Ask = Callable[[str], Awaitable[Sequence[Sequence[Any]]]]


@dataclass(frozen=True)
class Contestant:
    """A source by one driver: how it is asked, its words for JSON, and the database's process, if it has its own."""

    name: str
    ask: Ask
    json_of_row: Callable[[Sequence[str]], str]
    pid: int | None


@dataclass(frozen=True)
class Cost:
    """Milliseconds of one statement."""

    process: float
    database: float | None
    clock: float


# --- the rows -----------------------------------------------------------------------------------------------


def kind_of(place: int) -> str:
    """The kind of a column's values."""
    return KINDS[place % len(KINDS)]


def cell(row: int, place: int) -> Any:
    """A value that looks like one of the estate's."""
    match kind_of(place):
        case "int":
            return row * 7 + place
        case "decimal":
            return Decimal(row * 137 + place) / 100
        case "datetime":
            return datetime(2026, 1, 1) + timedelta(minutes=row * 11 + place)
    return f"Shree Ganesh Steel {row} {place}"


def table_rows() -> list[tuple[Any, ...]]:
    """All rows of the widest table."""
    return [tuple(cell(row, place) for place in range(20)) for row in range(ROWS)]


def names_of(width: int) -> list[str]:
    """The columns' names."""
    return [f"column{place}" for place in range(width)]


# --- the two ways -------------------------------------------------------------------------------------------


async def by_python(contestant: Contestant, count: int, width: int) -> bytes:
    """Cells from the driver, a dict for each row, orjson."""
    names = names_of(width)
    rows = await contestant.ask(f"select {', '.join(names)} from rows_of_json limit {count}")
    return orjson.dumps([dict(zip(names, row, strict=True)) for row in rows], default=str)


async def by_database(contestant: Contestant, count: int, width: int) -> bytes:
    """Each row's JSON as one text from the database, joined."""
    row = contestant.json_of_row(names_of(width))
    rows = await contestant.ask(f"select {row} from rows_of_json limit {count}")
    return f"[{','.join([text for (text,) in rows])}]".encode()


def json_object(names: Sequence[str]) -> str:
    """The words of MariaDB, MySQL and SQLite."""
    return f"json_object({', '.join(part for name in names for part in (repr(name), name))})"


def json_concatenated(names: Sequence[str]) -> str:
    """The words of ClickHouse 18.16, which knows no JSON: texts put together, with quotes and strokes escaped."""
    parts = []
    for place, name in enumerate(names):
        text = f"toString({name})"
        if kind_of(place) == "text":
            text = f"replaceAll(replaceAll({name}, '\\\\', '\\\\\\\\'), '\"', '\\\\\"')"
        quote = "" if kind_of(place) == "int" else '"'
        parts += [f"'{',' if place else '{'}\"{name}\":{quote}'", text, f"'{quote}'"]
    return f"concat({', '.join(parts)}, '}}')"


def json_string(names: Sequence[str]) -> str:
    """The words of today's ClickHouse."""
    kinds = ", ".join(f"{name} {CLICKHOUSE_TYPES[kind_of(place)]}" for place, name in enumerate(names))
    quoted = kinds.replace("'", "\\'")
    return f"toJSONString(cast(tuple({', '.join(names)}), 'Tuple({quoted})'))"


# --- measuring ----------------------------------------------------------------------------------------------


async def cost_of(contestant: Contestant, work: Callable[[], Awaitable[bytes]]) -> Cost:
    """What a statement costs, by as many of them as fit into the time."""
    for _ in range(5):
        await work()
    pids = [contestant.pid] if contestant.pid else []
    database, process, clock, count = seconds_of_trees(pids), time.process_time(), time.perf_counter(), 0
    while time.perf_counter() - clock < SECONDS:
        await work()
        count += 1
    took = time.perf_counter() - clock
    process, database = time.process_time() - process, seconds_of_trees(pids) - database
    each = 1_000 / count
    return Cost(process * each, database * each if pids else None, took * each)


async def compare(contestant: Contestant) -> list[str]:
    """A line of the table for each size."""
    lines = []
    for count, width in SIZES:
        ways = []
        for way in (by_python, by_database):
            answer = orjson.loads(await way(contestant, count, width))
            assert len(answer) == count
            assert len(answer[0]) == width
            ways.append(await cost_of(contestant, partial(way, contestant, count, width)))
        lines.append(f"| {contestant.name} | {count} x {width} | {' | '.join(map(told, ways))} |")
        print(lines[-1], flush=True)
    return lines


def told(cost: Cost) -> str:
    """Process + database, clock."""
    database = "" if cost.database is None else f" + {cost.database:.2f}"
    return f"{cost.process:.2f}{database} ({cost.clock:.2f})"


# --- the contestants ----------------------------------------------------------------------------------------


def fill_mysql(server: MySQLLikeServer) -> None:
    """The rows, in a database of the server."""
    columns = ", ".join(f"{name} {MYSQL_TYPES[kind_of(place)]}" for place, name in enumerate(names_of(20)))
    with server.connect("iperform") as connection, connection.cursor() as cursor:
        cursor.execute("drop table if exists rows_of_json")
        cursor.execute(f"create table rows_of_json ({columns})")
        cursor.executemany(f"insert into rows_of_json values ({', '.join(['%s'] * 20)})", table_rows())
        connection.commit()


async def of_mysql(name: str, server: MySQLLikeServer, driver: str) -> Contestant:
    """A server by one of its drivers, on the driver's own cursor."""
    connection = await DRIVERS[driver](
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        db="iperform",
        charset="utf8mb4",
        autocommit=True,
    )

    async def ask(text: str) -> Sequence[Sequence[Any]]:
        cursor = connection.cursor()
        if inspect.isawaitable(cursor):
            cursor = await cursor
        await cursor.execute(text)
        rows: Sequence[Sequence[Any]] = await cursor.fetchall()
        return rows

    return Contestant(f"{name}, {driver}", ask, json_object, pid_of(server))


async def of_clickhouse(server: clickhouse.ClickHouseServer) -> Contestant:
    """ClickHouse over its native protocol, as the gateway asks it."""
    connection = ClickHouseConnection(dsn=server.dsn())
    await connection.connect()

    async def ask(text: str) -> Sequence[Sequence[Any]]:
        rows: Sequence[Sequence[Any]] = await connection._connection.execute(text)
        return rows

    return Contestant("ClickHouse, asynch", ask, json_concatenated, pid_of(server))


def pid_of(server: RunningServer) -> int | None:
    """The server's process, if it is ours."""
    return None if server.process is None else server.process.pid


def of_sqlite(path: Path) -> Contestant:
    """SQLite on this thread: its driver's own threads cost both ways the same."""
    connection = sqlite3.connect(path)
    connection.execute(f"create table rows_of_json ({', '.join(names_of(20))})")
    rows = [tuple(str(v) if isinstance(v, Decimal | datetime) else v for v in row) for row in table_rows()]
    connection.executemany(f"insert into rows_of_json values ({', '.join('?' * 20)})", rows)
    connection.commit()

    async def ask(text: str) -> Sequence[Sequence[Any]]:
        return connection.execute(text).fetchall()

    return Contestant("SQLite, in process", ask, json_object, None)


def of_chdb(folder: Path) -> Contestant:
    """chDB, whose answers are JSON of cells in any case."""
    engine: Any = chdb  # its functions have no annotations
    connection = engine.connect(str(folder))

    async def ask(text: str) -> Sequence[Sequence[Any]]:
        answer = connection.query(text, "JSONCompactEachRow").bytes()
        return [orjson.loads(line) for line in answer.splitlines()]

    return Contestant("chDB, in process", ask, json_string, None)


def fill_clickhouse(dsn: str) -> None:
    """The rows, in a server's or a folder's table."""
    columns = ", ".join(
        f"{name} {CLICKHOUSE_TYPES[kind_of(place)]}" for place, name in enumerate(names_of(20))
    )
    with clickhouse_client(dsn) as client:
        client.execute(f"create table rows_of_json ({columns}) engine = MergeTree() order by column0")
        client.insert("rows_of_json", names_of(20), table_rows())


@contextmanager
def folder() -> Iterator[Path]:
    """A place for the servers' data; a socket's path may not be long."""
    with tempfile.TemporaryDirectory(prefix="row-json-") as name:
        yield Path(name)


async def main() -> None:
    """Measures all of them, one after the other."""
    print("| source, driver | rows x columns | cells, Python builds | the database builds |")
    print("| --- | --- | --- | --- |")
    with ExitStack() as stack:
        place = stack.enter_context(folder())
        for name, module, description in (("MariaDB", mariadb, MARIADB), ("MySQL", mysql, MYSQL)):
            server = module.start(install(description), place / name)
            if server.process is not None:
                stack.callback(server.process.stop)
            fill_mysql(server)
            for driver in DRIVERS:
                await compare(await of_mysql(name, server, driver))
        await compare(of_sqlite(place / "rows.db"))
        columns = clickhouse.start(install(CLICKHOUSE), place / "clickhouse")
        if columns.process is not None:
            stack.callback(columns.process.stop)
        fill_clickhouse(columns.dsn())
        await compare(await of_clickhouse(columns))
        fill_clickhouse(f"chdb://{place / 'chdb'}")
        await compare(of_chdb(place / "chdb"))


if __name__ == "__main__":
    uvloop.run(main())

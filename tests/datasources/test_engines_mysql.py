"""MySQL and MariaDB under time limits, cancellation and outages, by both drivers."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    func,
    make_url,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import CreateTable

from datasources.base import SourceTimeout, SourceUnavailable, Statement, TimeLimits
from datasources.engines.mysql import POOL_SIZE, MysqlSource
from datasources.engines.sql_source import SourceOptions
from datasources.model import (
    EVERYTHING,
    Aggregate,
    Among,
    Direction,
    Insert,
    Keys,
    Match,
    Order,
    Read,
    Update,
)
from tests.datasources.patience import PATIENCE, PATIENT, limited, seconds_past, until
from tests.servers.fixtures import count_use
from tests.servers.mysql_like import MySQLLikeServer

LIMITS = TimeLimits(connect=0.5, statement=1.5)
# Of a server that answers, but late: it may take its time to let somebody in, be it to end what is late.
LATE = TimeLimits(connect=PATIENCE, statement=1.5)
SLACK = 0.7  # seconds of scheduling on a busy machine
DATABASE = "engine_tests"

things = Table(
    "things",
    MetaData(info={"source": "things"}),
    Column("id", Integer, primary_key=True),
    Column("name", String(50), unique=True),
    Column("parent_id", Integer, index=True),
    Column("active", Boolean),
    Column("price", Numeric(15, 2)),
    Column("details", JSON),
    Column("created_on", DateTime),
)
# Minutes of work that only a kill ends: `sleep` would notice by itself that nobody waits.
SLOW = Read(
    table=things,
    columns=(things.c.id,),
    policy=Match(func.benchmark(10**9, func.sha2(things.c.name, 512)) == 0),
)
ONE = Read(table=things, columns=(things.c.name,), policy=Among(things.c.id, frozenset({1})))


@pytest.fixture(params=["mariadb_server", "mysql_server"])
def server(request: pytest.FixtureRequest) -> MySQLLikeServer:
    count_use(request.node, request.param.removesuffix("_server"))
    server: MySQLLikeServer = request.getfixturevalue(request.param)
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"create database if not exists {DATABASE} character set utf8mb4")
        cursor.execute(f"use {DATABASE}")
        cursor.execute("drop table if exists things")
        cursor.execute(str(CreateTable(things).compile(dialect=mysql.dialect())))
        cursor.execute("insert into things (id, name) values (1, 'one')")
        connection.commit()
    return server


@pytest.fixture
def seen() -> list[Statement]:
    return []


@pytest.fixture(params=["aiomysql", "asyncmy"])
async def source(
    request: pytest.FixtureRequest, server: MySQLLikeServer, seen: list[Statement]
) -> AsyncIterator[MysqlSource]:
    url = make_url(server.dsn(DATABASE, request.param))
    source = MysqlSource("things", url, SourceOptions(PATIENT, (seen.append,)))
    yield source
    await source.close()


def working(server: MySQLLikeServer) -> int:
    """How many queries of ours the server runs."""
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("show full processlist")
        return sum("benchmark(" in str(row).lower() for row in cursor.fetchall())


def threads(server: MySQLLikeServer) -> list[int]:
    """The server's connections."""
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("select id from information_schema.processlist")
        return [int(id_) for (id_,) in cursor.fetchall()]


@contextmanager
def paused(server: MySQLLikeServer) -> Iterator[None]:
    server.pause()
    try:
        yield
    finally:
        server.resume()


async def test_late_query_is_a_timeout_and_is_killed_on_the_server(
    server: MySQLLikeServer, source: MysqlSource
) -> None:
    # So that connecting is no part of what is measured.
    await source.rows(ONE)
    with limited(source, LATE):
        assert await seconds_past(LATE.statement, source.rows(SLOW), (SourceTimeout,)) < SLACK
    await until(lambda: working(server) == 0)
    assert await source.rows(ONE) == [("one",)]


async def test_cancelled_query_is_killed_on_the_server(server: MySQLLikeServer, source: MysqlSource) -> None:
    task = asyncio.create_task(source.rows(SLOW))
    await until(lambda: working(server) == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: working(server) == 0)
    assert await source.rows(ONE) == [("one",)]


async def test_answers_stay_with_their_questions_when_many_are_cancelled(source: MysqlSource) -> None:
    async def ask(number: int) -> list[tuple[Any, ...]]:
        name = func.concat("name ", number)
        return await source.rows(Read(table=things, columns=(name,), policy=EVERYTHING))

    for turn in range(20):
        tasks = [asyncio.create_task(ask(number)) for number in range(2 * POOL_SIZE)]
        await asyncio.sleep(0.001 * turn)
        for task in tasks[::2]:
            task.cancel()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        for number, answer in enumerate(answers):
            assert isinstance(answer, asyncio.CancelledError) or answer == [(f"name {number}",)]
    assert source.pool.lent == 0


WHO = Read(table=things, columns=(func.connection_id(),), policy=EVERYTHING)


async def connection_of(source: MysqlSource) -> int:
    [(id_,)] = await source.rows(WHO)
    return int(id_)


async def test_reads_at_once_share_as_many_connections_as_the_pool_has(
    server: MySQLLikeServer, source: MysqlSource
) -> None:
    used = await asyncio.gather(*(connection_of(source) for _ in range(4 * POOL_SIZE)))
    assert len(set(used)) == POOL_SIZE
    assert (source.pool.idle, source.pool.lent) == (POOL_SIZE, 0)
    await source.close()
    await until(lambda: not set(used) & set(threads(server)))


async def test_the_connection_that_was_used_last_is_used_again(source: MysqlSource) -> None:
    await asyncio.gather(*(connection_of(source) for _ in range(3)))
    assert len({await connection_of(source) for _ in range(5)}) == 1


async def test_old_connection_is_replaced(server: MySQLLikeServer, source: MysqlSource) -> None:
    before = await connection_of(source)
    source.pool._recycle = 0
    after = await connection_of(source)
    assert after != before
    await until(lambda: before not in threads(server))
    assert (source.pool.idle, source.pool.lent) == (1, 0)


async def test_who_waits_too_long_for_a_connection_is_told_and_leaves_its_place(source: MysqlSource) -> None:
    source.pool._places = asyncio.Semaphore(0)
    started = time.monotonic()
    with limited(source, LIMITS), pytest.raises(SourceTimeout, match="no connection"):
        await source.rows(ONE)
    assert time.monotonic() - started >= LIMITS.connect
    with limited(source, LIMITS):
        assert await seconds_past(LIMITS.connect, source.rows(ONE), (SourceTimeout,)) < SLACK
    source.pool._places.release()
    assert await source.rows(ONE) == [("one",)]
    assert source.pool.lent == 0


async def test_statement_error_stays_an_error_of_ours_and_keeps_the_connection(source: MysqlSource) -> None:
    await source.rows(ONE)
    absent = Read(table=things, columns=(things.c.name, func.no_such_function()), policy=EVERYTHING)
    with pytest.raises(Exception, match="no_such_function") as caught:
        await source.rows(absent)
    assert not isinstance(caught.value, SourceUnavailable | SourceTimeout)
    assert source.pool.idle == 1


async def test_first_read_after_its_idle_connections_were_killed_succeeds(
    server: MySQLLikeServer, source: MysqlSource
) -> None:
    await asyncio.gather(*(source.rows(ONE) for _ in range(5)))
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("select id from information_schema.processlist where db = %s", (DATABASE,))
        for (thread_id,) in cursor.fetchall():
            cursor.execute("kill %s", (thread_id,))
    assert await source.rows(ONE) == [("one",)]


async def test_first_read_after_a_crash_and_restart_succeeds(
    server: MySQLLikeServer, source: MysqlSource
) -> None:
    await asyncio.gather(*(source.rows(ONE) for _ in range(5)))
    server.kill()
    with limited(source, LIMITS):
        assert await seconds_past(LIMITS.connect, source.rows(ONE), (SourceUnavailable,)) < SLACK
    await asyncio.to_thread(server.restart)
    assert await source.rows(ONE) == [("one",)]


async def test_stopped_server_costs_the_limits_and_recovers(
    server: MySQLLikeServer, source: MysqlSource
) -> None:
    await asyncio.gather(*(source.rows(ONE) for _ in range(5)))
    failures = (SourceTimeout, SourceUnavailable)
    with paused(server), limited(source, LIMITS):
        most = LIMITS.connect + LIMITS.statement
        assert await seconds_past(most, source.rows(ONE), failures) < SLACK
        # Whoever comes next doesn't wait on one idle connection after another.
        assert await seconds_past(LIMITS.connect, source.rows(ONE), failures) < SLACK
    assert await source.rows(ONE) == [("one",)]


async def test_source_opens_while_its_server_is_down() -> None:
    url = make_url("mysql+aiomysql://root:secret@127.0.0.1:1/nowhere")
    source = MysqlSource("things", url, SourceOptions(PATIENT))
    with pytest.raises(SourceUnavailable):
        await source.rows(ONE)
    await source.close()


async def test_read_is_one_statement_without_a_transaction(
    request: pytest.FixtureRequest, source: MysqlSource
) -> None:
    # What the server counted on the source's own connection: on others, a goodbye may be counted late.
    schema = "performance_schema" if "mysql_server" in request.node.callspec.id else "information_schema"
    columns = Column("variable_name", String), Column("variable_value", String)
    status = Table("session_status", MetaData(), *columns, schema=schema)
    asked = Match(status.c.variable_name == "Questions")
    questions = Read(table=status, columns=(status.c.variable_value,), policy=asked)
    [(before,)] = await source.rows(questions)
    for _ in range(10):
        await source.rows(ONE)
    [(after,)] = await source.rows(questions)
    assert int(after) - int(before) == 10 + 1  # and the question itself
    assert source.pool.idle == 1


async def test_read_sees_what_others_committed_since_the_last_one(
    server: MySQLLikeServer, source: MysqlSource
) -> None:
    assert await source.rows(ONE) == [("one",)]
    with server.connect(DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute("update things set name = 'uno' where id = 1")
        connection.commit()
    assert await source.rows(ONE) == [("uno",)]


async def test_cells_come_back_as_the_columns_declare(server: MySQLLikeServer, source: MysqlSource) -> None:
    with server.connect(DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into things (id, name, active, price, details, created_on)"
            " values (2, 'नमस्ते 😀', 1, 12.5, '{\"a\": [1]}', '2024-02-29 23:59:59')"
        )
        connection.commit()
    row = Read(table=things, columns=tuple(things.c), policy=Among(things.c.id, frozenset({2})))
    expected = (2, "नमस्ते 😀", None, True, Decimal("12.50"), {"a": [1]}, datetime(2024, 2, 29, 23, 59, 59))
    assert await source.rows(row) == [expected]
    total = Aggregate(table=things, measures=(func.sum(things.c.id),), policy=EVERYTHING)
    [(sum_of_ids,)] = await source.groups(total)
    assert (sum_of_ids, type(sum_of_ids)) == (3, int)


async def test_writes_happen_together_or_not_at_all(source: MysqlSource) -> None:
    insert = Insert(table=things, values={"name": "two"}, policy=EVERYTHING)
    rename = Update(
        table=things, values={"name": "uno"}, policy=EVERYTHING, where=Among(things.c.id, frozenset({1}))
    )
    clash = Insert(table=things, values={"name": "two"}, policy=EVERYTHING)
    with pytest.raises(Exception, match="Duplicate entry"):
        await source.write([insert, rename, clash])
    assert await source.rows(ONE) == [("one",)]
    [new_id, renamed] = await source.write([insert, rename])
    assert (new_id > 1, renamed) == (True, 1)
    # The same again: matched, though nothing changes.
    assert await source.write([rename]) == [1]


async def test_too_long_text_is_refused_rather_than_cut(source: MysqlSource) -> None:
    with pytest.raises(Exception, match="Data too long"):
        await source.write([Insert(table=things, values={"name": "x" * 51}, policy=EVERYTHING)])


async def test_limit_for_each_key_is_one_statement(
    server: MySQLLikeServer, source: MysqlSource, seen: list[Statement]
) -> None:
    with server.connect(DATABASE) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into things (id, parent_id) values (%s, %s)",
            [(100 + number, number % 50) for number in range(1000)],
        )
        connection.commit()
    newest = Read(
        table=things,
        columns=(things.c.parent_id, things.c.id),
        policy=EVERYTHING,
        keys=Keys(things.c.parent_id, tuple(range(50)), 2),
        order=(Order(things.c.id, Direction.DESC),),
    )
    rows = await source.rows(newest)
    expected = [(parent, 100 + 950 - 50 * turn + parent) for parent in range(50) for turn in range(2)]
    assert sorted(rows) == sorted(expected)
    assert [row for row in rows if row[0] == 7] == [(7, 1057), (7, 1007)]
    assert [statement.rows for statement in seen] == [100]
    assert not any(character.isdigit() for character in seen[0].text.replace("utf8mb4", ""))

"""Transactions that read under a lock and then write: on SQLite, and on MariaDB and MySQL by both drivers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, create_engine, func, make_url, select

from datasources.base import SourceError, SourceTimeout, SourceUnavailable, TimeLimits
from datasources.engines.mysql import POOL_SIZE, MysqlSource
from datasources.engines.sql_source import SourceOptions, SqlSource
from datasources.engines.sqlite import SqliteSource
from datasources.model import EVERYTHING, Among, Filter, Insert, Keys, Match, Read, Update
from datasources.mysql_client import blocking_mysql_url
from tests.datasources.patience import PATIENCE, PATIENT, limited
from tests.servers.fixtures import count_use

LATE = TimeLimits(connect=PATIENCE, statement=1.5)
DATABASE = "transaction_tests"
STORES = ("sqlite", "mariadb+aiomysql", "mariadb+asyncmy", "mysql+aiomysql", "mysql+asyncmy")
SERVERS = STORES[1:]

things = Table(
    "things",
    MetaData(info={"source": "things"}),
    Column("id", Integer, primary_key=True),
    Column("name", String(50), unique=True),
    Column("count", Integer),
)
START = [(1, "one", 0), (2, "two", 0)]


@dataclass
class Store:
    """A source, a way past it to the same rows, and how to open another source like it."""

    source: SqlSource
    engine: Engine
    again: Callable[[], SqlSource]

    def all(self) -> list[Any]:
        """Every row, as another program sees them."""
        with self.engine.begin() as connection:
            return [tuple(row) for row in connection.execute(select(things).order_by(things.c.id))]


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    server, _, driver = request.param.partition("+")
    count_use(request.node, server)
    options = SourceOptions(PATIENT)

    def open_source() -> SqlSource:
        if server == "sqlite":
            return SqliteSource("things", str(tmp_path / "things.db"), options)
        return MysqlSource("things", make_url(database.dsn(DATABASE, driver)), options)

    if server == "sqlite":
        engine = create_engine(f"sqlite:///{tmp_path / 'things.db'}")
    else:
        database = request.getfixturevalue(f"{server}_server")
        with database.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"create database if not exists {DATABASE} character set utf8mb4")
        engine = create_engine(blocking_mysql_url(database.dsn(DATABASE)))
    things.metadata.drop_all(engine)
    things.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(things.insert(), [dict(zip(things.c.keys(), row, strict=True)) for row in START])
    source = open_source()
    yield Store(source, engine, open_source)
    await source.close()
    engine.dispose()


servers_only = pytest.mark.parametrize("store", SERVERS, indirect=True)


def one(key: int) -> Filter:
    return Among(things.c.id, frozenset({key}))


def row(key: int, where: Filter = EVERYTHING) -> Read:
    columns = (things.c.name, things.c.count)
    return Read(table=things, columns=columns, policy=EVERYTHING, where=where, keys=Keys(things.c.id, (key,)))


def counted(key: int, count: int) -> Update:
    return Update(table=things, values={"count": count}, policy=EVERYTHING, where=one(key))


def named(name: str, **more: Any) -> Insert:
    return Insert(table=things, values={"name": name, "count": 7}, policy=EVERYTHING, **more)


async def test_what_is_read_and_written_is_committed_together(store: Store) -> None:
    async with store.source.transaction() as transaction:
        assert await transaction.rows(row(1), lock=True) == [("one", 0)]
        assert await transaction.write(counted(1, 5)) == 1
        assert await transaction.rows(row(1)) == [("one", 5)]
        assert await transaction.write(named("three")) == 3
    assert store.all() == [(1, "one", 5), (2, "two", 0), (3, "three", 7)]


@pytest.mark.parametrize("error", [ValueError, RuntimeError, OSError])
async def test_what_the_block_raises_undoes_it_and_comes_out_as_it_is(
    store: Store, error: type[Exception]
) -> None:
    for _ in range(POOL_SIZE + 2):
        with pytest.raises(error, match="no"):
            await _fail(store, error("no"))
    assert store.all() == START
    assert await store.source.rows(row(1)) == [("one", 0)]


async def _fail(store: Store, error: Exception) -> None:
    async with store.source.transaction() as transaction:
        await transaction.write(counted(1, 5))
        raise error


async def test_second_statement_that_fails_undoes_the_first(store: Store) -> None:
    for _ in range(POOL_SIZE + 2):
        with pytest.raises(Exception, match=r"Duplicate entry|UNIQUE"):
            await store.source.write([counted(1, 5), named("two")])
    assert store.all() == START
    async with store.source.transaction() as transaction:
        await transaction.write(counted(2, 6))
    assert store.all() == [(1, "one", 0), (2, "two", 6)]


async def test_cancelled_in_between_it_leaves_nothing_and_no_connection_out_of_step(store: Store) -> None:
    for _ in range(POOL_SIZE + 2):
        written = asyncio.Event()
        task = asyncio.create_task(_hang(store, written))
        waiting = asyncio.create_task(written.wait())
        # One that fails before it has written is not waited for.
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await _until(lambda: _can_write(store))
    assert store.all() == [(1, "one", 1), (2, "two", 0)]
    assert await asyncio.gather(*(store.source.rows(row(2)) for _ in range(20))) == [[("two", 0)]] * 20


async def _hang(store: Store, written: asyncio.Event) -> None:
    async with store.source.transaction() as transaction:
        await transaction.write(counted(1, 5))
        written.set()
        await asyncio.sleep(10 * PATIENCE)


async def _can_write(store: Store) -> bool:
    return await store.source.write([counted(1, 1)]) == [1]


async def _until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.05)


async def test_two_that_count_one_row_under_a_lock_lose_nothing(store: Store) -> None:
    other = store.again()

    async def count(source: SqlSource) -> None:
        async with source.transaction() as transaction:
            ((_, before),) = await transaction.rows(row(1), lock=True)
            await asyncio.sleep(0.001)
            await transaction.write(counted(1, before + 1))

    try:
        await asyncio.gather(*(count(source) for source in (store.source, other) for _ in range(20)))
    finally:
        await other.close()
    assert store.all()[0] == (1, "one", 40)


async def test_of_two_that_add_the_same_one_does_and_the_other_waits_and_finds_it(store: Store) -> None:
    other, order = store.again(), []

    async def add(source: SqlSource, count: int) -> None:
        async with source.transaction() as transaction:
            values = {"name": "the same", "count": count}
            new = Insert(table=things, values=values, policy=EVERYTHING, unless_there=True)
            await transaction.write(new)
            this = Match(things.c.name == "the same")
            read = Read(table=things, columns=(things.c.count,), policy=this)
            order.append(await transaction.rows(read, lock=True))
            await asyncio.sleep(0.1)

    try:
        await asyncio.gather(*(add(source, count) for count, source in enumerate((store.source, other) * 3)))
    finally:
        await other.close()
    assert len(store.all()) == 3
    assert order == [[(store.all()[2][2],)]] * 6


async def test_one_that_waits_for_the_same_adds_it_where_the_first_is_undone(store: Store) -> None:
    async def add(count: int) -> None:
        async with store.source.transaction() as transaction:
            values = {"name": "the same", "count": count}
            await transaction.write(Insert(table=things, values=values, policy=EVERYTHING, unless_there=True))
            await asyncio.sleep(0.1)
            if count == 0:
                raise ValueError("no")

    outcomes = await asyncio.gather(add(0), add(1), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ValueError, type(None)]
    assert [count for _, name, count in store.all() if name == "the same"] == [1]


@servers_only
async def test_row_that_somebody_holds_is_waited_for_only_so_long(store: Store) -> None:
    with store.engine.begin() as holder:
        holder.execute(select(things).where(things.c.id == 1).with_for_update())
        # The server itself would let it wait for longer than anybody's patience.
        async with asyncio.timeout(PATIENCE):
            with limited(store.source, LATE), pytest.raises(SourceTimeout):
                await store.source.write([counted(1, 5)])
        # Nobody waits who reads, or writes another row.
        assert await store.source.rows(row(1)) == [("one", 0)]
        assert await store.source.write([counted(2, 5)]) == [1]
    assert store.all() == [(1, "one", 0), (2, "two", 5)]


@servers_only
async def test_one_of_two_in_a_deadlock_is_told_to_come_again_and_undone(store: Store) -> None:
    holding: list[int] = []

    async def both(first: int, second: int) -> None:
        async with store.source.transaction() as transaction:
            await transaction.write(counted(first, first))
            holding.append(first)
            await _until(lambda: _returned(len(holding) == 2))
            await transaction.write(counted(second, first))

    outcomes = await asyncio.gather(both(1, 2), both(2, 1), return_exceptions=True)
    (failure,) = [outcome for outcome in outcomes if outcome is not None]
    assert isinstance(failure, SourceUnavailable)
    winner = 1 if outcomes[0] is None else 2
    assert store.all() == [(1, "one", winner), (2, "two", winner)]
    assert await store.source.write([counted(1, 9)]) == [1]


async def _returned(value: bool) -> bool:
    return value


@servers_only
async def test_connection_that_breaks_in_between_is_unavailable_and_undone(store: Store) -> None:
    for _ in range(3):
        with pytest.raises(SourceUnavailable):
            await _broken(store)
    assert store.all() == START
    assert await store.source.write([counted(1, 9)]) == [1]


async def _broken(store: Store) -> None:
    async with store.source.transaction() as transaction:
        await transaction.write(counted(1, 5))
        me = Read(table=things, columns=(func.connection_id(),), policy=one(1))
        ((connection_id,),) = await transaction.rows(me)
        with store.engine.begin() as other:
            other.exec_driver_sql(f"kill {connection_id}")
        await transaction.write(counted(2, 5))


async def test_late_statement_within_a_transaction_undoes_it(store: Store) -> None:
    slow = func.sleep(10 * PATIENCE) if store.engine.dialect.name == "mysql" else None
    if slow is None:
        # SQLite has no sleep: the other connection holds the file.
        with store.engine.connect() as holder:
            holder.exec_driver_sql("begin immediate")
            with limited(store.source, LATE), pytest.raises(SourceError):
                await store.source.write([counted(1, 5)])
            holder.rollback()
    else:
        with limited(store.source, LATE), pytest.raises(SourceTimeout):
            await _late(store, Read(table=things, columns=(slow,), policy=one(2)))
    await _until(lambda: _can_write(store))
    assert store.all() == [(1, "one", 1), (2, "two", 0)]


async def _late(store: Store, read: Read) -> None:
    async with store.source.transaction() as transaction:
        await transaction.write(counted(1, 5))
        await transaction.rows(read)


async def test_a_read_that_locks_is_one_select(store: Store) -> None:
    limited = Read(
        table=things,
        columns=(things.c.id,),
        policy=EVERYTHING,
        keys=Keys(things.c.id, (1, 2), 1),
    )
    if store.engine.dialect.name == "mysql":
        with pytest.raises(ValueError, match="one select"):
            await _locking(store, limited)
    else:
        await _locking(store, limited)


async def _locking(store: Store, read: Read) -> None:
    async with store.source.transaction() as transaction:
        await transaction.rows(read, lock=True)

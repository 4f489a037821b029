"""SQLite under time limits, cancellation and locks."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import JSON, Boolean, Column, DateTime, Integer, MetaData, Numeric, String, Table, func, text

from datasources.base import SourceTimeout, SourceUnavailable, Statement, TimeLimits
from datasources.engines.sql_source import SourceOptions
from datasources.engines.sqlite import SqliteSource, list_has_any, sqlite_engine, unicode_lower
from datasources.model import EVERYTHING, NOTHING, Aggregate, Among, Insert, Keys, Match, Read, Update
from tests.datasources.patience import PATIENCE, PATIENT, limited, seconds_past
from tests.servers.fixtures import count_use

LATE = TimeLimits(connect=PATIENCE, statement=0.5)
SLACK = 0.5  # seconds of scheduling on a busy machine

things = Table(
    "things",
    MetaData(info={"source": "things"}),
    Column("id", Integer, primary_key=True),
    Column("name", String(50), unique=True),
    Column("active", Boolean),
    Column("price", Numeric(15, 2)),
    Column("details", JSON(none_as_null=True)),
    Column("created_on", DateTime),
)
ONE = Read(table=things, columns=(things.c.name,), policy=Among(things.c.id, frozenset({1})))
ENDLESS = Match(
    text("(with recursive c(n) as (select 1 union all select n + 1 from c) select max(n) from c) > 0")  # type: ignore[arg-type]
)
SLOW = Read(table=things, columns=(things.c.id,), policy=ENDLESS)


@pytest.fixture(autouse=True)
def counted(request: pytest.FixtureRequest) -> None:
    count_use(request.node, "sqlite")


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    path = tmp_path / "odd name?#%.db"
    engine = sqlite_engine(str(path), create=True)
    async with engine.begin() as connection:
        await connection.run_sync(things.metadata.create_all)
        await connection.execute(things.insert().values(id=1, name="one"))
    await engine.dispose()
    return path


@pytest.fixture
def seen() -> list[Statement]:
    return []


@pytest.fixture
async def source(path: Path, seen: list[Statement]) -> AsyncIterator[SqliteSource]:
    source = SqliteSource("things", str(path), SourceOptions(PATIENT, (seen.append,)))
    yield source
    await source.close()


async def test_late_query_is_interrupted_and_its_connection_goes_on(source: SqliteSource) -> None:
    with limited(source, LATE):
        for _ in range(6):  # more than there are connections
            assert await seconds_past(LATE.statement, source.rows(SLOW), (SourceTimeout,)) < SLACK
    assert await source.rows(ONE) == [("one",)]


async def test_cancelled_query_is_interrupted(source: SqliteSource) -> None:
    task = asyncio.create_task(source.rows(SLOW))
    await asyncio.sleep(0.2)
    task.cancel()
    # By itself it would never end.
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await asyncio.gather(*(source.rows(ONE) for _ in range(8))) == [[("one",)]] * 8


async def test_missing_file_is_an_unavailable_source_and_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "absent.db"
    source = SqliteSource("things", str(path), SourceOptions(PATIENT))
    with pytest.raises(SourceUnavailable):
        await source.rows(ONE)
    assert not path.exists()
    await source.close()


async def test_file_that_is_no_database_is_an_unavailable_source(tmp_path: Path) -> None:
    path = tmp_path / "letter.db"
    path.write_text("Dear reader, " * 1000)
    source = SqliteSource("things", str(path), SourceOptions(PATIENT))
    with pytest.raises(SourceUnavailable):
        await source.rows(ONE)
    await source.close()


async def test_statement_error_stays_an_error_of_ours(source: SqliteSource) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no_such_function"):
        await source.rows(Read(table=things, columns=(func.no_such_function(),), policy=EVERYTHING))
    assert await source.rows(ONE) == [("one",)]


async def test_reads_go_on_while_another_process_writes(path: Path, source: SqliteSource) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")
    other.execute("update things set name = 'uno'")
    assert await source.rows(ONE) == [("one",)]
    other.execute("commit")
    assert await source.rows(ONE) == [("uno",)]
    other.close()


async def test_first_connection_waits_for_whoever_writes_a_file_that_nobody_has_prepared(path: Path) -> None:
    writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    writer.execute("pragma journal_mode = delete")
    writer.execute("begin immediate")
    writer.execute("update things set name = 'two'")
    source = SqliteSource("things", str(path), SourceOptions(PATIENT))
    asyncio.get_running_loop().call_later(0.2, writer.execute, "commit")
    assert await source.rows(ONE) == [("two",)]
    await source.close()
    writer.close()


async def test_writes_happen_together_or_not_at_all(source: SqliteSource) -> None:
    insert = Insert(table=things, values={"name": "two"}, policy=EVERYTHING)
    rename = Update(
        table=things, values={"name": "uno"}, policy=EVERYTHING, where=Among(things.c.id, frozenset({1}))
    )
    with pytest.raises(sqlite3.IntegrityError):
        await source.write([insert, rename, insert])
    assert await source.rows(ONE) == [("one",)]
    assert await source.write([insert, rename]) == [2, 1]


async def test_concurrent_writes_wait_for_each_other(source: SqliteSource) -> None:
    inserts = [
        Insert(table=things, values={"name": f"new {number}"}, policy=EVERYTHING) for number in range(50)
    ]
    outcomes = await asyncio.gather(*(source.write([insert]) for insert in inserts))
    assert sorted(new_id for [new_id] in outcomes) == list(range(2, 52))


async def test_cells_come_back_as_the_columns_declare(source: SqliteSource) -> None:
    moment = datetime(2024, 2, 29, 23, 59, 59)
    values = {
        "id": 2,
        "name": "नमस्ते 😀",
        "active": True,
        "price": Decimal("9999999999999.99"),
        "details": {"a": [1, None]},
        "created_on": moment.replace(microsecond=5),
    }
    await source.write([Insert(table=things, values=values, policy=EVERYTHING)])
    second = Read(table=things, columns=tuple(things.c), policy=Among(things.c.id, frozenset({2})))
    expected = (2, "नमस्ते 😀", True, Decimal("9999999999999.99"), {"a": [1, None]}, moment)
    assert await source.rows(second) == [expected]


async def test_json_that_is_none_gives_null_and_keeps_its_row(path: Path, source: SqliteSource) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("insert into things (id, details, created_on) values (3, '{broken', 'no date')")
    connection.close()
    third = Read(table=things, columns=tuple(things.c), policy=Among(things.c.id, frozenset({3})))
    assert await source.rows(third) == [(3, None, None, None, None, None)]


async def test_read_that_can_have_no_rows_sends_no_statement(
    source: SqliteSource, seen: list[Statement]
) -> None:
    assert await source.rows(Read(table=things, columns=(things.c.id,), policy=NOTHING)) == []
    empty = Keys(things.c.id, (None,))
    assert await source.rows(Read(table=things, columns=(things.c.id,), policy=EVERYTHING, keys=empty)) == []
    counts = Aggregate(table=things, measures=(func.count(),), policy=EVERYTHING, keys=empty)
    assert await source.groups(counts) == []
    assert await source.groups_of_each([counts, counts]) == [[], []]
    assert seen == []


async def test_observer_sees_each_statement_once_without_values(
    source: SqliteSource, seen: list[Statement]
) -> None:
    await source.rows(
        Read(table=things, columns=(things.c.id,), policy=Among(things.c.name, frozenset({"one"})))
    )
    await source.write([Insert(table=things, values={"name": "a secret"}, policy=EVERYTHING)])
    with limited(source, LATE), pytest.raises(SourceTimeout):
        await source.rows(SLOW)
    assert [(statement.source, statement.rows) for statement in seen] == [
        ("things", 1),
        ("things", 0),
        ("things", 0),
    ]
    assert not any("one" in statement.text or "secret" in statement.text for statement in seen)
    assert seen[2].seconds >= LATE.statement


def test_list_takes_whole_items_alone() -> None:
    assert list_has_any(" 3 ,x", "3|12") is True
    assert list_has_any("13,31", "3|12") is False
    assert list_has_any("1 2", "12|1|2") is False
    assert list_has_any("3\n", "3") is False
    assert list_has_any(None, "3") is None


def test_lower_case_knows_every_script() -> None:
    assert unicode_lower("ÀÉ ΣΑΣ İ ẞ Ж Abc") == "àé σασ i ß ж abc"
    assert unicode_lower(None) is None

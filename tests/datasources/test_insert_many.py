"""Many rows of one shape at once: whatever their values, all of them or none, in few statements."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    make_url,
    select,
)

from datasources.base import SourceError, SourceTimeout, Statement
from datasources.engines.mysql import MysqlSource
from datasources.engines.sql_source import SourceOptions, SqlSource
from datasources.engines.sqlite import SqliteSource
from datasources.model import EVERYTHING, InsertMany
from datasources.mysql_client import blocking_mysql_url
from tests.datasources.patience import PATIENT
from tests.servers.fixtures import count_use

DATABASE = "insert_many_tests"
STORES = ("sqlite", "mariadb+aiomysql", "mariadb+asyncmy", "mysql+aiomysql", "mysql+asyncmy")
NOON = datetime(2026, 11, 20, 12, 0, 0)

notes = Table(
    "notes",
    MetaData(info={"source": "notes"}),
    Column("id", Integer, primary_key=True),
    Column("name", String(50), unique=True),
    Column("text", Text),
    Column("made", DateTime),
    Column("kinds", JSON),
    Column("size", Integer, server_default="7"),
)
COLUMNS = ("made", "name", "text")
TEXTS = [
    "plain",
    "",
    None,
    "it's \"quoted\" \\ and \\' escaped",
    "100 % %s %(name)s %%",
    "? ) VALUES (1), (2",
    "नमस्ते 😀 ü\u0000\n\r\t\x1a",
    "x" * 60_000,
]


@pytest.fixture(params=STORES)
async def source(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlSource]:
    server, _, driver = request.param.partition("+")
    count_use(request.node, server)
    sent: list[Statement] = []
    options = SourceOptions(PATIENT, observers=(sent.append,))
    opened: SqlSource
    if server == "sqlite":
        engine = create_engine(f"sqlite:///{tmp_path / 'notes.db'}")
        opened = SqliteSource("notes", str(tmp_path / "notes.db"), options)
    else:
        database = request.getfixturevalue(f"{server}_server")
        with database.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"create database if not exists {DATABASE} character set utf8mb4")
        engine = create_engine(blocking_mysql_url(database.dsn(DATABASE)))
        opened = MysqlSource("notes", make_url(database.dsn(DATABASE, driver)), options)
    notes.metadata.drop_all(engine)
    notes.metadata.create_all(engine)
    request.node.stash[ENGINE], request.node.stash[SENT] = engine, sent
    yield opened
    await opened.close()
    engine.dispose()


ENGINE = pytest.StashKey[Engine]()
SENT = pytest.StashKey[list[Statement]]()


def _all(request: pytest.FixtureRequest) -> list[Any]:
    """Every row, as another program sees them."""
    with request.node.stash[ENGINE].begin() as connection:
        return [tuple(row) for row in connection.execute(select(notes).order_by(notes.c.id))]


def _many(rows: list[tuple[Any, ...]], columns: tuple[str, ...] = COLUMNS) -> InsertMany:
    return InsertMany(table=notes, columns=columns, values=rows, policy=EVERYTHING)


async def test_rows_are_there_as_they_were_given(source: SqlSource, request: pytest.FixtureRequest) -> None:
    rows = [(NOON, f"row {number}", text) for number, text in enumerate(TEXTS)]
    assert await source.write([_many(rows)]) == [len(rows)]
    assert _all(request) == [
        (number + 1, f"row {number}", text, NOON, None, 7) for number, text in enumerate(TEXTS)
    ]


async def test_hundreds_of_rows_are_one_statement(source: SqlSource, request: pytest.FixtureRequest) -> None:
    rows = [(NOON, f"row {number}", "text") for number in range(300)]
    await source.write([_many(rows)])
    assert [row[1] for row in _all(request)] == [f"row {number}" for number in range(300)]
    assert len(request.node.stash[SENT]) == 1


async def test_values_are_bound_by_the_type_of_their_column(
    source: SqlSource, request: pytest.FixtureRequest
) -> None:
    rows = [({"a": [1, None]}, "one"), ([], "two"), (None, "three")]
    await source.write([_many(rows, ("kinds", "name"))])
    assert [row[4] for row in _all(request)] == [{"a": [1, None]}, [], None]


async def test_one_row_that_does_not_fit_keeps_all_out(
    source: SqlSource, request: pytest.FixtureRequest
) -> None:
    rows = [(NOON, name, "text") for name in ("one", "two", "three", "two")]
    with pytest.raises(Exception, match=r"Duplicate entry|UNIQUE") as failure:
        await source.write([_many(rows)])
    assert not isinstance(failure.value, SourceError | SourceTimeout)
    assert _all(request) == []
    assert await source.write([_many(rows[:3])]) == [3]


async def test_rows_past_the_size_of_a_packet_are_there_too(
    source: SqlSource, request: pytest.FixtureRequest
) -> None:
    rows = [(NOON, f"row {number}", "y" * 60_000) for number in range(60)]
    await source.write([_many(rows)])
    assert [(row[1], len(row[2])) for row in _all(request)] == [(f"row {n}", 60_000) for n in range(60)]

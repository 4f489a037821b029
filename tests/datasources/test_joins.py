"""Rows that ride along: what a join gives is what a second read of the named rows gives."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, case
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import CreateTable

from datasources.base import Source
from datasources.engines.clickhouse import ClickHouseSource
from datasources.engines.mysql import MysqlSource
from datasources.engines.sqlite import SqliteSource, sqlite_engine
from datasources.estate import open_source
from datasources.model import (
    EVERYTHING,
    NOTHING,
    Among,
    Direction,
    Filter,
    Joined,
    Keys,
    ListsAny,
    Match,
    Not,
    Order,
    Read,
    Related,
    Row,
    any_of,
)
from datasources.statements import CrossSourceError, select_statement
from gateway.auth.scope import canonical_id
from tests.servers.fixtures import count_use
from tests.servers.mysql_like import MySQLLikeServer

DATABASE = "join_tests"
estate = MetaData(info={"source": "one"})
warrior = Table(
    "warrior",
    estate,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("user_id", Integer),
    Column("name", String(20)),
)
user = Table(
    "user",
    estate,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", String(20)),
)
lead = Table(
    "lead",
    estate,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("warrior_id", String(40)),
    Column("user_id", Integer, index=True),
    Column("state", String(20)),
    Column("kind", Integer, index=True),
)
state = Table("state", estate, Column("name", String(20), primary_key=True), Column("place", Integer))
elsewhere = Table("company", MetaData(info={"source": "two"}), Column("id", Integer, primary_key=True))

NAMED = (
    *(
        "5",
        "7",
        "05",
        " 5",
        "5 ",
        "5x",
        "x5",
        "",
        None,
        "0",
        "-5",
        "+5",
        "5.0",
        "5e0",
        "5\n",
        "5|",
        "5\0",
        "5\0x",
    ),
    *(
        "５",
        "१२",
        "12",
        "99",
        "123456789012345678",
        "1234567890123456789",
        "18446744073709551621",
        "0x5",
        "'5'",
    ),
)
WARRIORS: list[Row] = [
    (-5, 1, "minus"),
    (0, 1, "zero"),
    (5, 2, "five"),
    (7, 9, "seven"),
    (12, None, "twelve"),
]
USERS: list[Row] = [(1, "Ann"), (2, "Bea"), (3, "Cid")]
STATES: list[Row] = [("New", 1), ("new ", 2), ("Nëw", 3)]
LEADS: list[Row] = [
    (place, text, place % 4, ["New", "new", "new ", "Nëw", None][place % 5], place % 3)
    for place, text in enumerate(NAMED * 2, start=1)
]
ROWS: Mapping[Table, list[Row]] = {warrior: WARRIORS, user: USERS, lead: LEADS, state: STATES}


# --- three engines, filled alike ----------------------------------------------------------------------------


@pytest.fixture(
    scope="module",
    params=["sqlite", "mariadb+aiomysql", "mariadb+asyncmy", "mysql+aiomysql", "mysql+asyncmy"],
)
async def source(request: pytest.FixtureRequest, tmp_path_factory: Any) -> AsyncIterator[Source]:
    kind, _, driver = request.param.partition("+")
    if kind == "sqlite":
        dsn = await fill_sqlite(tmp_path_factory.mktemp(kind) / "rows.db")
    else:
        dsn = fill_mysql(request.getfixturevalue(f"{kind}_server"), driver)
    opened = open_source("one", dsn, metadata=estate)
    yield opened
    await opened.close()


@pytest.fixture(autouse=True)
def counted(request: pytest.FixtureRequest) -> None:
    if "source" in request.fixturenames:
        count_use(request.node, request.node.callspec.params["source"].partition("+")[0])


async def fill_sqlite(path: Path) -> str:
    engine = sqlite_engine(str(path), create=True)
    async with engine.begin() as connection:
        await connection.run_sync(estate.create_all)
        for table, rows in ROWS.items():
            await connection.execute(
                table.insert(), [dict(zip(table.c.keys(), row, strict=True)) for row in rows]
            )
    await engine.dispose()
    return f"sqlite+aiosqlite:///{path}"


def fill_mysql(server: MySQLLikeServer, driver: str) -> str:
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f"create database if not exists {DATABASE} character set utf8mb4")
        cursor.execute(f"use {DATABASE}")
        for table, rows in ROWS.items():
            cursor.execute(f"drop table if exists `{table.name}`")
            collation = "" if table is not state else " character set utf8mb4 collate utf8mb4_bin"
            cursor.execute(str(CreateTable(table).compile(dialect=mysql.dialect())) + collation)
            places = ", ".join(["%s"] * len(table.c))
            cursor.executemany(f"insert into `{table.name}` values ({places})", rows)
        connection.commit()
    return server.dsn(DATABASE, driver)


# --- what is right: two reads -------------------------------------------------------------------------------

OF_WARRIOR = Joined(warrior, lead.c.warrior_id, warrior.c.id, EVERYTHING, EVERYTHING, tuple(warrior.c))
OF_USER = Joined(user, lead.c.user_id, user.c.id, EVERYTHING, EVERYTHING, tuple(user.c))
USER_OF_WARRIOR = replace(OF_USER, column=warrior.c.user_id, within=0)
NEWEST = Read(
    table=lead,
    columns=(lead.c.id, lead.c.warrior_id),
    policy=EVERYTHING,
    order=(Order(lead.c.id, Direction.DESC),),
)


async def by_key(source: Source, join: Joined) -> dict[Any, Row]:
    """The rows that a join may find, by their key, read by themselves."""
    read = Read(table=join.table, columns=(join.target, *join.columns), policy=join.policy, where=join.where)
    return {row[0]: row[1:] for row in await source.rows(read)}


async def expected(source: Source, read: Read) -> list[Row]:
    """The outer rows alone, each with the row that its text names by the rule of the gateway."""
    (join,) = read.joins
    outer = await source.rows(replace(read, joins=(), columns=(*read.columns, join.column)))
    found = await by_key(source, join)
    nothing = (None,) * len(join.columns)
    text = isinstance(join.column.type, String)
    return [(*row[:-1], *found.get(canonical_id(row[-1]) if text else row[-1], nothing)) for row in outer]


FILTERS: tuple[Filter, ...] = (
    EVERYTHING,
    NOTHING,
    Among(warrior.c.user_id, frozenset({1, 2})),
    Not(Among(warrior.c.user_id, frozenset({2, 9}))),
    any_of(Match(warrior.c.id > 6), Among(warrior.c.name, frozenset({"five"}))),
    ListsAny(warrior.c.name, frozenset({7})),
)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("rows", FILTERS)
async def test_text_names_a_number_exactly(source: Source, rows: Filter) -> None:
    for join in (replace(OF_WARRIOR, policy=rows), replace(OF_WARRIOR, where=rows)):
        read = replace(NEWEST, joins=(join,))
        assert await source.rows(read) == await expected(source, read)


async def test_only_the_right_forms_name_anybody(source: Source) -> None:
    rows = await source.rows(replace(NEWEST, joins=(OF_WARRIOR,)))
    assert {(text, name) for _, text, *_, name in rows if name} == {
        ("5", "five"),
        ("7", "seven"),
        ("12", "twelve"),
    }
    assert len(rows) == len(LEADS)


async def test_number_names_a_number(source: Source) -> None:
    read = replace(NEWEST, joins=(OF_USER,))
    rows = await source.rows(read)
    assert rows == await expected(source, read)
    assert {row[2:] for row in rows} == {(None, None), *USERS}


async def test_a_joined_row_names_a_further_one(source: Source) -> None:
    few = Among(user.c.id, frozenset({2, 3}))
    read = replace(NEWEST, joins=(OF_WARRIOR, replace(USER_OF_WARRIOR, policy=few)))
    warriors, users = await by_key(source, OF_WARRIOR), {row[0]: row for row in USERS if row[0] in {2, 3}}
    nobody, nothing = (None, None, None), (None, None)
    expected = [
        (id_, text, *(found := warriors.get(canonical_id(text), nobody)), *users.get(found[1], nothing))
        for id_, text in await source.rows(NEWEST)
    ]
    assert await source.rows(read) == expected


async def test_who_may_not_see_the_middle_sees_nothing_beyond_it(source: Source) -> None:
    read = replace(NEWEST, joins=(replace(OF_WARRIOR, policy=NOTHING), USER_OF_WARRIOR))
    assert {row[2:] for row in await source.rows(read)} == {(None,) * 5}


async def test_masked_cells_are_masked_by_the_joined_row(source: Source) -> None:
    mask = case((warrior.c.user_id == 2, warrior.c.name)).label("name")
    read = replace(NEWEST, joins=(replace(OF_WARRIOR, columns=(warrior.c.id, mask)),))
    rows = await source.rows(read)
    assert rows == await expected(source, read)
    assert {row[2:] for row in rows} == {(None, None), (5, "five"), (7, None), (12, None)}


async def test_limits_are_about_the_outer_rows(source: Source) -> None:
    of_two = replace(NEWEST, joins=(OF_WARRIOR,), limit=4)
    assert await source.rows(of_two) == (await expected(source, replace(of_two, limit=None)))[:4]
    batch = replace(NEWEST, joins=(OF_USER,), keys=Keys(lead.c.kind, (0, 2, 5)), columns=(lead.c.kind,))
    assert await source.rows(batch) == await expected(source, batch)
    of_each = replace(batch, keys=Keys(lead.c.kind, (0, 2, 5), 2))
    rows = await source.rows(of_each)
    assert sorted(map(str, rows)) == sorted(map(str, await expected(source, of_each)))
    assert sorted(row[0] for row in rows) == [0, 0, 2, 2]


async def test_branches_of_a_policy_take_their_joins_along(source: Source) -> None:
    policy = any_of(Among(lead.c.user_id, frozenset({1})), Among(lead.c.kind, frozenset({2})))
    read = replace(NEWEST, policy=policy, limit=9, joins=(OF_WARRIOR,))
    rows = await source.rows(read)
    assert rows == await expected(source, read)
    assert len(rows) == 9


async def test_joins_are_one_statement_of_a_template(source: Source) -> None:
    for turn in range(3):
        join = replace(OF_WARRIOR, policy=Match(warrior.c.id > turn))
        await source.rows(replace(NEWEST, joins=(join, USER_OF_WARRIOR), limit=3))
    assert source.templates.counts.without == 0  # type: ignore[attr-defined]


async def test_text_names_a_text_by_code_point(source: Source) -> None:
    join = Joined(state, lead.c.state, state.c.name, EVERYTHING, EVERYTHING, (state.c.place,))
    rows = await source.rows(replace(NEWEST, columns=(lead.c.state,), joins=(join,)))
    assert set(rows) == {("New", 1), ("new", None), ("new ", 2), ("Nëw", 3), (None, None)}


async def test_joined_rows_are_found_by_their_primary_key(source: Source) -> None:
    read = replace(NEWEST, joins=(OF_WARRIOR, USER_OF_WARRIOR), limit=5)
    prepared = source.templates.read(read).prepared  # type: ignore[attr-defined]
    sqlite = isinstance(source, SqliteSource)
    asked = replace(
        prepared, text=("explain query plan " if sqlite else "explain format=traditional ") + prepared.text
    )
    plan = [list(map(str, row)) for row in await source._fetch(asked)]  # type: ignore[attr-defined]
    if sqlite:
        assert [row[3] for row in plan[-2:]] == [
            f"SEARCH joined_{place} USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN" for place in (0, 1)
        ]
    else:
        # The second join's table is so small that MySQL may read all of it at once.
        [of_warrior] = [row for row in plan if "joined_0" in row]
        assert {"eq_ref", "PRIMARY"} <= set(of_warrior)


# --- what can't be joined -----------------------------------------------------------------------------------

RELATED = Related(warrior.c.user_id, user.c.id, EVERYTHING, EVERYTHING)


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (replace(NEWEST, joins=(replace(OF_WARRIOR, policy=RELATED),)), "related"),
        (replace(NEWEST, joins=(replace(OF_WARRIOR, where=Not(any_of(RELATED, NOTHING))),)), "related"),
        (replace(NEWEST, joins=(replace(OF_WARRIOR, target=warrior.c.user_id),)), "primary key"),
        (
            replace(NEWEST, joins=(Joined(state, lead.c.id, state.c.name, EVERYTHING, EVERYTHING, ()),)),
            "number",
        ),
        (replace(NEWEST, joins=(OF_USER,), distinct=True), "distinct"),
    ],
)
def test_what_cannot_ride_along_is_refused(read: Read, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        select_statement(read, MysqlSource.capabilities)


def test_no_source_joins_what_it_does_not_hold() -> None:
    away = Joined(elsewhere, lead.c.user_id, elsewhere.c.id, EVERYTHING, EVERYTHING, ())
    with pytest.raises(CrossSourceError):
        select_statement(replace(NEWEST, joins=(away,)), MysqlSource.capabilities)
    with pytest.raises(ValueError, match="joins no tables"):
        select_statement(replace(NEWEST, joins=(OF_USER,)), ClickHouseSource.capabilities)

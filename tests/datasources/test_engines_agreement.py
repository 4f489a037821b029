"""Every engine gives the same rows, in the same order and types, for the same read.

What is right is said a second time here, in plain Python over the rows. The texts are chosen for where engines differ:
case, accents, blanks, scripts, wildcards, quotes, rubbish in lists of ids.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, DateTime, Float, Integer, MetaData, Numeric, String, Table, func
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import CreateTable

from datasources.base import Capability, Source
from datasources.clickhouse_client import clickhouse_client
from datasources.engines.sqlite import sqlite_engine
from datasources.estate import open_source
from datasources.expressions import (
    at_least,
    at_most,
    contains_text,
    greater_than,
    less_than,
    starts_with_text,
    year_month,
)
from datasources.model import (
    EVERYTHING,
    NOTHING,
    Aggregate,
    Among,
    Direction,
    Filter,
    Keys,
    Latest,
    ListsAny,
    Match,
    Not,
    Order,
    Read,
    Related,
    Row,
    all_of,
    any_of,
)
from datasources.statements import CrossSourceError
from tests.servers.clickhouse import ClickHouseServer
from tests.servers.fixtures import count_use
from tests.servers.mysql_like import MySQLLikeServer

TEXTS = (
    *("abc", "Abc", "ábc", "abc ", "abc\t", None, "", "z", "Ω mega", "ΣΑΣ", "σας", "İx", "ẞ", "ß", "Ж", "ж"),
    *(
        "नमस्ते",
        "😀",
        "ÿ",
        "ﬀ",
        "a%b",
        "a_b",
        "a\\b",
        "a'b",
        'a"b',
        "%s",
        "%(x)s",
        ":x",
        "?",
        "2\u20282",
        "x\0y",
    ),
    *("5", " 5", "5 ", "05", "5abc", "-5", "12, 3", "012", "1 2", "12\n", " 3 ,x", "\t12", "3,", ",,", "3;4"),
)


def row_of(number: int, text: str | None) -> Row:
    at = datetime(2024, 1 + number % 12, 1 + number % 28, number % 24, number % 60)
    active = None if number % 5 == 0 else number % 2 == 0
    price = None if number % 3 == 0 else Decimal(number) / 4
    return (number, number % 7, text, at, active, price and price.quantize(Decimal("0.01")))


ROWS = [row_of(number, text) for number, text in enumerate(TEXTS * 2, start=1)]
ID, PARENT, NAME, AT, ACTIVE, PRICE = range(6)

DATABASE = "agreement"
things = Table(
    "agreeing_things",
    MetaData(info={"source": "agreement"}),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("parent", Integer, index=True),
    Column("name", String(100), index=True),
    Column("at", DateTime),
    Column("active", Boolean),
    Column("price", Numeric(15, 2)),
)
CLICKHOUSE_TABLE = (
    f"create table {things.name} (id Int32, parent Int32, name Nullable(String), at DateTime('UTC'),"
    " active Nullable(UInt8), price Nullable(Decimal(15, 2))) engine = MergeTree() order by id"
)

Case = tuple[Filter, Callable[[Row], bool]]


# --- six engines, filled alike ------------------------------------------------------------------------------


@pytest.fixture(
    scope="module",
    params=["sqlite", "mariadb+aiomysql", "mariadb+asyncmy", "mysql+aiomysql", "clickhouse", "chdb"],
)
async def source(request: pytest.FixtureRequest, tmp_path_factory: Any) -> AsyncIterator[Source]:
    kind, _, driver = request.param.partition("+")
    folder: Path = tmp_path_factory.mktemp(kind)
    if kind == "sqlite":
        dsn = await fill_sqlite(folder / "things.db")
    elif kind == "chdb":
        dsn = fill_clickhouse(f"chdb://{folder}", f"chdb:{folder}")
    elif kind == "clickhouse":
        server: ClickHouseServer = request.getfixturevalue("clickhouse_server")
        dsn = fill_clickhouse(server.dsn(), server.dsn())
    else:
        dsn = fill_mysql(request.getfixturevalue(f"{kind}_server"), driver)
    opened = open_source("agreement", dsn, metadata=things.metadata)
    yield opened
    await opened.close()


@pytest.fixture(autouse=True)
def counted(request: pytest.FixtureRequest) -> None:
    kind = request.node.callspec.params["source"].partition("+")[0]
    count_use(request.node, kind)


async def fill_sqlite(path: Path) -> str:
    engine = sqlite_engine(str(path), create=True)
    async with engine.begin() as connection:
        await connection.run_sync(things.metadata.create_all)
        await connection.execute(things.insert(), rows_by_name())
    await engine.dispose()
    return f"sqlite+aiosqlite:///{path}"


def fill_mysql(server: MySQLLikeServer, driver: str) -> str:
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f"create database if not exists {DATABASE} character set utf8mb4")
        cursor.execute(f"use {DATABASE}")
        cursor.execute(f"drop table if exists {things.name}")
        cursor.execute(str(CreateTable(things).compile(dialect=mysql.dialect())))
        cursor.execute(f"create index by_name on {things.name} (name)")
        cursor.executemany(f"insert into {things.name} values (%s, %s, %s, %s, %s, %s)", ROWS)
        connection.commit()
    return server.dsn(DATABASE, driver)


def fill_clickhouse(dsn: str, client_dsn: str) -> str:
    with clickhouse_client(client_dsn) as client:
        client.execute(f"drop table if exists {things.name}")
        client.execute(CLICKHOUSE_TABLE)
        client.insert(things.name, [column.name for column in things.c], ROWS)
    return dsn


def rows_by_name() -> list[dict[str, Any]]:
    return [dict(zip(things.c.keys(), row, strict=True)) for row in ROWS]


# --- what is right ------------------------------------------------------------------------------------------


def by_name(row: Row) -> tuple[bool, str, int]:
    return (row[NAME] is not None, row[NAME] or "", row[ID])


def lower(text: str) -> str:
    return text.replace("İ", "i").lower().replace("ς", "σ")


def lists(row: Row, ids: set[str]) -> bool:
    return row[NAME] is not None and any(item.strip(" \t") in ids for item in row[NAME].split(","))


def case_contains(value: str) -> Case:
    return (
        Match(contains_text(things.c.name, value)),
        lambda row: row[NAME] is not None and lower(value) in lower(row[NAME]),
    )


def case_starts(value: str) -> Case:
    return (
        Match(starts_with_text(things.c.name, value)),
        lambda row: row[NAME] is not None and lower(row[NAME]).startswith(lower(value)),
    )


def among_names(*names: str) -> Case:
    return Among(things.c.name, frozenset(names)), lambda row: row[NAME] in names


def negated(case: Case) -> Case:
    return Not(case[0]), lambda row: not case[1](row)


IDS = {str(row[ID]) for row in ROWS}
NAMES = {row[NAME] for row in ROWS}
VALUES = ("abc", "abc ", "b", "ÿ", "", "Z", "\U0001f600", "%", "a'b")
NEEDLES = (
    *VALUES,
    "BC",
    "ÁB",
    "a%b",
    "_",
    "\\",
    "'",
    '"',
    "%s",
    "σ",
    "Σας",
    "ß",
    "İX",
    "ix",
    "Ж",
    "मस",
    "\t",
    "5 ",
    "\0",
)
LISTED = (ListsAny(things.c.name, frozenset({12, 3})), lambda row: lists(row, {"12", "3"}))

CASES: dict[str, Case] = {
    "all": (EVERYTHING, lambda row: True),
    "nothing": (NOTHING, lambda row: False),
    "names": among_names("abc", "ẞ", "नमस्ते", "a'b", "a\\b", "%s", "2\u20282", "x\0y", "5 "),
    "no name": among_names(),
    "an id in place of text": (Among(things.c.name, frozenset({5})), lambda row: row[NAME] == "5"),
    "none of no names": negated(among_names()),
    "not a name": negated(among_names("abc")),
    "thousands of ids": (Among(things.c.id, frozenset(range(0, 9000, 3))), lambda row: row[ID] % 3 == 0),
    "active": (Among(things.c.active, frozenset({True})), lambda row: row[ACTIVE] is True),
    "active column": (Match(things.c.active), lambda row: row[ACTIVE] is True),
    "not active": (Not(Match(things.c.active)), lambda row: row[ACTIVE] is not True),
    "prices": (
        Among(things.c.price, frozenset({Decimal("1.25"), Decimal(4)})),
        lambda row: row[PRICE] in (Decimal("1.25"), 4),
    ),
    "price above": (
        Match(greater_than(things.c.price, Decimal("5.255"))),
        lambda row: row[PRICE] is not None and row[PRICE] > Decimal("5.255"),
    ),
    "moment": (Among(things.c.at, frozenset({ROWS[3][AT]})), lambda row: row[AT] == ROWS[3][AT]),
    "moment with a fraction": (
        Among(things.c.at, frozenset({ROWS[3][AT].replace(microsecond=1)})),
        lambda row: False,
    ),
    "since": (Match(at_least(things.c.at, ROWS[3][AT])), lambda row: row[AT] >= ROWS[3][AT]),
    "since a fraction": (
        Match(at_least(things.c.at, ROWS[3][AT].replace(microsecond=1))),
        lambda row: row[AT] > ROWS[3][AT],
    ),
    "before a fraction": (
        Match(less_than(things.c.at, ROWS[3][AT].replace(microsecond=1))),
        lambda row: row[AT] <= ROWS[3][AT],
    ),
    "since 1900": (Match(at_least(things.c.at, datetime(1900, 1, 1))), lambda row: True),
    "listed": LISTED,
    "not listed": negated(LISTED),
    "listed among 200": (
        ListsAny(things.c.name, frozenset(range(3, 203))),
        lambda row: lists(row, {str(number) for number in range(3, 203)}),
    ),
    "no list": (ListsAny(things.c.name, frozenset()), lambda row: False),
    "text names a row": (
        Related(things.c.name, things.c.id, EVERYTHING, EVERYTHING),
        lambda row: row[NAME] in IDS,
    ),
    "row is named by a text": (
        Related(things.c.id, things.c.name, EVERYTHING, EVERYTHING),
        lambda row: str(row[ID]) in NAMES,
    ),
    "row is named by no text": (
        Not(Related(things.c.id, things.c.name, EVERYTHING, EVERYTHING)),
        lambda row: str(row[ID]) not in NAMES,
    ),
    "text equals a text": (
        Related(things.c.name, things.c.name, EVERYTHING, Among(things.c.id, frozenset({1, 4}))),
        lambda row: row[NAME] in ("abc", "abc "),
    ),
    "parent's condition": (
        Related(things.c.parent, things.c.id, Match(things.c.id > 2), Match(less_than(things.c.name, "abd"))),
        lambda row: (
            row[PARENT] in (4, 5, 6)
            and ROWS[row[PARENT] - 1][NAME] is not None
            and ROWS[row[PARENT] - 1][NAME] < "abd"
        ),
    ),
    "nested": (
        any_of(
            all_of(Not(Among(things.c.name, frozenset({"z"}))), LISTED[0]),
            Not(any_of(Match(things.c.active), Match(things.c.price > 3))),
        ),
        lambda row: (
            (row[NAME] != "z" and LISTED[1](row))
            or not (row[ACTIVE] is True or (row[PRICE] is not None and row[PRICE] > 3))
        ),
    ),
    **{f"contains {value!r}": case_contains(value) for value in NEEDLES},
    **{f"starts with {value!r}": case_starts(value) for value in NEEDLES},
    **{f"not contains {value!r}": negated(case_contains(value)) for value in ("BC", "%")},
}
COMPARISONS: dict[str, tuple[Callable[..., Any], Callable[[str, str], bool]]] = {
    "<": (less_than, lambda name, value: name < value),
    "<=": (at_most, lambda name, value: name <= value),
    ">": (greater_than, lambda name, value: name > value),
    ">=": (at_least, lambda name, value: name >= value),
}


def read(**parts: Any) -> Read:
    parts = {
        "columns": tuple(things.c),
        "policy": EVERYTHING,
        "order": (Order(things.c.name), Order(things.c.id)),
        **parts,
    }
    return Read(table=things, **parts)


def typed(rows: list[Row]) -> list[list[tuple[type, Any]]]:
    return [[(type(cell), cell) for cell in row] for row in rows]


def right(matches: Callable[[Row], bool]) -> list[Row]:
    return sorted(filter(matches, ROWS), key=by_name)


# --- tests --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
async def test_filter_lets_exactly_its_rows_through(source: Source, name: str) -> None:
    rows, matches = CASES[name]
    assert typed(await source.rows(read(where=rows))) == typed(right(matches))
    assert typed(await source.rows(read(policy=rows))) == typed(right(matches))


@pytest.mark.parametrize("sign", COMPARISONS)
@pytest.mark.parametrize("value", VALUES)
async def test_text_compares_by_code_point(source: Source, sign: str, value: str) -> None:
    condition, compare = COMPARISONS[sign]
    rows = await source.rows(read(where=Match(condition(things.c.name, value))))
    assert rows == right(lambda row: row[NAME] is not None and compare(row[NAME], value))


@pytest.mark.parametrize("place", [PARENT, NAME, AT, ACTIVE, PRICE])
@pytest.mark.parametrize("direction", Direction)
async def test_null_is_the_smallest_value_in_both_directions(
    source: Source, place: int, direction: Direction
) -> None:
    order = (Order(list(things.c)[place], direction), Order(things.c.id, direction))
    expected = sorted(
        ROWS,
        key=lambda row: (row[place] is not None, *([row[place]] if row[place] is not None else []), row[ID]),
    )
    if direction is Direction.DESC:
        expected.reverse()
    assert await source.rows(read(order=order)) == expected
    assert await source.rows(read(order=order, limit=7)) == expected[:7]


@pytest.mark.parametrize("limit", [1, 3, 100])
@pytest.mark.parametrize("condition", ["all", "listed", "nested"])
async def test_limit_holds_for_each_key_in_its_order(source: Source, limit: int, condition: str) -> None:
    where, matches = CASES[condition]
    order = (Order(things.c.name, Direction.DESC), Order(things.c.id, Direction.DESC))
    keys = Keys(things.c.parent, (1, 2, 3, 99, 2), limit)
    rows = await source.rows(read(where=where, keys=keys, order=order))
    for key in (1, 2, 3):
        expected = right(lambda row, key=key: row[PARENT] == key and matches(row))[::-1]  # type: ignore[misc]
        assert [row for row in rows if row[PARENT] == key] == expected[:limit]
    assert {row[PARENT] for row in rows} <= {1, 2, 3}


async def test_text_key_is_matched_exactly(source: Source) -> None:
    keys = Keys(things.c.name, (5, "abc", "ABC", "x"), 1)
    rows = await source.rows(
        read(columns=(things.c.name, things.c.id), keys=keys, order=(Order(things.c.id, Direction.DESC),))
    )
    last = {row[NAME]: row[ID] for row in ROWS}
    assert sorted(rows) == [("5", last["5"]), ("abc", last["abc"])]


async def test_one_key_and_no_key_need_no_special_care(source: Source) -> None:
    one = read(keys=Keys(things.c.parent, (4,), 2))
    assert await source.rows(one) == right(lambda row: row[PARENT] == 4)[:2]
    assert await source.rows(read(keys=Keys(things.c.parent, (), 2))) == []
    assert await source.rows(read(keys=Keys(things.c.parent, (None,)))) == []


async def test_distinct_keeps_texts_apart_by_code_point(source: Source) -> None:
    rows = await source.rows(read(columns=(things.c.name,), distinct=True, order=(Order(things.c.name),)))
    assert rows == [(name,) for name in sorted(NAMES, key=lambda name: (name is not None, name or ""))]
    numbers = read(columns=(things.c.parent,), distinct=True, order=(Order(things.c.parent),))
    assert await source.rows(numbers) == [(number,) for number in range(7)]


async def test_groups_keep_texts_apart_and_are_sorted(source: Source) -> None:
    measures = (
        func.count(),
        func.sum(things.c.id),
        func.avg(things.c.id, type_=Float()),
        func.max(things.c.at),
    )
    by_text = Aggregate(table=things, measures=measures, policy=EVERYTHING, groups=(things.c.name,))
    expected = []
    for name in sorted(NAMES, key=lambda name: (name is not None, name or "")):
        rows = [row for row in ROWS if row[NAME] == name]
        ids = [row[ID] for row in rows]
        expected.append((name, len(rows), sum(ids), sum(ids) / len(ids), max(row[AT] for row in rows)))
    assert typed(await source.groups(by_text)) == typed(expected)


async def test_groups_by_month_and_key(source: Source) -> None:
    by_month = Aggregate(
        table=things,
        measures=(func.count(),),
        policy=EVERYTHING,
        groups=(year_month(things.c.at),),
        keys=Keys(things.c.parent, (2, 5, 99)),
    )
    months = [(row[PARENT], f"{row[AT]:%Y-%m}") for row in ROWS if row[PARENT] in (2, 5)]
    assert await source.groups(by_month) == [(*key, months.count(key)) for key in sorted(set(months))]


async def test_count_of_nothing_is_a_row_with_zero(source: Source) -> None:
    assert await source.groups(Aggregate(table=things, measures=(func.count(),), policy=NOTHING)) == [(0,)]


async def test_several_aggregates_in_one_statement(source: Source) -> None:
    measures = (func.count(), func.max(things.c.at))
    answers = await source.groups_of_each(
        [
            Aggregate(table=things, measures=measures, policy=EVERYTHING, keys=Keys(things.c.parent, (1, 2))),
            Aggregate(table=things, measures=measures, policy=EVERYTHING, keys=Keys(things.c.parent, ())),
            Aggregate(
                table=things,
                measures=measures,
                policy=CASES["names"][0],
                keys=Keys(things.c.id, (1, 2, 3)),
            ),
        ]
    )
    expected = []
    for key in (1, 2):
        moments = [row[AT] for row in ROWS if row[PARENT] == key]
        expected.append((key, len(moments), max(moments)))
    assert [sorted(answer) for answer in answers] == [expected, [], [(1, 1, ROWS[0][AT])]]


async def test_only_the_latest_version_of_a_row_counts(source: Source) -> None:
    by_month = Aggregate(
        table=things,
        measures=(func.count(),),
        policy=EVERYTHING,
        groups=(year_month(things.c.at),),
        latest=Latest(things.c.parent, things.c.id),
    )
    if not source.capabilities & {Capability.LIMIT_BY, Capability.WINDOW_FUNCTIONS}:
        with pytest.raises(ValueError, match="latest version"):
            await source.groups(by_month)
        return
    months = [f"{row[AT]:%Y-%m}" for row in {row[PARENT]: row for row in ROWS}.values()]
    assert await source.groups(by_month) == [(month, months.count(month)) for month in sorted(set(months))]


async def test_table_of_another_source_is_refused(source: Source) -> None:
    elsewhere = Table("things", MetaData(info={"source": "elsewhere"}), Column("id", Integer))
    with pytest.raises(CrossSourceError):
        await source.rows(Read(table=elsewhere, columns=(elsewhere.c.id,), policy=EVERYTHING))
    with pytest.raises(CrossSourceError):
        await source.rows(read(policy=Related(things.c.id, elsewhere.c.id, EVERYTHING, EVERYTHING)))

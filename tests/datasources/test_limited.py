"""Few rows for each of many keys on MySQL and MariaDB: one plain statement where they are few, else a select a key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, make_url
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import CreateTable

from datasources.base import Capability, Statement
from datasources.engines.limited import CROWDED_FOR, MOST_ROWS, limited, whole_read
from datasources.engines.mysql import MysqlSource
from datasources.engines.sql_source import SourceOptions
from datasources.expressions import by_code_point
from datasources.model import EVERYTHING, Among, Direction, Keys, Order, Read
from tests.servers.fixtures import count_use
from tests.servers.mysql_like import MySQLLikeServer

DATABASE = "limited_tests"
children = Table(
    "children",
    MetaData(info={"source": "children"}),
    Column("id", Integer, primary_key=True),
    Column("parent_id", Integer, index=True),
    Column("name", String(20)),
)
_c = children.c
# Parent 1 has none, parent 2 two, parent 3 five; names tell cases and accents apart, and one is missing.
ROWS = [
    (10, 2, "b"),
    (11, 2, "A"),
    (20, 3, "a"),
    (21, 3, None),
    (22, 3, "B"),
    (23, 3, "é"),
    (24, 3, "a"),
]


def _read(limit: int, *, parents: tuple[int, ...] = (1, 2, 3), order: tuple[Order, ...] = ()) -> Read:
    return Read(
        table=children,
        columns=(_c.id, _c.parent_id, _c.name),
        policy=EVERYTHING,
        order=order or (Order(_c.id, Direction.DESC),),
        keys=Keys(_c.parent_id, parents, limit),
    )


@pytest.fixture
def seen() -> list[Statement]:
    return []


@pytest.fixture(params=["mariadb_server", "mysql_server"])
async def source(request: pytest.FixtureRequest, seen: list[Statement]) -> AsyncIterator[MysqlSource]:
    count_use(request.node, request.param.removesuffix("_server"))
    server: MySQLLikeServer = request.getfixturevalue(request.param)
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"create database if not exists {DATABASE} character set utf8mb4")
        cursor.execute(f"use {DATABASE}")
        cursor.execute("drop table if exists children")
        cursor.execute(str(CreateTable(children).compile(dialect=mysql.dialect())))
        cursor.executemany("insert into children (id, parent_id, name) values (%s, %s, %s)", ROWS)
        connection.commit()
    source = MysqlSource(
        "children", make_url(server.dsn(DATABASE, "asyncmy")), SourceOptions(observers=(seen.append,))
    )
    yield source
    await source.close()


def _by_parent(rows: list[tuple[object, ...]]) -> dict[object, list[object]]:
    found: dict[object, list[object]] = {}
    for id_, parent_id, _ in rows:
        found.setdefault(parent_id, []).append(id_)
    return found


async def test_few_rows_of_many_keys_are_one_plain_statement_once_that_is_known(
    source: MysqlSource, seen: list[Statement]
) -> None:
    expected = {2: [11, 10], 3: [24, 23, 22, 21, 20]}
    for _ in range(3):
        assert _by_parent(await source.rows(_read(6))) == expected
    assert ["UNION" in statement.text for statement in seen] == [True, False, False]
    assert [statement.rows for statement in seen] == [7, 7, 7]


async def test_keys_that_fill_their_limit_keep_one_select_each(
    source: MysqlSource, seen: list[Statement]
) -> None:
    for _ in range(3):
        assert _by_parent(await source.rows(_read(4))) == {2: [11, 10], 3: [24, 23, 22, 21]}
    assert ["UNION" in statement.text for statement in seen] == [True] * 3


async def test_more_rows_than_expected_take_one_select_for_each_key_again(
    source: MysqlSource, seen: list[Statement], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datasources.engines.limited.MOST_OF_EACH", 1)
    await source.rows(_read(6))
    few = _read(1)
    expected = {2: [11], 3: [24]}
    assert _by_parent(await source.rows(few)) == expected
    _, plain, union = seen
    # It stopped at the first row beyond three pages of one, in powers of two.
    assert plain.rows == 5
    assert union.text.count("UNION ALL") == 2
    # What had many rows isn't believed to have few for a while.
    for _ in range(CROWDED_FOR):
        assert _by_parent(await source.rows(_read(6))) == {2: [11, 10], 3: [24, 23, 22, 21, 20]}
    assert ["UNION" in statement.text for statement in seen[3:]] == [True] * CROWDED_FOR
    await source.rows(_read(6))
    assert "UNION" not in seen[-1].text


@pytest.mark.parametrize("direction", Direction)
async def test_both_ways_sort_alike(source: MysqlSource, seen: list[Statement], direction: Direction) -> None:
    order = (Order(_c.name, direction), Order(_c.id))
    await source.rows(_read(7, order=order))
    few = await source.rows(_read(7, order=order))
    one_by_one = [await source.rows(_read(7, parents=(parent,), order=order)) for parent in (1, 2, 3)]
    assert ["UNION" in statement.text for statement in seen] == [True, False, False, False, False]
    assert _by_parent(few) == _by_parent([row for rows in one_by_one for row in rows])
    ascending = [21, 22, 20, 24, 23]
    assert _by_parent(few)[3] == (ascending if direction is Direction.ASC else [23, 20, 24, 22, 21])


def test_what_cant_be_sorted_here_is_left_to_the_server() -> None:
    capabilities = MysqlSource.capabilities
    assert whole_read(_read(4), capabilities) is not None
    assert whole_read(_read(4, order=(Order(by_code_point(_c.name)),)), capabilities) is None
    assert whole_read(_read(4, parents=(3,)), capabilities) is None
    assert whole_read(_read(MOST_ROWS), capabilities) is None
    assert whole_read(_read(4), capabilities | {Capability.WINDOW_FUNCTIONS}) is None


def test_the_first_rows_of_each_key_are_kept_in_order() -> None:
    order = (Order(_c.name), Order(_c.id, Direction.DESC))
    assert _by_parent(limited(_read(2, order=order), ROWS)) == {2: [11, 10], 3: [21, 22]}
    assert _by_parent(limited(_read(5, order=order), ROWS)) == {2: [11, 10], 3: [21, 22, 24, 20, 23]}


async def test_the_plain_statement_of_a_read_that_comes_again_has_its_own_policy(
    source: MysqlSource, seen: list[Statement]
) -> None:
    origin = _read(6)
    for _ in range(2):
        await source.rows(origin.again((1, 2, 3)))
    mine = replace(origin.again((1, 2, 3)), policy=Among(_c.name, frozenset({"a"})))
    for _ in range(2):
        assert _by_parent(await source.rows(mine)) == {3: [24, 20]}
        assert len(await source.rows(origin.again((1, 2, 3)))) == 7
    assert ["UNION" in statement.text for statement in seen] == [True, False, False, False, False, False]


def test_as_many_rows_as_are_worth_it_are_a_power_of_two() -> None:
    limits = [
        whole_read(_read(6, parents=tuple(range(count))), MysqlSource.capabilities)
        for count in (3, 7, 100, 400)
    ]
    assert [read and read.limit for read in limits] == [33, 129, 1025, 4097]

"""Cells that break what their columns promise, for a copy of the embedded estate: numbers too large, text where a
number belongs, dates of no calendar, JSON that is none, and nothing where something must be.

SQLite takes any of it. What says who is who stays as it is, or nobody could ask.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, DateTime, Integer, MetaData, Numeric, Table

# Rows of a table that get rubbish: the newest, which come first in lists, and some others.
NEWEST, OTHERS = 20, 30
# How many cells of such a row.
CELLS = 3
# Accounts, teams and tokens: what a request can't begin without.
LEFT_ALONE: dict[str, frozenset[str] | None] = {
    "iperform.role": None,
    "iperform.all_session": None,
    "iperform.user": frozenset({"username", "password", "role_id", "user_id", "active"}),
    "iperform.warrior": frozenset(
        {"user_id", "salesperson_id", "partner_company_id", "active", "data_visibility"}
    ),
    "iperform.salesperson": frozenset({"user_id", "manager_id", "active"}),
    "iperform.partner_company": frozenset({"company_id", "active"}),
    "iperform.leads": frozenset({"shared_salesperson_id"}),
    "magenta.user": frozenset({"company_id", "active"}),
    "magenta.company": frozenset({"db_schema_name"}),
}
OWN_TABLES = "gateway_"
LONG = "long " * 400

INTEGERS = (3_000_000_000, -(2**40), 2**63 - 1, "many", "12abc", "17", 2.0, "", None, b"\x01")
# Rounded where it is shown; as a key it names nothing, or what it is rounded to, as each statement has it.
NO_KEYS = (1.5,)
KEYS = ("_id", "_by", "_to")
TEXTS = (5, -1.5, None, "", LONG, "\x00\x1f\u2028", "👍🏽 नमस्ते", '"}],"errors":[', b"bytes", b"\xff\xfe")
BOOLEANS = (2, -1, "yes", "", 0.5, None)
MOMENTS = (
    "never",
    "",
    "0000-00-00 00:00:00.000000",
    "2026-13-45 25:61:61",
    5,
    1.5,
    None,
    "0001-01-01 00:00:00",
)
DECIMALS = (1.005, "7", 1e15, -0.001, None, 9_007_199_254_740_993)
JSONS = (
    "{",
    "",
    "NaN",
    '{"a": NaN, "b": [Infinity, -Infinity]}',
    "1e400",
    str(2**70),
    '"\\ud800"',
    '{"a": 1, "a": 2}',
    '{"z": {"y": [1, 2.0, 1e16, null, true, "é\\u2028"]}, "b": {}}',
    json.dumps("text"),
    "5",
    None,
)
# What fails the whole statement that reads it, and all that stands beside it.
FATAL_DECIMALS = ("much", "Infinity", 9e999)
FATAL_INTEGERS = (9e999,)


def spoil(path: Path, metadata: MetaData, *, fatal: bool = False) -> int:
    """Writes rubbish into a copy of one of the databases, the same each time; how many cells.

    With `fatal` there are cells, too, that no statement which reads them can answer.
    """
    source = str(metadata.info["source"])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        relax(connection)
        return sum(
            _spoil_table(connection, table, left, fatal)
            for table in metadata.sorted_tables
            if not table.name.startswith(OWN_TABLES)
            for left in (LEFT_ALONE.get(f"{source}.{table.name}", frozenset()),)
            if left is not None
        )


def add_unknown_role(path: Path, users: Sequence[int]) -> None:
    """Gives users a role that the API has no name for."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("insert into role (id, role_name) values (77, 'JANITOR')")
        for user_id in users:
            connection.execute("update user set role_id = 77 where id = ?", (user_id,))


def relax(connection: sqlite3.Connection) -> None:
    """Lets every column hold nothing."""
    connection.execute("pragma writable_schema = on")
    connection.execute(
        "update sqlite_master set sql = replace(sql, ' NOT NULL', '') where type = 'table' and name not like 'sqlite%'"
    )
    connection.execute("pragma writable_schema = reset")


def _spoil_table(connection: sqlite3.Connection, table: Table, left: frozenset[str], fatal: bool) -> int:
    columns = [column for column in table.columns if not column.primary_key and column.name not in left]
    random = Random(table.fullname)
    rubbish = {
        column.name: cycle(random.sample(options, len(options)))
        for column, options in _options(columns, fatal)
    }
    (key,) = table.primary_key.columns
    count = 0
    for row_id in _rows(connection, table.name, key.name, random):
        for column in random.sample(columns, min(CELLS, len(columns))):
            # A row that a unique index has already stays as it was.
            connection.execute(
                f"update or ignore {table.name} set {column.name} = ? where {key.name} = ?",
                (next(rubbish[column.name]), row_id),
            )
            count += 1
    return count


def _rows(connection: sqlite3.Connection, table: str, key: str, random: Random) -> list[Any]:
    found = [row[0] for row in connection.execute(f"select {key} from {table} order by {key} desc")]
    return found[:NEWEST] + random.sample(found[NEWEST:], min(OTHERS, len(found[NEWEST:])))


def _options(columns: Sequence[Column[Any]], fatal: bool) -> Iterator[tuple[Column[Any], tuple[Any, ...]]]:
    for column in columns:
        match column.type:
            case Boolean():
                yield column, BOOLEANS
            case Integer():
                shown = () if column.name.endswith(KEYS) else NO_KEYS
                yield column, INTEGERS + shown + (FATAL_INTEGERS if fatal else ())
            case DateTime() | Date():
                yield column, MOMENTS
            case JSON():
                yield column, JSONS
            case Numeric():
                yield column, DECIMALS + (FATAL_DECIMALS if fatal else ())
            case _:
                yield column, TEXTS

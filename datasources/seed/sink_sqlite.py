"""Fills a SQLite file with generated rows, in one transaction, as SQLAlchemy's dialect reads them."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Date, DateTime, MetaData, Numeric, Table

from datasources.seed.rows import Chunk, column_names, columns_of, json_text, values


@contextmanager
def sqlite_sink(path: str | Path, metadata: MetaData) -> Iterator["SqliteSink"]:
    """A sink for a file that `migrate_sqlite` made; what isn't finished is rolled back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("begin immediate")
        yield SqliteSink(connection, metadata)


class SqliteSink:
    """One connection inside one transaction."""

    def __init__(self, connection: sqlite3.Connection, metadata: MetaData) -> None:
        self.source = str(metadata.info["source"])
        self._connection = connection
        self._tables = metadata.sorted_tables

    def first_filled_table(self) -> str | None:
        for table in self._tables:
            if self._connection.execute(f'select 1 from "{table.name}" limit 1').fetchone():  # noqa: S608
                return table.name
        return None

    def empty(self) -> None:
        for table in reversed(self._tables):
            self._connection.execute(f'delete from "{table.name}"')  # noqa: S608

    def write(self, chunk: Chunk) -> None:
        marks = ", ".join("?" for _ in chunk.table.columns)
        names = ", ".join(f'"{name}"' for name in column_names(chunk.table))
        statement = f'insert into "{chunk.table.name}" ({names}) values ({marks})'  # noqa: S608
        self._connection.executemany(statement, values(chunk, _conversions(chunk.table)))

    def finish(self) -> None:
        self._connection.execute("commit")


def _conversions(table: Table) -> dict[str, Callable[[Any], Any]]:
    return {
        **dict.fromkeys(columns_of(table, JSON), json_text),
        **dict.fromkeys(columns_of(table, DateTime), _moment),
        **dict.fromkeys(columns_of(table, Date), _day),
        **dict.fromkeys(columns_of(table, Numeric), _number),
    }


def _moment(value: datetime) -> str:
    # SQLAlchemy compares and sorts these as texts, and writes six digits of a second.
    return value.isoformat(" ", "microseconds")


def _day(value: date) -> str:
    return value.isoformat()


def _number(value: Decimal) -> float:
    # SQLite has no decimals; 15 digits survive a float, and the dialect reads them back at the right scale.
    return float(value)

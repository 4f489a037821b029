"""What is asked of a server apart from its log: who it is, where its log ends, how tables are laid out there.

Called by `mysql_binlog.py`, by blocking connections that are closed after each question.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pymysql
from pymysql.cursors import DictCursor

from datasources.changes import LogUnusable
from datasources.engines.mysql_binlog_place import Layouts, order_of
from datasources.engines.mysql_layout import COLUMNS_OF, layout_of_definition
from datasources.mysql_client import blocking_mysql_url

Cursor = Any

# Both forms of one question: the newer one is MySQL's from 8.2 on, where the older one is gone from 8.4 on.
_POSITION = ("show binary log status", "show master status")
# A table's name can't be a bound value; those that are asked for are constants.
_TOUCH = "select 1 from `TABLE` limit 0"
_SYNTAX_ERROR = 1064
_NO_SUCH_TABLE = 1146
_NO_RIGHT = frozenset({1044, 1045, 1142, 1227})
_LOCK_WAIT_SECONDS = 3


@dataclass(frozen=True, slots=True)
class LogEnd:
    """Where a log ends, and which databases it is limited to or leaves out."""

    file: str
    position: int
    only: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()

    @property
    def order(self) -> int:
        """The same number as of a place there."""
        return order_of(self.file, self.position)


class LogServer:
    """The server and database that a DSN names; `answer_seconds` is how long it may be silent."""

    def __init__(self, name: str, dsn: str, *, connect_seconds: float, answer_seconds: float) -> None:
        url = blocking_mysql_url(dsn)
        _, arguments = url.get_dialect()().create_connect_args(url)
        self._arguments = {
            **arguments,
            "connect_timeout": max(1, round(connect_seconds)),
            "read_timeout": answer_seconds,
            "write_timeout": answer_seconds,
            "autocommit": True,
        }
        self.name = name
        self.answer_seconds = answer_seconds

    def connect(self) -> Any:
        """A new connection. Raises PyMySQL's errors."""
        return pymysql.connect(**self._arguments, cursorclass=DictCursor)

    @contextmanager
    def asked(self) -> Iterator[Cursor]:
        """A cursor of a connection of its own."""
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            with suppress(pymysql.MySQLError, OSError):
                connection.close()


def variables(cursor: Cursor) -> dict[str, str]:
    """The server's variables about its log; those that it doesn't have are absent."""
    cursor.execute(
        "show global variables where variable_name in ('log_bin', 'binlog_format', 'binlog_row_image', "
        "'binlog_row_metadata', 'binlog_transaction_compression', 'log_bin_compress', 'server_uuid', "
        "'innodb_lock_wait_timeout')"
    )
    return {row["Variable_name"].lower(): row["Value"] for row in cursor.fetchall()}


def database_name(cursor: Cursor) -> str:
    """The database, as the log spells it."""
    cursor.execute(
        "select schema_name as name from information_schema.schemata where schema_name = database()"
    )
    return str(cursor.fetchone()["name"])


def log_end(cursor: Cursor) -> LogEnd:
    """Where the log ends. Raises `LogUnusable` where there is none, or the account may not ask."""
    for statement in _POSITION:
        try:
            cursor.execute(statement)
        except pymysql.MySQLError as error:
            if error.args[0] == _SYNTAX_ERROR and statement != _POSITION[-1]:
                continue
            if error.args[0] in _NO_RIGHT:
                raise LogUnusable("the account may not ask where the binary log ends") from error
            raise
        break
    row = cursor.fetchone()
    if row is None:
        raise LogUnusable("the server writes no binary log")
    return LogEnd(row["File"], row["Position"], _names(row, "Binlog_Do_DB"), _names(row, "Binlog_Ignore_DB"))


def _names(row: dict[str, Any], column: str) -> frozenset[str]:
    return frozenset(name for name in (row.get(column) or "").lower().split(",") if name)


def layouts_here(cursor: Cursor, tables: Sequence[str]) -> tuple[Layouts, LogEnd]:
    """The layouts of tables, and a position of the log at which they are so.

    A transaction that has read a table keeps its definition from changing until it ends, and what has changed it before
    stands in the log by then.
    """
    cursor.execute("set session lock_wait_timeout = %s", (_LOCK_WAIT_SECONDS,))
    cursor.execute("begin")
    try:
        there = [table for table in tables if _touched(cursor, table)]
        layouts = Layouts({table: _layout(cursor, table) for table in there})
        return layouts, log_end(cursor)
    finally:
        cursor.execute("rollback")


def _touched(cursor: Cursor, table: str) -> bool:
    try:
        cursor.execute(_TOUCH.replace("TABLE", table.replace("`", "``")))
    except pymysql.ProgrammingError as error:
        if error.args[0] == _NO_SUCH_TABLE:
            return False
        raise
    return True


def _layout(cursor: Cursor, table: str) -> Any:
    cursor.execute(COLUMNS_OF, (table,))
    return layout_of_definition(cursor.fetchall())

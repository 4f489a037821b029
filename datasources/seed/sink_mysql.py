"""Fills a MySQL or MariaDB database with generated rows by multi-row inserts."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import JSON, MetaData, create_engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import NullPool

from datasources.mysql_client import blocking_mysql_url
from datasources.seed.rows import Chunk, column_names, columns_of, json_text, values


@contextmanager
def mysql_sink(dsn: str, metadata: MetaData) -> Iterator["MysqlSink"]:
    """A sink for the database that `dsn` names (a SQLAlchemy URL, whatever its driver), already migrated."""
    connection = create_engine(blocking_mysql_url(dsn), poolclass=NullPool).raw_connection()
    try:
        assert connection.dbapi_connection is not None
        yield MysqlSink(connection.dbapi_connection, metadata)
    finally:
        connection.close()


class MysqlSink:
    """One connection, one commit a chunk: a transaction over millions of rows costs more than it saves."""

    def __init__(self, connection: DBAPIConnection, metadata: MetaData) -> None:
        self.source = str(metadata.info["source"])
        self._connection = connection
        self._cursor = connection.cursor()
        self._tables = metadata.sorted_tables
        # Chunks are cut across tables, so a child may come before its parent's chunk is written.
        self._cursor.execute("set session foreign_key_checks = 0")

    def first_filled_table(self) -> str | None:
        for table in self._tables:
            self._cursor.execute(f"select 1 from `{table.name}` limit 1")  # noqa: S608
            if self._cursor.fetchone():
                return table.name
        return None

    def empty(self) -> None:
        for table in self._tables:
            self._cursor.execute(f"truncate table `{table.name}`")

    def write(self, chunk: Chunk) -> None:
        names = ", ".join(f"`{name}`" for name in column_names(chunk.table))
        marks = ", ".join("%s" for _ in chunk.table.columns)
        statement = f"insert into `{chunk.table.name}` ({names}) values ({marks})"  # noqa: S608
        convert = dict.fromkeys(columns_of(chunk.table, JSON), json_text)
        self._cursor.executemany(statement, list(values(chunk, convert)))
        self._connection.commit()

    def finish(self) -> None:
        self._cursor.execute("set session foreign_key_checks = 1")
        self._connection.commit()

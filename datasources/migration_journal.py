"""The table `gateway_migrations` of each kind of database: what was applied, how far. `migrate` calls it."""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from datasources.clickhouse_client import ClickHouseClient
from sql import Migration

DUPLICATE_KEY_NAME = 1061
NO_PRIVILEGE, NO_SUPER_PRIVILEGE, NO_SUPER_FOR_BINARY_LOG = 1142, 1227, 1419


class MigrationError(Exception):
    """The database can't be migrated as it is; the message says what to do."""


TRIGGER_ADVICE = {
    NO_PRIVILEGE: "grant it `trigger` on the database, and migrate again",
    NO_SUPER_PRIVILEGE: "grant it `super`, and migrate again",
    NO_SUPER_FOR_BINARY_LOG: (
        "the server writes a binary log, so grant it `super`, "
        "or set the server's `log_bin_trust_function_creators` to 1, and migrate again"
    ),
}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a migration went: statements done, the checksum of those, and whether there were no more."""

    statements: int
    checksum: str
    finished: bool


class Journal(Protocol):
    """Runs statements in one database and remembers them there."""

    def progress(self, version: int) -> Progress | None:
        """How far this version went; None if it never began."""
        ...

    def record(self, migration: Migration, progress: Progress) -> None:
        """Remembers how far a migration went."""
        ...

    def execute(self, statement: str) -> None:
        """Runs one statement of a migration."""
        ...


class MysqlJournal:
    """MySQL or MariaDB, on a connection that commits by itself."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._run(
            "create table if not exists gateway_migrations (version int not null primary key, "
            "name varchar(128) not null, checksum char(64) not null, statements int not null, "
            "applied_on datetime null) "
            "engine = InnoDB row_format = dynamic default charset = utf8mb4 collate = utf8mb4_unicode_ci"
        )

    def progress(self, version: int) -> Progress | None:
        query = "select statements, checksum, applied_on from gateway_migrations where version = :version"
        row = self._connection.execute(text(query), {"version": version}).one_or_none()
        return None if row is None else Progress(row[0], row[1], row[2] is not None)

    def record(self, migration: Migration, progress: Progress) -> None:
        statement = (
            "replace into gateway_migrations (version, name, checksum, statements, applied_on) "
            "values (:version, :name, :checksum, :statements, if(:finished, current_timestamp, null))"
        )
        self._connection.execute(text(statement), _record(migration, progress))

    def execute(self, statement: str) -> None:
        try:
            self._run(statement)
        except DBAPIError as error:
            # `create index` has no `if not exists` in MySQL. The index is there when the connection broke
            # between the statement and its record, or when the estate's own people had made it.
            code = mysql_error_code(error)
            if code == DUPLICATE_KEY_NAME:
                return
            if (advice := TRIGGER_ADVICE.get(code or 0)) and statement.split(maxsplit=2)[1] == "trigger":
                raise MigrationError(
                    f"the account that migrates may not create triggers: {advice}"
                ) from error
            raise

    def _run(self, statement: str) -> None:
        self._connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


class SqliteJournal:
    """A SQLite file, inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute(
            "create table if not exists gateway_migrations (version integer not null primary key, "
            "name text not null, checksum text not null, statements integer not null, applied_on text)"
        )

    def progress(self, version: int) -> Progress | None:
        query = "select statements, checksum, applied_on from gateway_migrations where version = ?"
        row = self._connection.execute(query, (version,)).fetchone()
        return None if row is None else Progress(row[0], row[1], row[2] is not None)

    def record(self, migration: Migration, progress: Progress) -> None:
        statement = (
            "replace into gateway_migrations (version, name, checksum, statements, applied_on) "
            "values (:version, :name, :checksum, :statements, iif(:finished, current_timestamp, null))"
        )
        self._connection.execute(statement, _record(migration, progress))

    def execute(self, statement: str) -> None:
        self._connection.execute(statement)


class ClickHouseJournal:
    """One ClickHouse database. Its table only grows; of a version the row with most statements counts."""

    def __init__(self, client: ClickHouseClient, schema: str) -> None:
        self._client = client
        self._table = f"{schema}.gateway_migrations"
        client.execute(f"create database if not exists {schema}")
        client.execute(
            f"create table if not exists {self._table} (version Int32, name String, checksum String, "
            "statements Int32, finished UInt8, recorded_on DateTime('UTC')) "
            "engine = MergeTree() order by (version, statements)"
        )

    def progress(self, version: int) -> Progress | None:
        rows = self._client.rows(
            f"select statements, checksum, finished from {self._table} where version = {version:d} "  # noqa: S608
            "order by statements desc limit 1"
        )
        return Progress(int(rows[0][0]), str(rows[0][1]), bool(rows[0][2])) if rows else None

    def record(self, migration: Migration, progress: Progress) -> None:
        now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        row = _record(migration, progress) | {"recorded_on": now}
        self._client.insert(self._table, list(row), [list(row.values())])

    def execute(self, statement: str) -> None:
        self._client.execute(statement)


def mysql_error_code(error: DBAPIError) -> int | None:
    """The server's error number, where the server is who complains."""
    arguments = error.orig.args if error.orig is not None else ()
    return arguments[0] if arguments and isinstance(arguments[0], int) else None


def _record(migration: Migration, progress: Progress) -> dict[str, object]:
    return {
        "version": migration.version,
        "name": migration.name,
        "checksum": progress.checksum,
        "statements": progress.statements,
        "finished": int(progress.finished),
    }

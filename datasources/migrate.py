"""Brings a database to the tables in `sql/` (or, for SQLite, in the metadata). Called by `gateway migrate`,
`gateway seed` and the tests.

What was applied stands in the database's own table `gateway_migrations`, written after every statement: MySQL
can't roll back DDL, so a migration that failed half-way goes on where it stopped, also after its file was
corrected. A statement that has been applied must never change again.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, MetaData, create_engine, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateIndex, CreateTable

from datasources.analytics.tables import MIRROR_SCHEMA, erp_schema_name
from datasources.clickhouse_client import ClickHouseClient, clickhouse_client
from datasources.indexes import SQLITE_TRIGGERS
from datasources.migration_journal import (
    ClickHouseJournal,
    Journal,
    MigrationError,
    MysqlJournal,
    Progress,
    SqliteJournal,
    mysql_error_code,
)
from datasources.mysql_client import blocking_mysql_url
from datasources.sharing import fill_sharing
from sql import Migration, migrations

LOCK_WAIT_SECONDS = 60
# The letters that stand for a company's own schema in `sql/clickhouse_company`.
COMPANY_SCHEMA = "h_NNN"

UNKNOWN_DATABASE = 1049

# What belongs to a migration and is done in many short transactions rather than in a statement.
FOLLOW_UPS: dict[str, Callable[[Connection], object]] = {"0003_lead_sharing.sql": fill_sharing}


def migrate_mysql(dsn: str, folder: str) -> list[str]:
    """Applies `sql/<folder>` to the MySQL or MariaDB database that `dsn` names; creates a missing database.

    `dsn` is a SQLAlchemy URL; its driver doesn't matter. Returns the names of the files applied now. Raises
    MigrationError when an applied file has changed or another migration holds the lock for over a minute.
    """
    url = blocking_mysql_url(dsn)
    if _is_missing(url):
        _create_database(url)
    with _mysql(url) as connection, _lock(connection):
        follow_ups = {name: partial(work, connection) for name, work in FOLLOW_UPS.items()}
        return apply(migrations(folder), MysqlJournal(connection), follow_ups)


def migrate_clickhouse(dsn: str) -> list[str]:
    """Applies `sql/clickhouse` to a server or, at `chdb:///path`, to chDB. Returns the names applied now.

    ClickHouse has no locks: two at once are harmless because every statement says `if not exists`.
    """
    with clickhouse_client(dsn) as client:
        return apply(migrations("clickhouse"), ClickHouseJournal(client, MIRROR_SCHEMA))


def migrate_company_schema(client: ClickHouseClient, company_id: int) -> list[str]:
    """Creates a company's own ClickHouse database (`h_015`) of ERP tables. Returns the names applied now."""
    schema = erp_schema_name(company_id)
    steps = [_in_schema(migration, schema) for migration in migrations("clickhouse_company")]
    return apply(steps, ClickHouseJournal(client, schema))


def migrate_sqlite(path: str | Path, metadata: MetaData) -> list[str]:
    """Creates the tables of `metadata` in a SQLite file, all or nothing. Returns the source's name if it did.

    Raises MigrationError when the file was made from other tables: an embedded estate is made anew.
    """
    source = str(metadata.info["source"])
    migration = Migration(1, source, tuple(_sqlite_statements(metadata)))
    with closing(sqlite3.connect(path, isolation_level=None, timeout=LOCK_WAIT_SECONDS)) as connection:
        connection.execute("begin immediate")
        try:
            applied = apply([migration], SqliteJournal(connection))
        except BaseException:
            connection.execute("rollback")
            raise
        connection.execute("commit")
    return applied


def apply(
    steps: Sequence[Migration], journal: Journal, follow_ups: Mapping[str, Callable[[], object]] | None = None
) -> list[str]:
    """Applies what the journal doesn't hold yet, in order. Returns the names of what was applied now.

    A follow-up, by the name of its step, is what is to be done after the statements; one that breaks off is done again.
    """
    found = follow_ups or {}
    return [step.name for step in steps if _apply_one(step, journal, found.get(step.name))]


def _apply_one(migration: Migration, journal: Journal, follow_up: Callable[[], object] | None) -> bool:
    before = journal.progress(migration.version) or Progress(0, migration.checksum(0), finished=False)
    _refuse_changed(migration, before)
    count = len(migration.statements)
    for done in range(before.statements, count):
        journal.execute(migration.statements[done])
        finished = done + 1 == count and follow_up is None
        journal.record(migration, Progress(done + 1, migration.checksum(done + 1), finished))
    if follow_up is not None and not before.finished:
        follow_up()
        journal.record(migration, Progress(count, migration.checksum(count), finished=True))
    return not before.finished


def _refuse_changed(migration: Migration, before: Progress) -> None:
    longer = before.finished and len(migration.statements) != before.statements
    if longer or migration.checksum(before.statements) != before.checksum:
        raise MigrationError(
            f"{migration.name} was changed after it was applied: "
            "put it back as it was, and write the change as a new migration"
        )


def _in_schema(migration: Migration, schema: str) -> Migration:
    statements = tuple(statement.replace(COMPANY_SCHEMA, schema) for statement in migration.statements)
    return Migration(migration.version, migration.name, statements)


@contextmanager
def _mysql(url: URL) -> Iterator[Connection]:
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection


def _is_missing(url: URL) -> bool:
    try:
        with _mysql(url):
            return False
    except DBAPIError as error:
        if mysql_error_code(error) != UNKNOWN_DATABASE:
            raise
        return True


def _create_database(url: URL) -> None:
    with _mysql(url.set(database="")) as connection:
        name = connection.dialect.identifier_preparer.quote_identifier(url.database or "")
        connection.exec_driver_sql(
            f"create database if not exists {name} default charset utf8mb4 collate utf8mb4_unicode_ci"
        )


@contextmanager
def _lock(connection: Connection) -> Iterator[None]:
    # The server has one name space for locks, of 64 characters, over all its databases.
    database = str(connection.execute(text("select database()")).scalar_one())
    name = "gateway_migrations_" + hashlib.sha256(database.encode()).hexdigest()[:32]
    got = connection.execute(text("select get_lock(:name, :wait)"), {"name": name, "wait": LOCK_WAIT_SECONDS})
    if got.scalar_one() != 1:
        raise MigrationError(
            f"{database}: another migration has been running for {LOCK_WAIT_SECONDS} s; try again"
        )
    try:
        yield
    finally:
        connection.execute(text("select release_lock(:name)"), {"name": name})


def _sqlite_statements(metadata: MetaData) -> Iterator[str]:
    dialect = sqlite.dialect()
    for table in metadata.sorted_tables:
        yield str(CreateTable(table, if_not_exists=True).compile(dialect=dialect)).strip()
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            yield str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect))
    for table in metadata.sorted_tables:
        yield from table.info.get(SQLITE_TRIGGERS, ())

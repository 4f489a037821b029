"""Applying migrations: once, in order, on from where it stopped, one at a time, and never a changed file."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table
from sqlalchemy.exc import DBAPIError

from datasources import migrate
from datasources.clickhouse_client import clickhouse_client
from datasources.iperform.tables import metadata as iperform_metadata
from datasources.migrate import (
    MigrationError,
    migrate_clickhouse,
    migrate_company_schema,
    migrate_mysql,
    migrate_sqlite,
)
from sql import Migration, migrations
from tests.servers.clickhouse import ClickHouseServer
from tests.servers.fixtures import count_use
from tests.servers.mysql_like import MySQLLikeServer

DATABASE = "migrate_tests"
GOOD = Migration(
    1,
    "0001_shelf.sql",
    (
        "create table if not exists shelf (id int not null primary key, room int)",
        "create index idx_room on shelf (room)",
        "insert into shelf values (1, 100)",
    ),
)
BROKEN = replace(GOOD, statements=(*GOOD.statements[:2], "insert into no_such_table values (1)"))

IPERFORM = [
    "0001_estate.sql",
    "0002_indexes_for_reading.sql",
    "0003_lead_sharing.sql",
    "0004_partner_tokens.sql",
    "0005_index_for_ownership.sql",
    "0006_idempotency_keys.sql",
    "0007_ticket_changes.sql",
]


@dataclass
class Database:
    """A database that doesn't exist yet."""

    server: MySQLLikeServer

    @property
    def dsn(self) -> str:
        return self.server.dsn(DATABASE)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with closing(self.server.connect(DATABASE)) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            connection.commit()
            return [tuple(row) for row in cursor.fetchall()]


@pytest.fixture(params=["mariadb", "mysql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    count_use(request.node, request.param)
    server: MySQLLikeServer = request.getfixturevalue(f"{request.param}_server")
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f"drop database if exists {DATABASE}")
        yield Database(server)
        cursor.execute(f"drop database if exists {DATABASE}")


def use(monkeypatch: pytest.MonkeyPatch, *steps: Migration) -> None:
    """Makes these the migrations of every folder."""
    monkeypatch.setattr(migrate, "migrations", lambda folder: steps)


def test_migrating_creates_the_database_and_a_second_time_does_nothing(database: Database) -> None:
    assert migrate_mysql(database.dsn, "iperform") == IPERFORM
    before = database.ask("select * from gateway_migrations order by version")
    assert migrate_mysql(database.dsn, "iperform") == []
    assert database.ask("select * from gateway_migrations order by version") == before
    assert [(row[0], row[3]) for row in before] == [(1, 19), (2, 5), (3, 7), (4, 1), (5, 1), (6, 1), (7, 1)]


def test_options_of_the_asynchronous_drivers_are_no_obstacle(database: Database) -> None:
    dsn = database.server.dsn(DATABASE, driver="asyncmy") + "&stmt_cache_size=100"

    assert migrate_mysql(dsn, "magenta") == ["0001_estate.sql"]


def test_an_estate_that_has_its_tables_and_an_index_of_ours_keeps_them(database: Database) -> None:
    with closing(database.server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f"create database {DATABASE} character set utf8mb4")
    for statement in migrations("iperform")[0].statements:
        database.ask(statement)
    database.ask("create index idx_assigned_to on tickets (assigned_to)")
    database.ask("insert into tickets (company_id, title, created_by) values (1, 'kept', 1)")

    assert migrate_mysql(database.dsn, "iperform") == IPERFORM
    assert database.ask("select title from tickets") == [("kept",)]


def test_a_failed_half_goes_on_where_it_stopped_when_the_file_is_corrected(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, BROKEN)
    with pytest.raises(DBAPIError):
        migrate_mysql(database.dsn, "iperform")
    assert database.ask("select statements, applied_on from gateway_migrations") == [(2, None)]

    use(monkeypatch, GOOD)
    assert migrate_mysql(database.dsn, "iperform") == ["0001_shelf.sql"]
    assert database.ask("select * from shelf") == [(1, 100)]
    assert database.ask("select statements, applied_on is null from gateway_migrations") == [(3, 0)]
    assert migrate_mysql(database.dsn, "iperform") == []


def test_a_statement_done_but_not_recorded_is_done_again_without_harm(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, BROKEN)
    with pytest.raises(DBAPIError):
        migrate_mysql(database.dsn, "iperform")
    # As if the connection had broken right after `create index`.
    checksum = BROKEN.checksum(1)
    database.ask(f"update gateway_migrations set statements = 1, checksum = '{checksum}'")

    use(monkeypatch, GOOD)
    assert migrate_mysql(database.dsn, "iperform") == ["0001_shelf.sql"]
    assert database.ask("select * from shelf") == [(1, 100)]


@pytest.mark.parametrize(
    "changed",
    [
        replace(GOOD, statements=(*GOOD.statements[:2], "insert into shelf values (1, 200)")),
        replace(GOOD, statements=(*GOOD.statements, "insert into shelf values (2, 200)")),
        replace(GOOD, statements=GOOD.statements[:2]),
    ],
    ids=["edited", "longer", "shorter"],
)
def test_a_file_changed_after_it_was_applied_is_refused_and_nothing_runs(
    database: Database, monkeypatch: pytest.MonkeyPatch, changed: Migration
) -> None:
    use(monkeypatch, GOOD)
    migrate_mysql(database.dsn, "iperform")

    use(monkeypatch, changed, Migration(2, "0002_more.sql", ("insert into shelf values (9, 9)",)))
    with pytest.raises(
        MigrationError, match=r"^0001_shelf\.sql was changed after it was applied: put it back"
    ):
        migrate_mysql(database.dsn, "iperform")
    assert database.ask("select * from shelf") == [(1, 100)]


def test_two_at_once_apply_everything_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = replace(GOOD, statements=(GOOD.statements[0], "do sleep(0.5)", GOOD.statements[2]))
    use(monkeypatch, slow)
    start = threading.Barrier(2)

    def run() -> list[str]:
        start.wait()
        return migrate_mysql(database.dsn, "iperform")

    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(run) for _ in range(2)]
        applied = sorted(run.result() for run in runs)

    assert applied == [[], ["0001_shelf.sql"]]
    assert database.ask("select * from shelf") == [(1, 100)]


def test_who_waits_too_long_for_another_migration_is_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "LOCK_WAIT_SECONDS", 1)
    # The first lasts until it is let go on.
    slow = replace(GOOD, statements=(GOOD.statements[0], "do get_lock('migrate_tests', 60)"))
    use(monkeypatch, slow)
    with (
        ThreadPoolExecutor(1) as pool,
        closing(database.server.connect()) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("select get_lock('migrate_tests', 60)")
        first = pool.submit(migrate_mysql, database.dsn, "iperform")
        wait_for_table(database, "shelf")
        try:
            with pytest.raises(MigrationError, match="another migration has been running for 1 s; try again"):
                migrate_mysql(database.dsn, "iperform")
        finally:
            cursor.execute("do release_lock('migrate_tests')")
        assert first.result() == ["0001_shelf.sql"]


def wait_for_table(database: Database, name: str) -> None:
    for _ in range(100):
        with closing(database.server.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(
                "select count(*) from information_schema.tables where table_schema = %s and table_name = %s",
                (DATABASE, name),
            )
            if cursor.fetchone() == (1,):
                return
            cursor.execute("do sleep(0.05)")
    pytest.fail(f"{name} never came")


def test_clickhouse_is_migrated_once_and_a_changed_file_is_refused(
    clickhouse_server: ClickHouseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    dsn = clickhouse_server.dsn()
    migrate_clickhouse(dsn)
    assert migrate_clickhouse(dsn) == []

    [estate] = migrations("clickhouse")
    use(monkeypatch, replace(estate, statements=estate.statements[:-1]))
    with pytest.raises(MigrationError, match=r"^0001_estate\.sql was changed"):
        migrate_clickhouse(dsn)


def test_a_failed_half_in_clickhouse_goes_on_where_it_stopped(
    clickhouse_server: ClickHouseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = Migration(
        1,
        "0001_erp.sql",
        ("create database if not exists h_NNN", "create table h_NNN.a (id Int32) engine = Log", "select 1"),
    )
    with clickhouse_client(clickhouse_server.dsn()) as client:
        client.execute("drop database if exists h_9999")
        use(monkeypatch, replace(good, statements=(*good.statements[:2], "drop table h_NNN.missing")))
        with pytest.raises(Exception, match="missing"):
            migrate_company_schema(client, 9999)

        use(monkeypatch, good)
        assert migrate_company_schema(client, 9999) == ["0001_erp.sql"]
        assert migrate_company_schema(client, 9999) == []
        assert client.rows("select name from system.tables where database = 'h_9999' order by name") == [
            ("a",),
            ("gateway_migrations",),
        ]
        client.execute("drop database h_9999")


def test_sqlite_is_migrated_once(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    count_use(request.node, "sqlite")

    assert migrate_sqlite(tmp_path / "estate.sqlite", iperform_metadata) == ["iperform"]
    assert migrate_sqlite(tmp_path / "estate.sqlite", iperform_metadata) == []


def test_a_sqlite_file_made_from_other_tables_is_refused(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    count_use(request.node, "sqlite")
    before = MetaData(info={"source": "shelf"})
    Table("shelf", before, Column("id", Integer, primary_key=True))
    migrate_sqlite(tmp_path / "estate.sqlite", before)

    after = MetaData(info={"source": "shelf"})
    Table("shelf", after, Column("id", Integer, primary_key=True), Column("room", Integer))
    with pytest.raises(MigrationError, match=r"^shelf was changed after it was applied"):
        migrate_sqlite(tmp_path / "estate.sqlite", after)


def test_two_at_once_on_a_sqlite_file_make_it_once(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    count_use(request.node, "sqlite")
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(migrate_sqlite, tmp_path / "estate.sqlite", iperform_metadata) for _ in range(4)]
        assert sorted(run.result() for run in runs) == [[], [], [], ["iperform"]]
    with closing(sqlite3.connect(tmp_path / "estate.sqlite")) as connection:
        assert connection.execute("select count(*) from gateway_migrations").fetchone() == (1,)


def test_what_counts_as_a_change_is_a_statement_and_not_a_comment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "-- why; here\ncreate table a (\n    id int -- what\n);\n\ninsert into a\nvalues (1) ;\n"
    monkeypatch.setattr("sql.files", lambda package: tmp_path)
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "0001_a.sql").write_text(text)
    (folder / "0010_b.sql").write_text("select 10;")
    (folder / "0002_c.sql").write_text("select 2")
    (folder / "notes.sql").write_text("select 3;")

    found = migrations("shop")
    assert [(step.version, step.name) for step in found] == [
        (1, "0001_a.sql"),
        (2, "0002_c.sql"),
        (10, "0010_b.sql"),
    ]
    assert found[0].statements == ("create table a (\n    id int -- what\n)", "insert into a\nvalues (1)")
    (folder / "0001_a.sql").write_text(text.replace("-- why; here\n", ""))
    assert migrations("shop")[0].checksum(2) == found[0].checksum(2)

    (folder / "0002_d.sql").write_text("select 4;")
    with pytest.raises(ValueError, match="two migrations in sql/shop have the same number"):
        migrations("shop")
    with pytest.raises(ValueError, match="there are no migrations in sql/attic"):
        migrations("attic")


@pytest.mark.parametrize(
    "dsn", ["mysql://127.0.0.1/x", "chdb:", "chdb:///", "chdb://host/path", "postgresql://127.0.0.1/x"]
)
def test_an_address_that_is_no_clickhouse_is_refused(dsn: str) -> None:
    with pytest.raises(ValueError, match="a ClickHouse address looks like"):
        migrate_clickhouse(dsn)


@pytest.mark.parametrize(
    "dsn",
    ["sqlite+aiosqlite:////tmp/iperform.sqlite", "postgresql://127.0.0.1/x", "mysql+asyncmy:///iperform"],
)
def test_an_address_that_is_no_mysql_is_refused_before_any_server_is_asked(
    monkeypatch: pytest.MonkeyPatch, dsn: str
) -> None:
    monkeypatch.setattr(migrate, "create_engine", lambda *_, **__: pytest.fail("it connects"))
    with pytest.raises(ValueError, match=r"^a MySQL address looks like"):
        migrate_mysql(dsn, "iperform")

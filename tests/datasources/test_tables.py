"""The migrations and the SQLAlchemy metadata describe the same tables, as real servers see them."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Index, MetaData, Table, UniqueConstraint
from sqlalchemy import types as sql
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

from datasources.analytics import tables as analytics
from datasources.clickhouse_client import clickhouse_client
from datasources.iperform import tables as iperform
from datasources.magenta import tables as magenta
from datasources.migrate import migrate_clickhouse, migrate_company_schema, migrate_mysql, migrate_sqlite
from tests.servers.clickhouse import ClickHouseServer
from tests.servers.fixtures import count_use
from tests.servers.mysql_like import MySQLLikeServer

JOURNAL = "gateway_migrations"
SOURCES = {"iperform": iperform.metadata, "magenta": magenta.metadata}
ERP_COMPANY_ID = 7

Cells = tuple[Any, ...]


@dataclass
class MigratedDatabase:
    """One database that `sql/` has just been applied to, and the metadata it should agree with."""

    server: MySQLLikeServer
    name: str
    metadata: MetaData

    @property
    def tables(self) -> list[Table]:
        return self.metadata.sorted_tables

    def ask(self, query: str) -> list[Cells]:
        """The rows of a query on information_schema, whose `%s` is this database; without the journal."""
        with closing(self.server.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(query, (self.name,))
            return [tuple(row) for row in cursor.fetchall() if row[0] != JOURNAL]


@pytest.fixture(params=["mariadb", "mysql"])
def server(request: pytest.FixtureRequest) -> MySQLLikeServer:
    count_use(request.node, request.param)
    found: MySQLLikeServer = request.getfixturevalue(f"{request.param}_server")
    return found


@pytest.fixture(params=list(SOURCES))
def database(server: MySQLLikeServer, request: pytest.FixtureRequest) -> Iterator[MigratedDatabase]:
    name = f"tables_{request.param}"
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f"drop database if exists {name}")
        # Nothing may depend on what the server or the database takes for granted.
        cursor.execute(f"create database {name} character set latin1")
        migrate_mysql(server.dsn(name), request.param)
        yield MigratedDatabase(server, name, SOURCES[request.param])
        cursor.execute(f"drop database {name}")


def test_columns_agree_in_order_type_nullability_and_default(database: MigratedDatabase) -> None:
    found = database.ask(
        "select table_name, column_name, column_type, is_nullable, column_default, extra "
        "from information_schema.columns where table_schema = %s order by ordinal_position"
    )
    found.sort(key=lambda row: str(row[0]))
    declared = [
        (
            table.name,
            column.name,
            mysql_type(column.type),
            column.nullable,
            declared_default(column.server_default),
        )
        for table in sorted(database.tables, key=lambda table: table.name)
        for column in table.columns
    ]

    assert [
        (table, column, plain_type(kind), nullable == "YES", plain_default(default))
        for table, column, kind, nullable, default, _ in found
    ] == declared
    assert {(table, column) for table, column, *_, extra in found if "auto_increment" in extra} == {
        (table.name, table.autoincrement_column.name)
        for table in database.tables
        if table.autoincrement_column is not None
    }


def test_primary_keys_agree(database: MigratedDatabase) -> None:
    found = database.ask(
        "select table_name, column_name from information_schema.key_column_usage "
        "where table_schema = %s and constraint_name = 'PRIMARY'"
    )

    assert sorted(found) == sorted(
        (table.name, column.name) for table in database.tables for column in table.primary_key.columns
    )


def test_foreign_keys_agree_with_their_delete_rules(database: MigratedDatabase) -> None:
    found = database.ask(
        "select u.table_name, u.column_name, u.referenced_table_name, u.referenced_column_name, "
        "r.delete_rule from information_schema.key_column_usage u "
        "join information_schema.referential_constraints r on r.constraint_schema = u.table_schema "
        "and r.constraint_name = u.constraint_name "
        "and r.table_name = u.table_name where u.table_schema = %s"
    )

    assert sorted((*row[:4], plain_rule(row[4])) for row in found) == sorted(
        (table.name, key.parent.name, key.column.table.name, key.column.name, key.ondelete or "RESTRICT")
        for table in database.tables
        for key in table.foreign_keys
    )


def test_indexes_agree_in_name_columns_prefix_and_kind(database: MigratedDatabase) -> None:
    found = database.ask(
        "select table_name, index_name, seq_in_index, column_name, sub_part, non_unique, index_type "
        "from information_schema.statistics where table_schema = %s and index_name <> 'PRIMARY'"
    )
    declared = [
        (table.name, str(index.name), place, column.name, *mysql_index_kind(index))
        for table in database.tables
        for index in table.indexes
        for place, column in enumerate(index.columns, 1)
    ]
    # A unique column has an index of its name.
    unique = [
        (table.name, column.name, 1, column.name, None, False, "BTREE")
        for table in database.tables
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
        for column in constraint.columns
    ]

    assert sorted((*row[:5], bool(row[5]), row[6]) for row in found) == sorted([*declared, *unique])


def test_every_table_names_its_collation_and_row_format(database: MigratedDatabase) -> None:
    found = database.ask(
        "select table_name, table_collation, row_format, engine "
        "from information_schema.tables where table_schema = %s"
    )

    assert sorted(found) == sorted(
        (table.name, "utf8mb4_unicode_ci", "Dynamic", "InnoDB") for table in database.tables
    )


def test_clickhouse_columns_agree(clickhouse_server: ClickHouseServer) -> None:
    migrate_clickhouse(clickhouse_server.dsn())
    with clickhouse_client(clickhouse_server.dsn()) as client:
        migrate_company_schema(client, ERP_COMPANY_ID)
        # 18.16 has no column `position`, but answers in order.
        found = client.rows(
            "select database, table, name, type from system.columns where database in "
            f"('iperform_helper', 'extractor', 'h_{ERP_COMPANY_ID:03d}') and table <> '{JOURNAL}'"
        )
        client.execute(f"drop database h_{ERP_COMPANY_ID:03d}")

    erp = [analytics.erp_table(name, ERP_COMPANY_ID) for name in analytics.ERP_TABLE_NAMES]
    tables = sorted([*analytics.metadata.sorted_tables, *erp], key=lambda table: (table.schema, table.name))
    declared = {
        (table.schema, table.name): [(column.name, clickhouse_type(column)) for column in table.columns]
        for table in tables
    }
    shown: dict[tuple[str | None, str], list[tuple[str, str]]] = {}
    for schema, table, name, kind in found:
        shown.setdefault((schema, table), []).append((name, kind))
    assert shown == declared


@pytest.mark.parametrize("metadata", SOURCES.values(), ids=SOURCES)
def test_sqlite_has_every_table_and_index(
    metadata: MetaData, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    count_use(request.node, "sqlite")
    migrate_sqlite(tmp_path / "estate.sqlite", metadata)

    with closing(sqlite3.connect(tmp_path / "estate.sqlite")) as connection:
        objects = connection.execute(
            "select type, name from sqlite_master where name not like 'sqlite_%'"
        ).fetchall()
    assert sorted(name for kind, name in objects if kind == "table" and name != JOURNAL) == sorted(
        metadata.tables
    )
    # Unlike MySQL's, an index's name is unique over the whole file.
    assert sorted(name for kind, name in objects if kind == "index") == sorted(
        f"{table.name}_{index.name}" for table in metadata.sorted_tables for index in table.indexes
    )


def test_what_an_erp_table_may_be_called() -> None:
    assert analytics.erp_table("invoices", 15).fullname == "h_015.invoices"
    with pytest.raises(ValueError, match="no ERP table is called 'users'"):
        analytics.erp_table("users", 15)
    with pytest.raises(ValueError, match="a company id is positive, not 0"):
        analytics.erp_schema_name(0)


def mysql_type(kind: TypeEngine[Any]) -> str:
    """A declared type as information_schema writes it, without the differences between the servers."""
    shown = kind.dialect_impl(mysql.dialect()).compile(dialect=mysql.dialect()).lower()
    shown = {"integer": "int", "bool": "tinyint(1)", "json": "longtext"}.get(shown, shown)
    return re.sub(r"numeric\((\d+), (\d+)\)", r"decimal(\1,\2)", shown)


def mysql_index_kind(index: Index) -> Cells:
    """The prefix's length, whether it isn't unique, and the kind, as information_schema has them."""
    options = index.dialect_options["mysql"]
    return options["length"], not index.unique, options["prefix"] or "BTREE"


def plain_type(shown: str) -> str:
    """MariaDB keeps JSON as text, and both have shown the display width of integers at some time."""
    kind = shown.lower()
    return "longtext" if kind == "json" else "int" if kind.startswith("int") else kind


def declared_default(default: Any) -> str | None:
    return None if default is None else str(default.arg.text).strip("'").lower()


def plain_default(shown: str | None) -> str | None:
    """MariaDB shows expressions: 'NULL', quotes, current_timestamp()."""
    text = None if shown is None else str(shown).strip("'").lower().removesuffix("()")
    return None if text == "null" else text


def plain_rule(shown: str) -> str:
    """InnoDB takes both for the same; MySQL and MariaDB show different ones."""
    return "RESTRICT" if shown == "NO ACTION" else shown


def clickhouse_type(column: Any) -> str:
    match column.type:
        case sql.Boolean():
            name = "UInt8"
        case sql.Numeric():
            name = f"Decimal({column.type.precision}, {column.type.scale})"
        case sql.DateTime():
            name = "DateTime('UTC')"
        case sql.Date():
            name = "Date"
        case sql.Integer():
            name = "Int32"
        case _:
            name = "String"
    return f"Nullable({name})" if column.nullable else name

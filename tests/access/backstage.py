"""Writes to an estate behind the gateway's back, as another program would, and takes everything back again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import sqlalchemy as sql
from sqlalchemy import Engine, Table, TableClause, create_engine, make_url

from datasources.clickhouse_client import clickhouse_client
from datasources.mysql_client import blocking_mysql_url
from gateway.settings import Settings

Cells = dict[str, Any]


class Backstage:
    """The stores of an estate. Rows are as the driver has them, so that what is taken back is what was there."""

    def __init__(self, settings: Settings) -> None:
        self._engines = {
            "iperform": create_engine(_blocking(settings.iperform_dsn)),
            "magenta": create_engine(_blocking(settings.magenta_dsn)),
        }
        self._analytics = settings.analytics_dsn
        parts = urlsplit(settings.files_dsn)
        self.folder = Path(unquote(parts.path)) if parts.scheme == "file" else None
        self._undoing: list[Callable[[], None]] = []

    def close(self) -> None:
        """Gives the connections back."""
        for engine in self._engines.values():
            engine.dispose()

    @contextmanager
    def taken_back(self) -> Iterator[None]:
        """All that is written in the block is undone at its end."""
        try:
            yield
        finally:
            while self._undoing:
                self._undoing.pop()()

    def row(self, table: Table, key: Any) -> Cells | None:
        """A row by its key."""
        bare = _bare(table)
        with self._engine(table).begin() as connection:
            found = connection.execute(sql.select(bare).where(_is(table, key))).mappings().first()
        return None if found is None else dict(found)

    def newest(self, table: Table) -> Any:
        """The highest key of a table."""
        with self._engine(table).begin() as connection:
            return connection.execute(
                sql.select(sql.func.max(sql.column(_key(table)))).select_from(_bare(table))
            ).scalar()

    def insert(self, table: Table, cells: Cells) -> None:
        """Adds a row."""
        key = cells[_key(table)]
        self._run(table, sql.insert(_bare(table)).values(cells))
        self._undoing.append(lambda: self._run(table, sql.delete(_bare(table)).where(_is(table, key))))

    def update(self, table: Table, key: Any, cells: Cells) -> None:
        """Changes cells of a row."""
        before = self.row(table, key)
        assert before is not None, (table.name, key)
        old = {name: before[name] for name in cells}
        self._set(table, key, cells)
        self._undoing.append(lambda: self._set(table, key, old))

    def delete(self, table: Table, key: Any) -> None:
        """Takes a row out."""
        before = self.row(table, key)
        assert before is not None, (table.name, key)
        self._run(table, sql.delete(_bare(table)).where(_is(table, key)))
        self._undoing.append(lambda: self._run(table, sql.insert(_bare(table)).values(before)))

    def insert_analytics(self, table: Table, cells: Mapping[str, Any], *, mark: str) -> None:
        """Adds a row to ClickHouse; the text column `mark` holds what no other row does."""
        with clickhouse_client(self._analytics) as client:
            client.insert(table.fullname, list(cells), [list(cells.values())])
        self._undoing.append(lambda: self._delete_marked(table, mark, cells[mark]))

    def put_file(self, key: str) -> None:
        """Adds a file to the local store."""
        assert self.folder is not None
        path = self.folder / key
        made = [parent for parent in path.parents if not parent.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"nobody else's business")

        def remove() -> None:
            path.unlink()
            for parent in made:
                parent.rmdir()

        self._undoing.append(remove)

    def _delete_marked(self, table: Table, column: str, value: str) -> None:
        name, marked = table.fullname, f"{column} = '{value}'"
        parts = (
            f"select name, rows from system.parts where active and database = '{table.schema}' "
            f"and table = '{table.name}' and name in (select _part from {name} where {marked})"
        )
        with clickhouse_client(self._analytics) as client:
            for part, rows in client.rows(parts):
                # It may be merged with others at any moment, and be gone by this name.
                with suppress(RuntimeError):
                    if int(rows) == 1:
                        client.execute(f"alter table {name} drop part '{part}'")
            # A row that has been merged with others goes by the slow way, which is waited for.
            if client.rows(f"select 1 from {name} where {marked}"):
                client.execute(f"alter table {name} delete where {marked} settings mutations_sync = 1")

    def _set(self, table: Table, key: Any, cells: Cells) -> None:
        self._run(table, sql.update(_bare(table)).where(_is(table, key)).values(cells))

    def _run(self, table: Table, statement: Any) -> None:
        with self._engine(table).begin() as connection:
            connection.execute(statement)

    def _engine(self, table: Table) -> Engine:
        return self._engines[table.metadata.info["source"]]


def _blocking(dsn: str) -> Any:
    url = make_url(dsn)
    return url.set(drivername="sqlite") if url.get_backend_name() == "sqlite" else blocking_mysql_url(dsn)


@cache
def _bare(table: Table) -> TableClause:
    """The table without types: nothing that is read or written is converted."""
    return sql.table(table.name, *[sql.column(column.name) for column in table.columns])


def _key(table: Table) -> str:
    (column,) = table.primary_key.columns
    return str(column.name)


def _is(table: Table, key: Any) -> Any:
    return sql.column(_key(table)) == key

"""Fills ClickHouse, a server or chDB, with generated rows in large blocks: each makes a part on disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import JSON, Boolean, Table

from datasources.analytics.tables import ERP_TABLE_NAMES, MIRROR_SCHEMA, erp_table, metadata
from datasources.clickhouse_client import ClickHouseClient, clickhouse_client
from datasources.iperform.tables import lead_logs
from datasources.migrate import migrate_company_schema
from datasources.seed.clients import ERP_COMPANY_IDS
from datasources.seed.rows import Chunk, column_names, columns_of, json_text, values

BLOCK_ROWS = 100_000


@contextmanager
def clickhouse_sink(dsn: str) -> Iterator["ClickHouseSink"]:
    """A sink for a migrated ClickHouse; creates the databases of the companies with ERP rows."""
    with clickhouse_client(dsn) as client:
        for company_id in ERP_COMPANY_IDS:
            migrate_company_schema(client, company_id)
        yield ClickHouseSink(client)


class ClickHouseSink:
    """Gathers each table's rows until there is a block of them."""

    def __init__(self, client: ClickHouseClient) -> None:
        self.source = str(metadata.info["source"])
        self._client = client
        self._waiting: dict[str, list[tuple[Any, ...]]] = {}
        erp = [erp_table(name, company_id) for company_id in ERP_COMPANY_IDS for name in ERP_TABLE_NAMES]
        self._tables = {table.fullname: table for table in (*metadata.sorted_tables, *erp)}

    def first_filled_table(self) -> str | None:
        for name in self._tables:
            if self._client.rows(f"select 1 from {name} limit 1"):  # noqa: S608
                return name
        return None

    def empty(self) -> None:
        for name in self._tables:
            self._client.execute(f"truncate table {name}")

    def write(self, chunk: Chunk) -> None:
        waiting = self._waiting.setdefault(chunk.table.fullname, [])
        convert = dict.fromkeys(columns_of(chunk.table, Boolean), int)
        # The mirror of the logs holds iPerform's JSON as text.
        waiting.extend(values(chunk, {**convert, **_json_columns(chunk.table)}))
        if len(waiting) >= BLOCK_ROWS:
            self._insert(chunk.table.fullname)

    def finish(self) -> None:
        for name in list(self._waiting):
            self._insert(name)

    def _insert(self, name: str) -> None:
        self._client.insert(name, column_names(self._tables[name]), self._waiting.pop(name))


def _json_columns(table: Table) -> dict[str, Any]:
    mirrored = table.name == lead_logs.name and table.schema == MIRROR_SCHEMA
    return dict.fromkeys(columns_of(lead_logs, JSON), json_text) if mirrored else {}

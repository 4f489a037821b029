"""What a seeded ClickHouse holds, as texts: for comparing engines that return types of their own.

As a program it seeds a chDB folder and prints its rows: a process holds one chDB folder at a time, and the tests'
own process may hold another.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Numeric, Table

from datasources.analytics.tables import ERP_TABLE_NAMES, erp_table, metadata
from datasources.clickhouse_client import clickhouse_client
from datasources.seed import load_estate
from datasources.seed.clients import ERP_COMPANY_IDS
from datasources.seed.rows import json_text

Texts = dict[str, list[list[str | None]]]


def seeded_tables() -> Iterator[Table]:
    """The analytics tables, and the ERP tables of the companies that have rows."""
    yield from metadata.sorted_tables
    for company_id in ERP_COMPANY_IDS:
        yield from (erp_table(name, company_id) for name in ERP_TABLE_NAMES)


def stored_texts(dsn: str) -> Texts:
    """Every row of every seeded table, sorted."""
    found: Texts = {}
    with clickhouse_client(dsn) as client:
        for table in seeded_tables():
            columns = ", ".join(f"toString({column.name})" for column in table.columns)
            cells = (
                [plain(table, place, cell) for place, cell in enumerate(row)]
                for row in client.rows(f"select {columns} from {table.fullname}")
            )
            found[table.fullname] = sorted(cells, key=repr)
    return found


def generated_texts(table: Table, rows: Iterable[dict[str, Any]]) -> list[list[str | None]]:
    """The same of generated rows."""
    cells = (
        [plain(table, place, text_of(row[column.name])) for place, column in enumerate(table.columns)]
        for row in rows
    )
    return sorted(cells, key=repr)


def plain(table: Table, place: int, cell: str | None) -> str | None:
    """Decimals without trailing zeros, which only some versions write."""
    decimal = isinstance(list(table.columns)[place].type, Numeric)
    return cell if cell is None or not decimal else format(Decimal(cell).normalize(), "f")


def text_of(value: Any) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return str(int(value))
        case datetime():
            return value.isoformat(" ")
        case dict() | list():
            return json_text(value)
        case _:
            return str(value)


if __name__ == "__main__":
    address, leads, seed, today = sys.argv[1:]
    load_estate(leads=int(leads), seed=int(seed), today=date.fromisoformat(today), analytics=address)
    print(json.dumps(stored_texts(address)))

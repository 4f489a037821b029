"""An estate in which every text of every row is a marker of its own, and what each marker stands for.

Texts that decide something keep their values: who owns a lead, what a list holds, how people log in. A marker is
`zq`, seven digits, `qz`; numbers that say what leads and plans are worth are markers, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import JSON, String, Table

from datasources.seed import Chunk, StoredFile, generate
from tests.oracle.data import TABLE_OF_TYPE, Data, Row

LEADS, SEED, TODAY = 160, 3, date(2026, 11, 20)
SHORTEST = 11
MARK = re.compile(r"zq(\d{7})qz|(?<!\d)(13\d{8})(?!\d)|(?<!\d)(7654\d{3})\.37")
# What decides who sees what, or what a report counts; and hashes, which must let the demo's people log in.
DECIDING = {
    "leads": {"warrior_id", "shared_salesperson_id", "status"},
    "salesperson": {"under_salesperson"},
    "warrior": {"data_visibility"},
    "role": {"role_name", "permissions", "view_list", "allowed_status_list"},
    "company": {"db_schema_name"},
    "lead_status": {"status"},
}
DEMO_ACCOUNTS = (
    "admin",
    "manager",
    "manager2",
    "salesperson",
    "salesperson2",
    "warrior",
    "warrior2",
    "client",
)
HASHES = re.compile(r"\$2[aby]\$\d\d\$")


@dataclass(frozen=True, eq=False)
class Mark:
    """A cell: a column of a row of a table."""

    table: str
    column: str
    row: Row

    def __str__(self) -> str:
        return f"{self.table}.{self.column} of {self.row.get('id', self.row)}"


@dataclass(frozen=True)
class MarkedEstate:
    """The rows and files, and their markers by text."""

    chunks: tuple[Chunk, ...]
    files: tuple[StoredFile, ...]
    marks: dict[str, Mark]
    data: Data


@cache
def marked_estate() -> MarkedEstate:
    """The estate; the same each time."""
    marker = _Marker()
    chunks = tuple(
        Chunk(chunk.table, [marker.row(chunk.table, row) for row in chunk.rows]) for chunk in _seeded()
    )
    tables: dict[str, list[Row]] = {name: [] for name in TABLE_OF_TYPE.values()}
    for chunk in chunks:
        name = f"{chunk.source}.{chunk.table.fullname}"
        if name in tables:
            tables[name] += chunk.rows
    data = Data(tables)
    return MarkedEstate(chunks, tuple(_files(data, marker)), marker.marks, data)


def _seeded() -> Iterator[Chunk]:
    return generate(LEADS, SEED, TODAY).chunks()


class _Marker:
    def __init__(self) -> None:
        self.marks: dict[str, Mark] = {}

    def row(self, table: Table, row: Row) -> Row:
        """The row with a marker in each of its texts."""
        marked = dict(row)
        for column in table.columns:
            value = row[column.name]
            if value is None or column.name in DECIDING.get(table.name, ()) or column.primary_key:
                continue
            if isinstance(column.type, JSON):
                marked[column.name] = self._json(table, column.name, marked, value)
            elif isinstance(value, str) and isinstance(column.type, String):
                if (column.type.length or SHORTEST) >= SHORTEST and not _is_account(table, column.name, row):
                    marked[column.name] = self.text(f"{_source(table)}.{table.fullname}", column.name, marked)
            elif (table.name, column.name) == ("leads", "tentative_value") and table.schema is None:
                marked[column.name] = self._number(table, column.name, marked)
            elif column.name == "plan_price":
                number = 7654000 + len(self.marks) % 1000
                self._keep(str(number), table, column.name, marked)
                marked[column.name] = Decimal(f"{number}.37")
        return marked

    def text(self, table: str, column: str, row: Row) -> str:
        """A new marker."""
        text = f"zq{len(self.marks):07d}qz"
        self.marks[text] = Mark(table, column, row)
        return (
            f"{text}@canary.example" if column.endswith("email") and (table.startswith("magenta")) else text
        )

    def _number(self, table: Table, column: str, row: Row) -> int:
        number = 1_300_000_000 + len(self.marks)
        self._keep(str(number), table, column, row)
        return number

    def _keep(self, text: str, table: Table, column: str, row: Row) -> None:
        self.marks[text] = Mark(f"{_source(table)}.{table.fullname}", column, row)

    def _json(self, table: Table, column: str, row: Row, value: Any) -> Any:
        mark = self.text(f"{_source(table)}.{table.fullname}", column, row)
        return {**value, "canary": mark} if isinstance(value, dict) else [mark]


def _source(table: Table) -> str:
    return str(table.metadata.info["source"])


def _is_account(table: Table, column: str, row: Row) -> bool:
    """The demo's accounts keep their names and hashes; a hash is recognised by its form."""
    is_user = table.name == "user" and _source(table) == "iperform"
    return is_user and column in {"username", "password"} and row["username"] in DEMO_ACCOUNTS


def _files(data: Data, marker: _Marker) -> Iterator[StoredFile]:
    """One file of each lead, company and ticket, marked in its name and in its content."""
    then = generate(1, SEED, TODAY)
    moment = next(iter(then.files())).modified
    for type_name, folder in (("Lead", "leads"), ("Company", "companies"), ("Ticket", "tickets")):
        for row in data.rows(type_name):
            place = row.get("drive_location") or row["id"] if type_name == "Lead" else row["id"]
            name = marker.text(TABLE_OF_TYPE[type_name], "(file)", row)
            body = marker.text(TABLE_OF_TYPE[type_name], "(file)", row)
            yield StoredFile(f"{folder}/{place}/{name}.txt", "text/plain", body.encode(), moment)

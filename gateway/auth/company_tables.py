"""The ERP tables that each company has in a ClickHouse schema of its own, each as one table over all companies.

Types, rules and resolvers name the table over all companies; `company_reads.py` reads the companies' own. Pure: no I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    MetaData,
    Select,
    String,
    Subquery,
    Table,
    func,
    select,
    union_all,
)

from datasources.analytics import tables as analytics
from datasources.model import EVERYTHING, Filter, Match

# In place of the schema's name, as in the migration that makes one.
_ANY_SCHEMA = "h_NNN"
_OWN_TABLES_KEPT = 10_000


def _over_all_companies(name: str) -> Table:
    """A company's table, and a column that says which company's. No server has a table of this name."""
    metadata = MetaData(info=analytics.metadata.info)
    table = analytics.erp_table(name, 1).to_metadata(metadata, schema=_ANY_SCHEMA)
    table.append_column(Column("company_id", Integer, primary_key=True, autoincrement=False))
    return table


transactions = _over_all_companies("transactions")
customers = _over_all_companies("customers")
invoices = _over_all_companies("invoices")
purchase_orders = _over_all_companies("purchase_orders")
sales_vouchers = _over_all_companies("sales_vouchers")

COMPANY_TABLES = (transactions, customers, invoices, purchase_orders, sales_vouchers)

server_tables = Table(
    "tables",
    MetaData(info=analytics.metadata.info),
    Column("database", String, nullable=False),
    Column("name", String, nullable=False),
    schema="system",
)


@dataclass(frozen=True, slots=True)
class Newest:
    """Of each company the rows with the greatest ids, at most `limit`; with `before`, only ids below it."""

    limit: int
    before: int | None = None


@lru_cache(maxsize=_OWN_TABLES_KEPT)
def own_table(table: Table, company_id: int) -> Table:
    """A company's own table; the same object each time, so that a statement on it is compiled once."""
    return analytics.erp_table(table.name, company_id)


def newest_of_each(
    table: Table, columns: Sequence[Column[Any]], company_ids: Iterable[int], page: Newest
) -> Subquery:
    """The newest rows of each company, to select from: `company_id` first, then the columns, `id` among them."""
    parts = [
        _newest_of(own_table(table, company_id), columns, company_id, page) for company_id in company_ids
    ]
    return union_all(*parts).subquery("rows_of_companies")


def _newest_of(own: Table, columns: Sequence[Column[Any]], company_id: int, page: Newest) -> Select[Any]:
    # A literal of ClickHouse has the smallest type that holds it, and a union takes columns of one type.
    mark: ColumnElement[int] = func.toInt32(company_id, type_=Integer)
    rows = select(mark.label("company_id"), *(own.c[column.name] for column in columns))
    if page.before is not None:
        rows = rows.where(own.c.id < page.before)
    limited = rows.order_by(own.c.id.desc()).limit(page.limit).subquery("newest")
    # ClickHouse takes no parentheses around a part of a union: a limited part is a sub-query.
    return select(*limited.c)


def from_id(own: Table, least: int | None) -> Filter:
    """Rows of a company's own table whose id is at least this."""
    return EVERYTHING if least is None else Match(own.c.id >= least)

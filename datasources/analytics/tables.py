"""Tables of the ClickHouse databases, as `sql/clickhouse` creates them; statements are built on them.

The mirrors lag behind MySQL and never decide who sees what. Of `mirror_leads` and
`mirror_demo_scheduled_data` every version of a row stays for ever: take the latest by
`argMax(column, version)` or `LIMIT 1 BY`; neither `FINAL` nor waiting gives one row a lead. A primary key
here names what tells rows apart; ClickHouse enforces none. DateTime columns hold the estate's naive wall
clock.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Boolean, Column, Date, DateTime, Integer, MetaData, Numeric, String, Table, Text

metadata = MetaData(info={"source": "analytics"})

MIRROR_SCHEMA = "iperform_helper"
EXTRACTOR_SCHEMA = "extractor"

mirror_leads = Table(
    "leads",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("firm_name", String(128)),
    Column("company_id", Integer, nullable=False),
    Column("client_email_id", String(128)),
    Column("status", String(32)),
    Column("created_on", DateTime),
    Column("changed_on", DateTime),
    Column("warrior_id", String(128)),
    Column("version", DateTime, primary_key=True),
    schema=MIRROR_SCHEMA,
)

mirror_lead_logs = Table(
    "lead_logs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("lead_id", Integer, nullable=False),
    Column("company_id", Integer, nullable=False),
    Column("activity_type", String(50)),
    Column("activity_details", Text),
    Column("logged_by", Integer),
    Column("logged_on", DateTime),
    # JSON as text: 18.16 has no JSON type.
    Column("metadata", Text),
    schema=MIRROR_SCHEMA,
)

mirror_lead_status = Table(
    "lead_status",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("lead_id", Integer, nullable=False),
    Column("status", String(32)),
    Column("changed_on", DateTime),
    Column("changed_by", Integer),
    Column("reason_for_change", Text),
    schema=MIRROR_SCHEMA,
)

mirror_demo_scheduled_data = Table(
    "demo_scheduled_data",
    metadata,
    Column("lead_id", Integer, primary_key=True, autoincrement=False),
    Column("scheduled_date", DateTime),
    Column("version", DateTime, primary_key=True),
    schema=MIRROR_SCHEMA,
)

credentials = Table(
    "credentials",
    metadata,
    Column("company_id", Integer, primary_key=True, autoincrement=False),
    Column("erp_type", String(50), nullable=False),
    Column("credentials_json", Text),
    Column("created_on", DateTime, primary_key=True),
    Column("updated_on", DateTime),
    schema=EXTRACTOR_SCHEMA,
)

subcompany_settings = Table(
    "subcompany_settings",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("company_id", Integer, nullable=False),
    Column("subcompany_name", String(255), nullable=False),
    Column("erp_company_code", String(50)),
    Column("enabled", Boolean, nullable=False),
    Column("settings", Text),
    Column("created_on", DateTime, nullable=False),
    Column("updated_on", DateTime),
    schema=EXTRACTOR_SCHEMA,
)

reportwise_settings = Table(
    "reportwise_settings",
    metadata,
    Column("company_id", Integer, primary_key=True, autoincrement=False),
    Column("report_name", String(100), primary_key=True),
    Column("enabled", Boolean, nullable=False),
    Column("frequency_minutes", Integer),
    Column("settings", Text),
    Column("updated_on", DateTime),
    schema=EXTRACTOR_SCHEMA,
)

sync_history = Table(
    "sync_history",
    metadata,
    Column("company_id", Integer, primary_key=True, autoincrement=False),
    Column("report_name", String(100), primary_key=True),
    Column("sync_date", DateTime, primary_key=True),
    Column("status", String(30), nullable=False),
    Column("records_processed", Integer, nullable=False),
    Column("errors", Text),
    schema=EXTRACTOR_SCHEMA,
)

data_update = Table(
    "data_update",
    metadata,
    Column("company_id", Integer, primary_key=True, autoincrement=False),
    Column("table_name", String(100), primary_key=True),
    Column("created_on", DateTime, primary_key=True),
    Column("records_inserted", Integer, nullable=False),
    Column("records_updated", Integer, nullable=False),
    Column("last_record_on", DateTime),
    schema=EXTRACTOR_SCHEMA,
)


def _transactions() -> list[Column[Any]]:
    return [
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("voucher_no", String(50), nullable=False),
        Column("voucher_type", String(30), nullable=False),
        Column("transaction_date", Date, nullable=False),
        Column("ledger_name", String(255), nullable=False),
        Column("debit", Numeric(15, 2), nullable=False),
        Column("credit", Numeric(15, 2), nullable=False),
        Column("narration", Text),
        Column("synced_on", DateTime, nullable=False),
    ]


def _customers() -> list[Column[Any]]:
    return [
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("customer_code", String(50), nullable=False),
        Column("customer_name", String(255), nullable=False),
        Column("gst_number", String(50)),
        Column("city", String(100)),
        Column("state", String(100)),
        Column("outstanding", Numeric(15, 2), nullable=False),
        Column("credit_days", Integer),
        Column("synced_on", DateTime, nullable=False),
    ]


def _invoices() -> list[Column[Any]]:
    return [
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("invoice_no", String(50), nullable=False),
        Column("invoice_date", Date, nullable=False),
        Column("customer_id", Integer, nullable=False),
        Column("taxable_value", Numeric(15, 2), nullable=False),
        Column("gst_amount", Numeric(15, 2), nullable=False),
        Column("total", Numeric(15, 2), nullable=False),
        Column("status", String(30), nullable=False),
        Column("due_date", Date),
        Column("synced_on", DateTime, nullable=False),
    ]


def _purchase_orders() -> list[Column[Any]]:
    return [
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("order_no", String(50), nullable=False),
        Column("order_date", Date, nullable=False),
        Column("supplier_name", String(255), nullable=False),
        Column("total", Numeric(15, 2), nullable=False),
        Column("status", String(30), nullable=False),
        Column("expected_on", Date),
        Column("synced_on", DateTime, nullable=False),
    ]


def _sales_vouchers() -> list[Column[Any]]:
    return [
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("voucher_no", String(50), nullable=False),
        Column("voucher_date", Date, nullable=False),
        Column("customer_id", Integer, nullable=False),
        Column("item_name", String(255), nullable=False),
        Column("quantity", Numeric(15, 3), nullable=False),
        Column("rate", Numeric(15, 2), nullable=False),
        Column("amount", Numeric(15, 2), nullable=False),
        Column("synced_on", DateTime, nullable=False),
    ]


_ERP_COLUMNS: dict[str, Callable[[], list[Column[Any]]]] = {
    "transactions": _transactions,
    "customers": _customers,
    "invoices": _invoices,
    "purchase_orders": _purchase_orders,
    "sales_vouchers": _sales_vouchers,
}

ERP_TABLE_NAMES = tuple(_ERP_COLUMNS)


def erp_schema_name(company_id: int) -> str:
    """The ClickHouse database of a company's own ERP rows: `h_001` of company 1."""
    if company_id < 1:
        raise ValueError(f"a company id is positive, not {company_id}")
    return f"h_{company_id:03d}"


def erp_table(name: str, company_id: int) -> Table:
    """One of `ERP_TABLE_NAMES` in the company's own database; a fresh `Table`, outside `metadata`."""
    if name not in _ERP_COLUMNS:
        raise ValueError(f"no ERP table is called {name!r}; there are {', '.join(ERP_TABLE_NAMES)}")
    return Table(
        name, MetaData(info=metadata.info), *_ERP_COLUMNS[name](), schema=erp_schema_name(company_id)
    )

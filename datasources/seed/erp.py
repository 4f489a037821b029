"""Generates the ERP rows of a handful of companies, each in a ClickHouse database of its own."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from datasources.analytics.tables import erp_table
from datasources.seed import vocabulary as words
from datasources.seed.chance import Chance
from datasources.seed.clients import ERP_COMPANY_IDS
from datasources.seed.identifiers import gst_number, pan_number
from datasources.seed.people import firm_name
from datasources.seed.rows import Chunk, Row

CUSTOMERS = 40
INVOICES = 150
YEAR_DAYS = 365
GST_PERCENT = 18


def build_erp(seed: int, today: date) -> Iterator[Chunk]:
    """The five tables of each of `ERP_COMPANY_IDS`; invoices and vouchers belong to the customers."""
    for company_id in ERP_COMPANY_IDS:
        chance = Chance(seed, f"erp of {company_id}")
        customers = [_customer(chance, number, today) for number in range(1, CUSTOMERS + 1)]
        invoices = [_invoice(chance, number, today) for number in range(1, INVOICES + 1)]
        yield Chunk(erp_table("customers", company_id), customers)
        yield Chunk(erp_table("invoices", company_id), invoices)
        yield Chunk(
            erp_table("sales_vouchers", company_id), [_voucher(chance, invoice) for invoice in invoices]
        )
        yield Chunk(erp_table("transactions", company_id), _transactions(chance, invoices, customers))
        orders = [_order(chance, number, today) for number in range(1, 41)]
        yield Chunk(erp_table("purchase_orders", company_id), orders)


def _synced(today: date) -> datetime:
    return datetime(today.year, today.month, today.day) - timedelta(hours=5)


def _rupees(chance: Chance, most: int) -> Decimal:
    return Decimal(chance.between(10_000, most * 100)) / 100


def _customer(chance: Chance, number: int, today: date) -> Row:
    city = chance.pick(words.CITIES)
    return {
        "id": number,
        "customer_code": f"CUST{number:04d}",
        "customer_name": firm_name(chance),
        "gst_number": None if chance.happens(0.2) else gst_number(city.gst_state, pan_number(chance)),
        "city": None if chance.happens(0.05) else city.name,
        "state": None if chance.happens(0.05) else city.state,
        "outstanding": _rupees(chance, 500_000),
        "credit_days": chance.pick_or_none((0, 30, 45, 90), 0.1),
        "synced_on": _synced(today),
    }


def _invoice(chance: Chance, number: int, today: date) -> Row:
    day = today - timedelta(days=YEAR_DAYS - number * YEAR_DAYS // (INVOICES + 1))
    taxable = _rupees(chance, 200_000)
    tax = (taxable * GST_PERCENT / 100).quantize(Decimal("0.01"))
    return {
        "id": number,
        "invoice_no": f"INV/{day:%y}/{number:05d}",
        "invoice_date": day,
        "customer_id": chance.between(1, CUSTOMERS),
        "taxable_value": taxable,
        "gst_amount": tax,
        "total": taxable + tax,
        "status": chance.pick(("Paid", "Paid", "Open", "Overdue")),
        "due_date": None if chance.happens(0.1) else day + timedelta(days=30),
        "synced_on": _synced(today),
    }


def _voucher(chance: Chance, invoice: Row) -> Row:
    quantity = Decimal(chance.between(1, 90))
    rate = (invoice["taxable_value"] / quantity).quantize(Decimal("0.01"))
    return {
        "id": invoice["id"],
        "voucher_no": invoice["invoice_no"],
        "voucher_date": invoice["invoice_date"],
        "customer_id": invoice["customer_id"],
        "item_name": chance.pick(words.ITEMS),
        "quantity": quantity,
        "rate": rate,
        "amount": invoice["taxable_value"],
        "synced_on": invoice["synced_on"],
    }


def _transactions(chance: Chance, invoices: list[Row], customers: list[Row]) -> list[Row]:
    """Double entry: each invoice debits its customer and credits sales."""
    names = {customer["id"]: customer["customer_name"] for customer in customers}
    rows: list[Row] = []
    for invoice in invoices:
        for ledger, debit, credit in (
            (names[invoice["customer_id"]], invoice["total"], Decimal(0)),
            ("Sales Account", Decimal(0), invoice["total"]),
        ):
            rows.append(
                {
                    "id": len(rows) + 1,
                    "voucher_no": invoice["invoice_no"],
                    "voucher_type": "Sales",
                    "transaction_date": invoice["invoice_date"],
                    "ledger_name": ledger,
                    "debit": debit,
                    "credit": credit,
                    "narration": chance.pick_or_none(("Being goods sold", "माल बेचा", 'As per "PO"'), 0.3),
                    "synced_on": invoice["synced_on"],
                }
            )
    return rows


def _order(chance: Chance, number: int, today: date) -> Row:
    day = today - timedelta(days=200 - number * 4)
    return {
        "id": number,
        "order_no": f"PO-{number:04d}",
        "order_date": day,
        "supplier_name": firm_name(chance),
        "total": _rupees(chance, 300_000),
        "status": chance.pick(("Open", "Received", "Cancelled")),
        "expected_on": None if chance.happens(0.1) else day + timedelta(days=21),
        "synced_on": _synced(today),
    }

"""ErpTransaction: one entry of a company's ledgers, from `transactions` in the company's own ClickHouse schema."""

from __future__ import annotations

from gateway.auth.company_tables import transactions
from gateway.resolvers.declarations import RowType, column

_c = transactions.c

ERP_TRANSACTION = RowType(
    name="ErpTransaction",
    table=transactions,
    node=False,
    order=((_c.id, True),),
    description="One entry of a company's ledgers, as the extraction fetched it from the ERP.",
    fields=(
        column(_c.id, "The row's number in the ERP, which is unique within its company.", name="erpId"),
        column(_c.voucher_no, "The number of the voucher that the entry is of."),
        column(_c.voucher_type, "What kind of voucher it is, such as Sales."),
        column(_c.transaction_date, "The day of the entry."),
        column(_c.ledger_name, "The ledger that is debited or credited."),
        column(_c.debit, "What the ledger is debited with, in rupees; zero where it is credited."),
        column(_c.credit, "What the ledger is credited with, in rupees; zero where it is debited."),
        column(_c.narration, "What the entry says of itself."),
        column(_c.synced_on, "When the extraction fetched it."),
    ),
)

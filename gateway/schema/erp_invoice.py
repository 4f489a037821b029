"""ErpInvoice: an invoice that a company wrote, from `invoices` in the company's own ClickHouse schema."""

from __future__ import annotations

from gateway.auth.company_tables import invoices
from gateway.resolvers.declarations import RowType, column

_c = invoices.c

ERP_INVOICE = RowType(
    name="ErpInvoice",
    table=invoices,
    node=False,
    order=((_c.id, True),),
    description="An invoice that a company wrote, as the extraction fetched it from the ERP.",
    fields=(
        column(_c.id, "The row's number in the ERP, which is unique within its company.", name="erpId"),
        column(_c.invoice_no, "The number of the invoice."),
        column(_c.invoice_date, "The day of the invoice."),
        column(_c.customer_id, "The `erpId` of the customer, among the same company's customers."),
        column(_c.taxable_value, "The value before GST, in rupees."),
        column(_c.gst_amount, "The GST on the value, in rupees."),
        column(_c.total, "The value with GST, in rupees."),
        column(_c.status, "How far it is paid: Paid, Open or Overdue."),
        column(_c.due_date, "The day by which it has to be paid."),
        column(_c.synced_on, "When the extraction fetched it."),
    ),
)

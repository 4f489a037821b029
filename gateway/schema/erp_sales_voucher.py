"""ErpSalesVoucher: a sale that a company booked, from `sales_vouchers` in the company's own ClickHouse schema."""

from __future__ import annotations

from gateway.auth.company_tables import sales_vouchers
from gateway.resolvers.declarations import RowType, column

_c = sales_vouchers.c

ERP_SALES_VOUCHER = RowType(
    name="ErpSalesVoucher",
    table=sales_vouchers,
    node=False,
    order=((_c.id, True),),
    description="A sale that a company booked, as the extraction fetched it from the ERP.",
    fields=(
        column(_c.id, "The row's number in the ERP, which is unique within its company.", name="erpId"),
        column(_c.voucher_no, "The number of the voucher."),
        column(_c.voucher_date, "The day of the voucher."),
        column(_c.customer_id, "The `erpId` of the customer, among the same company's customers."),
        column(_c.item_name, "What was sold."),
        column(_c.quantity, "How much of it was sold."),
        column(_c.rate, "The price of one, in rupees."),
        column(_c.amount, "The value of the sale before GST, in rupees."),
        column(_c.synced_on, "When the extraction fetched it."),
    ),
)

"""ErpPurchaseOrder: an order with a supplier, from `purchase_orders` in the company's own ClickHouse schema."""

from __future__ import annotations

from gateway.auth.company_tables import purchase_orders
from gateway.resolvers.declarations import RowType, column

_c = purchase_orders.c

ERP_PURCHASE_ORDER = RowType(
    name="ErpPurchaseOrder",
    table=purchase_orders,
    node=False,
    order=((_c.id, True),),
    description="An order that a company placed with a supplier, as the extraction fetched it from the ERP.",
    fields=(
        column(_c.id, "The row's number in the ERP, which is unique within its company.", name="erpId"),
        column(_c.order_no, "The number of the order."),
        column(_c.order_date, "The day of the order."),
        column(_c.supplier_name, "The supplier's name."),
        column(_c.total, "The value of the order, in rupees."),
        column(_c.status, "How far it has come: Open, Received or Cancelled."),
        column(_c.expected_on, "The day on which the goods are expected."),
        column(_c.synced_on, "When the extraction fetched it."),
    ),
)

"""ErpCustomer: a customer of a company, from `customers` in the company's own ClickHouse schema."""

from __future__ import annotations

from gateway.auth.company_tables import customers
from gateway.resolvers.declarations import RowType, column

_c = customers.c

ERP_CUSTOMER = RowType(
    name="ErpCustomer",
    table=customers,
    node=False,
    order=((_c.id, True),),
    description="A customer of a company, as the extraction fetched it from the company's ERP.",
    fields=(
        column(_c.id, "The row's number in the ERP, which is unique within its company.", name="erpId"),
        column(_c.customer_code, "The customer's code in the ERP."),
        column(_c.customer_name, "The customer's name."),
        column(_c.gst_number, "The customer's GST number."),
        column(_c.city, "The city that the customer is in."),
        column(_c.state, "The state that the customer is in."),
        column(_c.outstanding, "What the customer owes, in rupees."),
        column(_c.credit_days, "After how many days the customer has to pay."),
        column(_c.synced_on, "When the extraction fetched it."),
    ),
)

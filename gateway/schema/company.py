"""Company: an organisation that leads and tickets are of, from `magenta.company`."""

from __future__ import annotations

from functools import partial

from datasources.magenta.tables import company
from gateway.auth import company_tables
from gateway.loaders import relations
from gateway.resolvers.declarations import PAGE, RowType, column, company_rows, computed, to_many
from gateway.resolvers.files import company_files

_c = company.c
_erp_rows = partial(company_rows, key=_c.id, schema=_c.db_schema_name)

COMPANY = RowType(
    name="Company",
    plural="companies",
    table=company,
    description="An organisation that leads and tickets are of, with the people who work there.",
    fields=(
        column(_c.company_name, "The company's name."),
        column(_c.gst_number, "The company's GST number."),
        column(_c.pan_number, "The company's PAN, its tax account number."),
        column(_c.website, "The company's web address."),
        column(_c.industry, "The company's line of business."),
        column(_c.city, "The city that the company is in."),
        column(_c.state, "The state that the company is in."),
        column(_c.country, "The country that the company is in."),
        column(_c.phone, "The company's telephone number."),
        column(_c.email, "The company's mail address."),
        column(_c.db_schema_name, "The name of the company's own analytics schema."),
        column(_c.active, "Whether the company is a live account."),
        column(_c.created_on, "When the company was added."),
        to_many(
            "users", "ClientUser", relations.CLIENT_USER_COMPANY.down, "The people who have an account there."
        ),
        to_many("leads", "Lead", relations.LEAD_COMPANY.down, "The company's leads."),
        to_many("tickets", "Ticket", relations.TICKET_COMPANY.down, "The company's tickets."),
        to_many(
            "syncRuns",
            "SyncRun",
            relations.SYNC_RUN_COMPANY.down,
            "Runs of the ERP extraction, newest first.",
            backward=False,
        ),
        to_many(
            "subcompanySettings",
            "SubcompanySetting",
            relations.SUBCOMPANY_SETTING_COMPANY.down,
            "Which of the company's own companies the extraction reads.",
        ),
        to_many(
            "reportSettings",
            "ReportSetting",
            relations.REPORT_SETTING_COMPANY.down,
            "Which reports the extraction fetches, and how often.",
        ),
        to_many(
            "dataUpdates", "DataUpdate", relations.DATA_UPDATE_COMPANY.down, "What each extraction brought."
        ),
        to_many(
            "databases",
            "DynamicDatabase",
            relations.DYNAMIC_DATABASE_COMPANY.down,
            "The databases that the company's own data is kept in.",
        ),
        to_many(
            "syncCredentials",
            "SyncCredential",
            relations.SYNC_CREDENTIAL_COMPANY.down,
            "That there are credentials for the company's ERP; never what they are.",
        ),
        to_many(
            "settings",
            "CompanySetting",
            relations.COMPANY_SETTING_COMPANY.down,
            "The caller's settings for the company.",
        ),
        _erp_rows(
            "transactions",
            "ErpTransaction",
            company_tables.transactions,
            "Entries of the company's ledgers, from its ERP, newest first.",
        ),
        _erp_rows(
            "customers",
            "ErpCustomer",
            company_tables.customers,
            "The company's own customers, from its ERP, newest first.",
        ),
        _erp_rows(
            "invoices",
            "ErpInvoice",
            company_tables.invoices,
            "Invoices that the company wrote, from its ERP, newest first.",
        ),
        _erp_rows(
            "purchaseOrders",
            "ErpPurchaseOrder",
            company_tables.purchase_orders,
            "Orders that the company placed, from its ERP, newest first.",
        ),
        _erp_rows(
            "salesVouchers",
            "ErpSalesVoucher",
            company_tables.sales_vouchers,
            "Sales that the company booked, from its ERP, newest first.",
        ),
        computed(
            "files",
            "FileConnection!",
            "The company's files, in the order of their names.",
            company_files,
            needs=(_c.id,),
            arguments=PAGE[:2],
        ),
    ),
)

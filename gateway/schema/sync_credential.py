"""SyncCredential: that there are credentials for an ERP, from `extractor.credentials` in ClickHouse."""

from __future__ import annotations

from datasources.analytics.tables import credentials
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, to_one

_c = credentials.c

SYNC_CREDENTIAL = RowType(
    name="SyncCredential",
    table=credentials,
    node=False,
    order=((_c.created_on, True), (_c.company_id, True)),
    description="That there are credentials for a company's ERP; never what they are.",
    fields=(
        column(_c.company_id, "The database id of the company."),
        column(_c.erp_type, "The ERP that the credentials are for: Tally, SAP, Zoho …"),
        column(_c.created_on, "When the credentials were added."),
        column(_c.updated_on, "When the credentials were last changed; null where they never were."),
        to_one(
            "company", "Company", relations.SYNC_CREDENTIAL_COMPANY.up, "The company whose ERP they open."
        ),
    ),
)

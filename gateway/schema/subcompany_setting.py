"""SubcompanySetting: a part of a company that its ERP keeps apart, from `extractor.subcompany_settings`."""

from __future__ import annotations

from datasources.analytics.tables import subcompany_settings
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, to_one

_c = subcompany_settings.c

SUBCOMPANY_SETTING = RowType(
    name="SubcompanySetting",
    table=subcompany_settings,
    description="Whether and how the extraction reads one of the companies that a company's ERP holds.",
    fields=(
        column(_c.company_id, "The database id of the company."),
        column(_c.subcompany_name, "The name of the company within the ERP."),
        column(_c.erp_company_code, "The code of the company within the ERP; null where it has none."),
        column(_c.enabled, "Whether the extraction reads it."),
        column(_c.settings, "Further settings, as JSON text."),
        column(_c.created_on, "When the setting was made."),
        column(_c.updated_on, "When the setting was last changed; null where it never was."),
        to_one(
            "company", "Company", relations.SUBCOMPANY_SETTING_COMPANY.up, "The company whose ERP is read."
        ),
    ),
)

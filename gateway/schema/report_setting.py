"""ReportSetting: a report that the extraction fetches, from `extractor.reportwise_settings` in ClickHouse."""

from __future__ import annotations

from datasources.analytics.tables import reportwise_settings
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, to_one

_c = reportwise_settings.c

REPORT_SETTING = RowType(
    name="ReportSetting",
    table=reportwise_settings,
    node=False,
    order=((_c.report_name, False), (_c.company_id, True)),
    description=(
        "Whether and how often the extraction fetches a report from a company's ERP. Lists are in the order "
        "of the reports' names where no other is asked for."
    ),
    fields=(
        column(_c.company_id, "The database id of the company."),
        column(_c.report_name, "The report."),
        column(_c.enabled, "Whether the extraction fetches the report."),
        column(
            _c.frequency_minutes,
            "How often the report is fetched: every so many minutes; null for on demand.",
        ),
        column(_c.settings, "Further settings, as JSON text."),
        column(_c.updated_on, "When the setting was last changed; null where it never was."),
        to_one("company", "Company", relations.REPORT_SETTING_COMPANY.up, "The company whose ERP is read."),
    ),
)

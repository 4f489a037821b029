"""SyncRun: one run of the ERP extraction, from `extractor.sync_history` in ClickHouse."""

from __future__ import annotations

from datasources.analytics.tables import sync_history
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, to_one

_c = sync_history.c

SYNC_RUN = RowType(
    name="SyncRun",
    table=sync_history,
    node=False,
    order=((_c.sync_date, True), (_c.report_name, True), (_c.company_id, True)),
    description="One run of the extraction that fetches a report from a company's ERP.",
    fields=(
        column(_c.company_id, "The database id of the company."),
        column(_c.report_name, "The report that was fetched."),
        column(_c.sync_date, "When the run took place."),
        column(_c.status, "How the run ended, as the extraction reports it."),
        column(_c.records_processed, "How many records the run fetched."),
        column(_c.errors, "What went wrong; null where nothing did."),
        to_one("company", "Company", relations.SYNC_RUN_COMPANY.up, "The company whose ERP was read."),
    ),
)

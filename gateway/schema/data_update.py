"""DataUpdate: what an extraction brought into one table, from `extractor.data_update` in ClickHouse."""

from __future__ import annotations

from datasources.analytics.tables import data_update
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, to_one

_c = data_update.c

DATA_UPDATE = RowType(
    name="DataUpdate",
    table=data_update,
    node=False,
    order=((_c.created_on, True), (_c.table_name, True), (_c.company_id, True)),
    description="What an extraction brought into one table of a company's own data.",
    fields=(
        column(_c.company_id, "The database id of the company."),
        column(_c.table_name, "The table that was filled."),
        column(_c.created_on, "When the table was filled."),
        column(_c.records_inserted, "How many records were new."),
        column(_c.records_updated, "How many records were changed."),
        column(_c.last_record_on, "The date of the newest record; null where there is none."),
        to_one("company", "Company", relations.DATA_UPDATE_COMPANY.up, "The company whose data it is."),
    ),
)

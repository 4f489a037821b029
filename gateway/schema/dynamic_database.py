"""DynamicDatabase: a database that a company's own data is kept in, from `magenta.dynamic_db`."""

from __future__ import annotations

from datasources.magenta.tables import dynamic_db
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, to_one

_c = dynamic_db.c

DYNAMIC_DATABASE = RowType(
    name="DynamicDatabase",
    table=dynamic_db,
    description="A database that a company's own data is kept in; never its password.",
    fields=(
        column(_c.company_id, "The database id of the company."),
        column(_c.db_type, "What kind of database it is: mysql, clickhouse or postgresql."),
        column(_c.db_host, "The host that the database runs on."),
        column(_c.db_port, "The port that the database listens on."),
        column(_c.db_user, "The user to log in as."),
        column(_c.db_schema_name, "The schema that holds the company's data."),
        column(_c.db_name, "The name of the database."),
        column(_c.clickhouse_type, "The number of the ClickHouse set-up; null for other kinds of database."),
        column(_c.created_on, "When the database was added."),
        to_one(
            "company", "Company", relations.DYNAMIC_DATABASE_COMPANY.up, "The company whose data it keeps."
        ),
    ),
)

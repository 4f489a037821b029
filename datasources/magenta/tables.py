"""Tables of the `magenta` database, as `sql/magenta` creates them; statements are built on them.

`user` here is somebody at a client company (`ClientUser` in the API), not the `user` of `iperform`.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.mysql import LONGTEXT

from datasources.indexes import index

metadata = MetaData(info={"source": "magenta"})

NOW = text("CURRENT_TIMESTAMP")
ZERO = text("0")
ONE = text("1")

company = Table(
    "company",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("company_name", String(255), nullable=False),
    Column("gst_number", String(50)),
    Column("pan_number", String(50)),
    Column("website", String(255)),
    Column("industry", String(100)),
    Column("city", String(100)),
    Column("state", String(100)),
    Column("country", String(100)),
    Column("phone", String(20)),
    Column("email", String(128)),
    Column("extractor_settings_token", String(255)),
    Column("db_schema_name", String(50)),
    Column("active", Boolean, server_default=ONE),
    Column("created_on", DateTime, server_default=NOW),
    index("idx_company_name", "company_name"),
    index("idx_active", "active"),
)

user = Table(
    "user",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("username", String(128), nullable=False),
    Column("email", String(128), nullable=False),
    Column("company_id", Integer, ForeignKey("company.id"), nullable=False),
    Column("role_id", Integer),
    Column("is_iperform_user", Boolean),
    Column("active", Boolean, server_default=ZERO),
    Column("validity", String(50)),
    Column("forgot_password_token", String(255)),
    Column("created_by", Integer),
    Column("created_on", DateTime, server_default=NOW),
    index("idx_email_company", "email", "company_id", unique=True),
    index("idx_company_id", "company_id"),
    index("idx_active", "active"),
)

user_info = Table(
    "user_info",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", Integer, ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    Column("first_name", String(100)),
    Column("last_name", String(100)),
    Column("mobile_1", String(20)),
    Column("mobile_2", String(20)),
    Column("user_birthdate", Date),
    Column("user_anniversary_date", Date),
    Column("created_on", DateTime, server_default=NOW),
    # Here and below, where the notes name no index: InnoDB makes one for the foreign key, so it is named.
    index("idx_user_id", "user_id"),
)

pricing_plan = Table(
    "pricing_plan",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("plan_name", String(100), nullable=False),
    Column("plan_duration", Integer),
    Column("plan_price", Numeric(10, 2)),
    Column("no_of_users", Integer),
    Column("features", JSON(none_as_null=True)),
    Column("active", Boolean, server_default=ONE),
    Column("created_on", DateTime, server_default=NOW),
)

dynamic_db = Table(
    "dynamic_db",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("company_id", Integer, ForeignKey("company.id"), nullable=False),
    Column("db_type", String(50)),
    Column("db_host", String(255)),
    Column("db_port", Integer),
    Column("db_user", String(100)),
    Column("db_password", String(255)),
    Column("db_schema_name", String(100)),
    Column("db_name", String(100)),
    Column("clickhouse_type", Integer),
    Column("created_on", DateTime, server_default=NOW),
    index("idx_company_id", "company_id"),
)

email_template = Table(
    "email_template",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("company_id", Integer, ForeignKey("company.id")),
    Column("template_name", String(255)),
    Column("template_subject", String(500)),
    Column("template_body", Text().with_variant(LONGTEXT(), "mysql", "mariadb")),
    Column("created_by", Integer),
    Column("created_on", DateTime, server_default=NOW),
    index("idx_company_id", "company_id"),
)

view_setting = Table(
    "view_setting",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", Integer, ForeignKey("user.id"), nullable=False),
    Column("setting", JSON(none_as_null=True)),
    Column("updated_on", DateTime, server_default=NOW),
    index("idx_user_id", "user_id"),
)

user_setting = Table(
    "user_setting",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", Integer, ForeignKey("user.id"), nullable=False),
    Column("app_setting", JSON(none_as_null=True)),
    index("idx_user_id", "user_id"),
)

company_setting = Table(
    "company_setting",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("company_id", Integer, ForeignKey("company.id"), nullable=False),
    Column("user_id", Integer),
    Column("setting", JSON(none_as_null=True)),
    index("idx_company_id", "company_id"),
)

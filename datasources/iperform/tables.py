"""Tables of the `iperform` database, as `sql/iperform` creates them; statements are built on them.

`created_by`, `changed_by`, `assigned_to`, `logged_by` and `commented_by` hold `user.id` of this database,
without a foreign key; `user.user_id` holds `user.id` of the other one, `magenta`.
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

from datasources.indexes import index

metadata = MetaData(info={"source": "iperform"})

# `Table.info` of what the gateway keeps here for itself: the estate's own programs know nothing of it.
OWNED_BY_GATEWAY = {"owner": "gateway"}

NOW = text("CURRENT_TIMESTAMP")
ZERO = text("0")
ONE = text("1")
# The estate's "not imported from a spreadsheet".
NEVER_IMPORTED = text("'1900-01-01 00:00:00'")

role = Table(
    "role",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("role_name", String(50), nullable=False, unique=True),
    Column("permissions", JSON(none_as_null=True)),
    Column("view_list", String(255)),
    Column("allowed_status_list", String(500)),
    Column("created_on", DateTime, server_default=NOW),
)

user = Table(
    "user",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("username", String(128), nullable=False, unique=True),
    Column("email", String(128), nullable=False),
    Column("password", String(255), nullable=False),
    Column("role_id", Integer, ForeignKey("role.id"), nullable=False),
    Column("user_id", Integer),
    Column("active", Boolean, server_default=ONE),
    Column("created_on", DateTime, server_default=NOW),
    Column("changed_on", DateTime),
    Column("created_by", Integer),
    Column("changed_by", Integer),
    index("idx_username", "username"),
    index("idx_email", "email"),
    index("idx_role_id", "role_id"),
    index("idx_user_id", "user_id"),
)

all_session = Table(
    "all_session",
    metadata,
    Column("id_session", Integer, primary_key=True),
    Column("user_id", Integer, ForeignKey("user.id"), nullable=False),
    Column("token", String(500)),
    Column("session_start", DateTime),
    Column("session_end", DateTime),
    Column("device_info", String(255)),
    Column("user_agent", Text),
    Column("ip_address", String(45)),
    Column("active", Boolean, server_default=ONE),
    Column("created_on", DateTime, server_default=NOW),
    index("idx_user_id", "user_id"),
    index("idx_token", "token", length=100),
)

session_info = Table(
    "session_info",
    metadata,
    Column("user_id", Integer, ForeignKey("user.id"), primary_key=True, autoincrement=False),
    Column("no_of_logins", Integer, server_default=ZERO),
    Column("last_login", DateTime),
)

leads = Table(
    "leads",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("firm_name", String(128)),
    Column("company_id", Integer, nullable=False),
    Column("crm_company_id", Integer),
    Column("client_first_name", String(45)),
    Column("client_last_name", String(45)),
    Column("client_email_id", String(128)),
    Column("client_mobile_no", String(45)),
    Column("whatsapp_number", String(20)),
    Column("integration_first_name", String(45)),
    Column("integration_last_name", String(45)),
    Column("integration_mobile_no", String(128)),
    Column("integration_email_id", String(128)),
    Column("industry", String(45)),
    Column("website", String(164)),
    Column("erp", String(32)),
    Column("erp_version", Text),
    Column("gstno", String(32)),
    Column("status", String(32)),
    Column("lead_status", String(32)),
    Column("reason_for_lost", String(45)),
    Column("qualified", Boolean, server_default=ZERO),
    Column("qualified_by", String(32)),
    Column("warrior_id", String(128)),
    Column("shared_salesperson_id", String(128)),
    Column("price_plan_id", Integer),
    Column("plan_expiry_date", Date),
    Column("user_count", Integer),
    Column("crm_price_plan_id", Integer),
    Column("crm_plan_expiry_date", Date),
    Column("crm_user_count", Integer),
    Column("probability", Integer, server_default=ZERO),
    Column("tentative_value", Integer, server_default=ZERO),
    Column("platform_id", JSON(none_as_null=True)),
    Column("source", String(128)),
    Column("pain_point", Text),
    Column("remarks", Text),
    Column("adset_name", String(128)),
    Column("drive_location", Text),
    Column("paid", Boolean, server_default=ZERO),
    Column("favourite", Integer, server_default=ZERO),
    Column("is_user", Boolean, server_default=ZERO),
    Column("is_deleted", Integer, server_default=ZERO),
    Column("excel_created_on", DateTime, server_default=NEVER_IMPORTED),
    Column("converted_to_customer_on", DateTime),
    Column("no_of_subcompanies", Integer),
    Column("created_on", DateTime, server_default=NOW),
    Column("changed_on", DateTime),
    Column("created_by", Integer),
    Column("changed_by", Integer),
    index("idx_company_id", "company_id"),
    index("idx_status", "status"),
    index("idx_warrior_id", "warrior_id"),
    index("idx_warrior_deleted_company", "warrior_id", "is_deleted", "company_id"),
    index("idx_email", "client_email_id"),
    index("idx_mobile", "client_mobile_no"),
    index("idx_created_on", "created_on"),
    index("idx_client_email", "client_email_id", "company_id", unique=True),
)

lead_status = Table(
    "lead_status",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("lead_id", Integer, ForeignKey("leads.id", ondelete="CASCADE"), nullable=False),
    Column("status", String(32)),
    Column("changed_on", DateTime, server_default=NOW),
    Column("changed_by", Integer),
    Column("reason_for_change", Text),
    index("idx_lead_id", "lead_id"),
    index("idx_status", "status"),
    index("idx_changed_on", "changed_on"),
)

lead_logs = Table(
    "lead_logs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("lead_id", Integer, ForeignKey("leads.id", ondelete="CASCADE"), nullable=False),
    Column("company_id", Integer, nullable=False),
    Column("activity_type", String(50)),
    Column("activity_details", Text),
    Column("logged_by", Integer),
    Column("logged_on", DateTime, server_default=NOW),
    Column("metadata", JSON(none_as_null=True)),
    index("idx_lead_id", "lead_id"),
    index("idx_company_id", "company_id"),
    index("idx_logged_on", "logged_on"),
)

salesperson = Table(
    "salesperson",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", Integer, ForeignKey("user.id"), nullable=False),
    Column("manager_id", Integer),
    Column("under_salesperson", String(255)),
    Column("territory", String(128)),
    Column("target_value", Numeric(15, 2)),
    Column("active", Boolean, server_default=ONE),
    Column("created_on", DateTime, server_default=NOW),
    index("idx_user_id", "user_id"),
    index("idx_manager_id", "manager_id"),
    index("ft_territory", "territory", fulltext=True),
)

warrior = Table(
    "warrior",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", Integer, ForeignKey("user.id"), nullable=False),
    Column("salesperson_id", Integer),
    Column("partner_company_id", Integer),
    Column("data_visibility", String(50)),
    Column("active", Boolean, server_default=ONE),
    Column("created_on", DateTime, server_default=NOW),
    index("idx_user_id", "user_id"),
    index("idx_salesperson_id", "salesperson_id"),
    index("idx_partner_company_id", "partner_company_id"),
)

partner_company = Table(
    "partner_company",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("company_id", Integer, nullable=False),
    Column("partner_name", String(128), nullable=False),
    Column("contact_person", String(128)),
    Column("email", String(128)),
    Column("phone", String(20)),
    Column("address", Text),
    Column("city", String(50)),
    Column("active", Boolean, server_default=ONE),
    Column("created_on", DateTime, server_default=NOW),
    index("idx_company_id", "company_id"),
    index("idx_partner_name", "partner_name"),
)

followup_activity = Table(
    "followup_activity",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("lead_id", Integer, ForeignKey("leads.id", ondelete="CASCADE"), nullable=False),
    Column("salesperson_id", Integer),
    Column("warrior_id", Integer),
    Column("next_followup_date", DateTime),
    Column("followup_description", Text),
    Column("followup_status", String(50)),
    Column("actual_followup_date", DateTime),
    Column("comments", Text),
    Column("created_on", DateTime, server_default=NOW),
    Column("changed_on", DateTime),
    index("idx_lead_id", "lead_id"),
    index("idx_next_followup_date", "next_followup_date"),
)

whatsapp_messages = Table(
    "whatsapp_messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("lead_id", Integer, ForeignKey("leads.id", ondelete="SET NULL")),
    Column("company_id", Integer, nullable=False),
    Column("phone_number", String(20)),
    Column("message_type", String(50)),
    Column("message", Text),
    Column("status", String(50)),
    Column("sent_on", DateTime, server_default=NOW),
    Column("delivered_on", DateTime),
    Column("read_on", DateTime),
    Column("message_id", String(128), unique=True),
    index("idx_lead_id", "lead_id"),
    index("idx_sent_on", "sent_on"),
    index("idx_status", "status"),
)

iperform_mail = Table(
    "iperform_mail",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("lead_id", Integer, ForeignKey("leads.id", ondelete="SET NULL")),
    Column("user_id", Integer, nullable=False),
    Column("recipient_email", String(128)),
    Column("subject", String(255)),
    Column("body", Text),
    Column("status", String(30)),
    Column("date", DateTime, server_default=NOW),
    Column("mail_type", String(35)),
    Column("opened_count", Integer, server_default=ZERO),
    Column("opened_on", DateTime),
    index("idx_lead_id", "lead_id"),
    index("idx_status", "status"),
    index("idx_date", "date"),
    index("idx_user_id", "user_id"),
)

tickets = Table(
    "tickets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("lead_id", Integer, ForeignKey("leads.id", ondelete="SET NULL")),
    Column("company_id", Integer, nullable=False),
    Column("title", String(255), nullable=False),
    Column("description", Text),
    Column("ticket_type", String(50)),
    Column("priority", String(20)),
    Column("status", String(50)),
    Column("assigned_to", Integer),
    Column("created_by", Integer, nullable=False),
    Column("created_on", DateTime, server_default=NOW),
    Column("resolved_on", DateTime),
    Column("resolution_notes", Text),
    index("idx_lead_id", "lead_id"),
    index("idx_company_id", "company_id"),
    index("idx_status", "status"),
    index("idx_created_on", "created_on"),
    index("idx_assigned_to", "assigned_to"),
    index("idx_created_by", "created_by"),
)

ticket_communication = Table(
    "ticket_communication",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ticket_id", Integer, ForeignKey("tickets.id", ondelete="CASCADE"), nullable=False),
    Column("commented_by", Integer),
    Column("comment_text", Text),
    Column("attachment_url", String(255)),
    Column("commented_on", DateTime, server_default=NOW),
    index("idx_ticket_id", "ticket_id"),
)

login_history = Table(
    "login_history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", Integer, ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    Column("login_on", DateTime, server_default=NOW),
    Column("logout_on", DateTime),
    Column("device_info", String(255)),
    Column("ip_address", String(45)),
    Column("location", String(128)),
    index("idx_user_id", "user_id"),
    index("idx_login_on", "login_on"),
)

logs = Table(
    "logs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", Integer),
    Column("company_id", Integer),
    Column("endpoint", String(255)),
    Column("method", String(10)),
    Column("request_body", Text),
    Column("response_status", Integer),
    Column("response_body", Text),
    Column("execution_time_ms", Integer),
    Column("logged_on", DateTime, server_default=NOW),
    index("idx_user_id", "user_id"),
    index("idx_logged_on", "logged_on"),
    index("idx_endpoint", "endpoint"),
)

deleted_files = Table(
    "deleted_files",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", Integer, ForeignKey("user.id"), nullable=False),
    Column("deleted_file", String(255)),
    Column("file_path", Text),
    Column("comment", Text),
    Column("deleted_on", DateTime, server_default=NOW),
    # Not in the estate's notes: InnoDB makes one for the foreign key anyway, so it is named here.
    index("idx_user_id", "user_id"),
    index("idx_deleted_on", "deleted_on"),
)

# The estate's notes give no DDL for this table, only that the analytics mirror reads from it.
demo_scheduled_data = Table(
    "demo_scheduled_data",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("lead_id", Integer, nullable=False),
    Column("scheduled_date", DateTime),
    Column("created_on", DateTime, server_default=NOW),
    index("idx_lead_id", "lead_id"),
)

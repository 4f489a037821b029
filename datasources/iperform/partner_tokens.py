"""The gateway's own table of partner tokens, kept in the `iperform` database beside the companies they are for."""

from sqlalchemy import Column, DateTime, ForeignKey, Integer, String, Table, Text

from datasources.indexes import index
from datasources.iperform.tables import OWNED_BY_GATEWAY, metadata

gateway_partner_tokens = Table(
    "gateway_partner_tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    # The tokens of a company that is deleted go with it: its id may be given to another.
    Column(
        "partner_company_id", Integer, ForeignKey("partner_company.id", ondelete="CASCADE"), nullable=False
    ),
    Column("name", String(128), nullable=False),
    # In MySQL these two are `utf8mb4_bin`: its usual collations take `a` for `A`.
    Column("prefix", String(32), nullable=False, unique=True),
    Column("token_hash", String(80), nullable=False),
    # Names of scopes, with commas between them.
    Column("scopes", Text, nullable=False),
    Column("cost_per_minute", Integer, nullable=False),
    # `user.id`, as everywhere; NULL where it was made at the command line.
    Column("created_by", Integer),
    Column("created_on", DateTime, nullable=False),
    Column("expires_at", DateTime, nullable=False),
    Column("revoked_on", DateTime),
    Column("last_used_on", DateTime),
    index("idx_partner_company_id", "partner_company_id"),
    info=OWNED_BY_GATEWAY,
    # The number of a token that is gone is never another's: what is counted by token goes by it.
    sqlite_autoincrement=True,
)

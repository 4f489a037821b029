"""The gateway's own table of idempotency keys: which change a client's key stands for, and what came of it.

A row is written in the transaction of the change itself, so that either both are there or neither is.
"""

from sqlalchemy import JSON, Column, DateTime, Integer, String, Table

from datasources.indexes import index
from datasources.iperform.tables import OWNED_BY_GATEWAY, metadata

gateway_idempotency_keys = Table(
    "gateway_idempotency_keys",
    metadata,
    Column("id", Integer, primary_key=True),
    # Whose key it is: `user:12` or `token:3`.
    Column("caller", String(32), nullable=False),
    # SHA-256 of the key, in hexadecimal: keys are compared by their bytes, whatever the collation.
    Column("key_digest", String(64), nullable=False),
    Column("operation", String(64), nullable=False),
    # SHA-256 of the operation's input.
    Column("input_digest", String(64), nullable=False),
    # The generated ids of the rows that the change added, in their order; NULL only within the transaction.
    Column("outcome", JSON(none_as_null=True)),
    Column("created_on", DateTime, nullable=False),
    index("idx_caller_key", "caller", "key_digest", unique=True),
    index("idx_created_on", "created_on"),
    info=OWNED_BY_GATEWAY,
)
